#include "sandbox/token_endpoint.hpp"

#include "base/text.hpp"

namespace ecoauth::sandbox {

namespace {
/// The current service does not keep one order of members; the legacy one did.
Response ok(World& world, Json json) {
  if (world.settings.generation == Generation::current) json.shuffle(world.random);
  return Response::json(200, std::move(json));
}

Response refused(const Refusal& refusal, std::string& outcome) {
  outcome = refusal.error;
  return error_response(refusal.status, refusal.error, refusal.description);
}

Response malformed(std::string& outcome) {
  return refused({400, "invalid_request",
                  "The request is missing a required parameter, includes an unsupported parameter value, repeats a "
                  "parameter, or is otherwise malformed."},
                 outcome);
}

/// A wrong application key at /authorize, as far as it is known how ecobee answers: as the papers say, as a page, or as
/// a success that lacks what was asked for.
Response bad_client(const World& world, const Refusal& refusal, std::string& outcome) {
  if (world.settings.bad_client == "json") return refused(refusal, outcome);
  outcome = refusal.error;
  if (world.settings.bad_client == "no-code") return Response::json(200, Json::object().set("scope", ""));
  Response page;
  page.status = refusal.status;
  page.content_type = "text/html;charset=UTF-8";
  page.body =
      "<!DOCTYPE html>\n<html><head><title>Error</title></head><body><h1>Unknown application</h1></body></html>\n";
  return page;
}

/// What a service says that publishes no limit but has one.
std::optional<Response> too_many(World& world, const Secret& client_id, std::string& outcome) {
  const int64_t wait_ms =
      world.token_rate.wait_ms(client_id.fingerprint(), world.settings.rate_limit, world.clock.now_ms());
  if (wait_ms <= 0) return std::nullopt;
  outcome = "too_many_requests";
  Response response = error_response(429, outcome, "Too many requests; try again later.");
  response.headers.emplace_back("Retry-After", to_text((wait_ms + 999) / 1000));
  return response;
}

bool repeats_any(const Request& request) {
  for (const char* name :
       {"grant_type", "client_id", "code", "refresh_token", "redirect_uri", "response_type", "code_verifier"})
    if (request.query.repeats(name) || request.form.repeats(name)) return true;
  return false;
}

}  // namespace

Response error_response(int status, const std::string& error, const std::string& description) {
  return Response::json(status, Json::object()
                                    .set("error", error)
                                    .set("error_description", description)
                                    .set("error_uri", "https://tools.ietf.org/html/rfc6749#section-5.2"));
}

Response answer_authorize_pin(World& world, const Request& request, std::string& outcome) {
  if (!request.well_formed || repeats_any(request) || request.query.get("client_id").empty()) return malformed(outcome);
  auto started = world.authorizations.start_pin(Secret(request.query.get("client_id")),
                                                std::string(request.query.get("scope")), world.clock.now_ms());
  if (const auto* refusal = std::get_if<Refusal>(&started))
    return refusal->error == std::string_view("invalid_client") ? bad_client(world, *refusal, outcome)
                                                                : refused(*refusal, outcome);
  const PinAnswer& answer = std::get<PinAnswer>(started);
  outcome = "pin";
  return ok(world, Json::object()
                       .set("ecobeePin", answer.pin)
                       .set("code", answer.code.reveal())
                       .set("interval", answer.interval)
                       .set("expires_in", answer.expires_in)
                       .set("scope", answer.scope));
}

Response answer_token(World& world, const Request& request, std::string& outcome) {
  if (request.method != "POST" && !(request.method == "GET" && world.settings.get_token_allowed))
    return refused({400, "not_supported", "HTTP method not supported for this request."}, outcome);
  const std::string_view grant_type = request.param("grant_type");
  const Secret client_id = request.secret_param("client_id");
  if (!request.well_formed || repeats_any(request) || grant_type.empty() || client_id.empty())
    return malformed(outcome);

  if (auto refusal = too_many(world, client_id, outcome)) return std::move(*refusal);
  const int64_t now_ms = world.clock.now_ms();
  const Secret code = request.secret_param("code");
  Outcome<TokenAnswer> result = Refusal{};
  if (grant_type == "ecobeePin") {
    if (code.empty()) return malformed(outcome);
    result = world.authorizations.exchange_pin(client_id, code, now_ms);
  } else if (grant_type == "authorization_code") {
    if (code.empty() || request.param("redirect_uri").empty()) return malformed(outcome);
    result = world.authorizations.exchange_code(client_id, code, std::string(request.param("redirect_uri")),
                                                request.secret_param("code_verifier"), now_ms);
  } else if (grant_type == "refresh_token") {
    // `code` is a documented other name of `refresh_token`.
    Secret token = request.secret_param("refresh_token");
    if (token.empty()) token = code.clone();
    if (token.empty()) return malformed(outcome);
    result = world.authorizations.refresh(client_id, token, now_ms);
  } else {
    return refused(
        {400, "unsupported_grant_type", "The authorization grant type is not supported by the authorization server."},
        outcome);
  }
  if (const auto* refusal = std::get_if<Refusal>(&result)) return refused(*refusal, outcome);
  const TokenAnswer& answer = std::get<TokenAnswer>(result);
  outcome = "ok";
  return ok(world, Json::object()
                       .set("access_token", answer.access.reveal())
                       .set("token_type", "Bearer")
                       .set("expires_in", answer.expires_in)
                       .set("refresh_token", answer.refresh.reveal())
                       .set("scope", answer.scope));
}

}  // namespace ecoauth::sandbox
