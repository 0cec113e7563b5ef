#include "sandbox/router.hpp"

#include <algorithm>

#include "base/text.hpp"
#include "sandbox/api_stub.hpp"
#include "sandbox/control.hpp"
#include "sandbox/http_date.hpp"
#include "sandbox/portal.hpp"
#include "sandbox/portal_consent.hpp"
#include "sandbox/portal_control.hpp"
#include "sandbox/token_endpoint.hpp"

namespace ecoauth::sandbox {

namespace {
Endpoint endpoint_of(const std::string& path) {
  if (path == "/token") return Endpoint::token;
  if (path == "/authorize") return Endpoint::authorize;
  if (path == "/1/thermostat" || path == "/1/thermostatSummary") return Endpoint::api;
  if (is_portal_path(path)) return Endpoint::portal;
  if (starts_with(path, "/sandbox/")) return Endpoint::control;
  return Endpoint::other;
}

bool is_service(Endpoint endpoint) {
  return endpoint == Endpoint::authorize || endpoint == Endpoint::token || endpoint == Endpoint::api;
}

/// Nobody has published how ecobee's JSON is announced, so that is two switches.
void set_headers(Response& response, const Settings& settings) {
  if (!starts_with(response.content_type, "application/json")) return;
  response.content_type = settings.content_type == "none" ? "" : settings.content_type;
  if (!settings.no_store)
    response.headers.erase(std::remove_if(response.headers.begin(), response.headers.end(),
                                          [](const auto& each) { return each.first == "Cache-Control"; }),
                           response.headers.end());
}

Response answer_authorize(World& world, const Request& request, std::string& outcome) {
  if (request.method != "GET") {
    outcome = "not_supported";
    return error_response(400, outcome, "HTTP method not supported for this request.");
  }
  const std::string_view response_type = request.query.get("response_type");
  if (response_type == "ecobeePin") return answer_authorize_pin(world, request, outcome);
  // Who names an address to come back to is a browser.
  if (request.query.has("redirect_uri") || response_type == "code" || response_type == "token")
    return answer_authorize_browser(world, request, outcome);
  outcome = "invalid_request";
  return error_response(400, outcome, "response_type must be ecobeePin, code or token.");
}
}  // namespace

Router::Ticket Router::arrive(const Request& request) {
  std::lock_guard lock(mutex_);
  catch_up();
  Ticket ticket;
  ticket.endpoint = endpoint_of(request.path);
  if (is_service(ticket.endpoint)) scenario_.run_before_request(world_, ticket.endpoint);
  // The control page asks every other second, which would drive everything else out of the log.
  if (request.path != control_page_path || !request.reads())
    ticket.log_number = world_.log.begin(request, ticket.endpoint, world_.clock.now_ms(), world_.clock.real_ms());
  if (!gate_.check_host(request)) ticket.fault = world_.faults.take(ticket.endpoint, request);
  return ticket;
}

Response Router::answer(const Request& request, const Ticket& ticket) {
  std::lock_guard lock(mutex_);
  catch_up();
  std::string outcome;
  std::optional<Response> response;
  if (ticket.fault) {
    response = answer_of(*ticket.fault, world_.clock.now_ms());
    if (response) outcome = "fault";
  }
  if (!response) {
    const bool narrow = ticket.fault && ticket.fault->name == "narrow_scope";
    if (narrow) world_.authorizations.narrow_scope(ticket.fault->text("scope"));
    response = act(request, ticket.endpoint, outcome);
    if (narrow) world_.authorizations.narrow_scope(std::nullopt);
    if (ticket.fault && ticket.fault->name == "duplicate") {
      duplicates_.push_back(
          {world_.clock.now_ms() + ticket.fault->number("late_s") * 1000, ticket.endpoint, request.clone()});
      catch_up();
    }
    if (is_service(ticket.endpoint)) set_headers(*response, world_.settings);
    save_();
    if (ticket.fault) distort(*ticket.fault, *response);
  }
  // The sandbox's own time: who compares Retry-After, or a token's claims, with Date must find them agree.
  response->headers.emplace_back("Date", http_date(world_.clock.now_ms()));
  world_.log.end(ticket.log_number, *response, outcome, ticket.fault ? ticket.fault->name : "", world_.clock.real_ms());
  return std::move(*response);
}

void Router::catch_up() {
  for (;;) {
    const auto next = std::min_element(duplicates_.begin(), duplicates_.end(),
                                       [](const Duplicate& a, const Duplicate& b) { return a.due_ms < b.due_ms; });
    const int64_t now_ms = world_.clock.now_ms();
    const auto step_ms = scenario_.next_ms();
    const bool step_due = step_ms && *step_ms <= now_ms;
    const bool duplicate_due = next != duplicates_.end() && next->due_ms <= now_ms;
    if (!step_due && !duplicate_due) break;
    const bool duplicate_first = duplicate_due && (!step_due || next->due_ms < *step_ms);
    const SandboxClock::AsOf then(world_.clock, duplicate_first ? next->due_ms : *step_ms);
    world_.authorizations.run_automatic(world_.clock.now_ms());
    if (duplicate_first) {
      const Duplicate duplicate = std::move(*next);
      duplicates_.erase(next);
      act_again(duplicate);
    } else {
      scenario_.run_next(world_);
    }
  }
  world_.authorizations.run_automatic(world_.clock.now_ms());
}

void Router::act_again(const Duplicate& duplicate) {
  const int64_t number =
      world_.log.begin(duplicate.request, duplicate.endpoint, world_.clock.now_ms(), world_.clock.real_ms());
  std::string outcome;
  const Response response = act(duplicate.request, duplicate.endpoint, outcome);
  world_.log.end(number, response, outcome, "duplicate", world_.clock.real_ms());
}

Response Router::act(const Request& request, Endpoint endpoint, std::string& outcome) {
  outcome = "refused";
  if (auto refusal = gate_.check_host(request)) return std::move(*refusal);
  if (endpoint == Endpoint::control || (endpoint == Endpoint::portal && !request.reads()))
    if (auto refusal = gate_.check_site(request)) return std::move(*refusal);
  switch (endpoint) {
    case Endpoint::authorize:
      return answer_authorize(world_, request, outcome);
    case Endpoint::token:
      return answer_token(world_, request, outcome);
    case Endpoint::api:
      return answer_api(world_, request, outcome);
    case Endpoint::portal:
      return answer_portal(world_, request, outcome);
    case Endpoint::control:
      return answer_control(world_, request, outcome);
    case Endpoint::other:
      break;
  }
  if (request.path == "/.well-known/jwks.json" && request.reads() &&
      world_.settings.generation == Generation::current) {
    outcome = "keys";
    return Response::json(200, world_.authorizations.shapes().signer().key_set());
  }
  return control_error(404, "unknown_path", "The sandbox has no such path.");
}

}  // namespace ecoauth::sandbox
