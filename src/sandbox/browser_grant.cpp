#include "sandbox/browser_grant.hpp"

#include <algorithm>

#include "base/digest.hpp"
#include "base/text.hpp"
#include "sandbox/redirect_uri.hpp"

namespace ecoauth::sandbox {

namespace {
constexpr size_t max_scope_bytes = 1024;
constexpr size_t max_state_bytes = 4096;

std::string error_location(const std::string& redirect_uri, const Refusal& refusal, std::string_view state,
                           bool in_fragment) {
  return with_parameters(redirect_uri,
                         {{"error", refusal.error}, {"error_description", refusal.description}, {"state", state}},
                         in_fragment);
}

/// RFC 7636 section 4.2: 32 bytes in base64url.
bool is_challenge(std::string_view text) {
  return text.size() == 43 && std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
         });
}

/// What is wrong with everything but the client id and the redirect address.
std::optional<Refusal> check_rest(const World& world, const Params& parameters) {
  const auto invalid = [](const char* why) { return Refusal{400, "invalid_request", why}; };
  for (const char* name :
       {"response_type", "scope", "state", "code_challenge", "code_challenge_method", "response_mode"})
    if (parameters.repeats(name)) return invalid("A parameter is repeated.");
  const std::string_view type = parameters.get("response_type");
  if (type.empty()) return invalid("response_type is missing.");
  if (type != "code" && type != "token")
    return Refusal{400, "unsupported_response_type", "response_type must be code or token."};
  if (auto refusal = world.clients.check(parameters.get("client_id"), type == "code" ? Method::code : Method::utility))
    return refusal;
  if (parameters.get("scope").size() > max_scope_bytes)
    return Refusal{400, "invalid_scope", "The requested scope is invalid, unknown, or malformed."};
  if (parameters.get("state").size() > max_state_bytes) return invalid("state is too long.");
  if (world.settings.requires_state && parameters.get("state").empty()) return invalid("state is missing.");
  const bool pkce = parameters.has("code_challenge") || parameters.has("code_challenge_method");
  if (pkce && type == "code") {
    if (parameters.get("code_challenge_method") != "S256") return invalid("code_challenge_method must be S256.");
    if (!is_challenge(parameters.get("code_challenge"))) return invalid("code_challenge must be 43 characters.");
  }
  if (world.settings.requires_pkce && type == "code" && !pkce) return invalid("code_challenge is missing (PKCE).");
  return std::nullopt;
}
}  // namespace

std::variant<BrowserRequest, BrowserRefusal> read_browser_request(const World& world, const Params& parameters) {
  const std::string_view client_id = parameters.get("client_id");
  const std::string redirect_uri(parameters.get("redirect_uri"));
  if (client_id.empty() || parameters.repeats("client_id"))
    return BrowserRefusal{{400, "invalid_request", "The request must name one client_id."}, ""};
  if (parameters.repeats("redirect_uri"))
    return BrowserRefusal{{400, "invalid_request", "The request must name one redirect_uri."}, ""};
  if (auto refusal = world.clients.check(client_id, std::nullopt)) return BrowserRefusal{*refusal, ""};
  const std::string client_digest = sha256_hex(client_id);
  const auto& registered = world.clients.redirect_uris(client_digest);
  const std::string fault = redirect_uri_fault(redirect_uri, world.settings);
  if (!fault.empty())
    return BrowserRefusal{{400, "invalid_request", "The redirect_uri cannot be used: " + fault + "."}, ""};
  if (!registered.empty() && !matches_registered(redirect_uri, registered, world.settings))
    return BrowserRefusal{{400, "invalid_request", "The redirect_uri is not one that the application registered."}, ""};

  const bool implicit = parameters.get("response_type") == "token";
  if (const auto refusal = check_rest(world, parameters))
    return BrowserRefusal{
        *refusal, registered.empty() ? "" : error_location(redirect_uri, *refusal, parameters.get("state"), implicit)};
  BrowserRequest request;
  request.implicit = implicit;
  request.client_id = Secret(client_id);
  request.client_digest = client_digest;
  request.redirect_uri = redirect_uri;
  request.scope = std::string(parameters.get("scope"));
  request.state = Secret(parameters.get("state"));
  if (!implicit) request.challenge = std::string(parameters.get("code_challenge"));
  return request;
}

std::string accept(World& world, const BrowserRequest& request, const std::string& account) {
  const int64_t now_ms = world.clock.now_ms();
  const std::string_view state = request.state.reveal();
  if (!request.implicit) {
    BrowserCode entry;
    entry.client_digest = request.client_digest;
    entry.redirect_uri = request.redirect_uri;
    entry.scope = request.scope;
    entry.account = account;
    entry.challenge = request.challenge;
    const Secret code = world.authorizations.issue_code(std::move(entry), now_ms);
    return with_parameters(request.redirect_uri, {{"code", code.reveal()}, {"state", state}}, false);
  }
  const TokenAnswer answer = world.authorizations.issue_utility_token(request.client_id, account, now_ms);
  return with_parameters(request.redirect_uri,
                         {{"access_token", answer.access.reveal()},
                          {"token_type", "Bearer"},
                          {"expires_in", to_text(answer.expires_in)},
                          {"state", state}},
                         true);
}

std::string decline(const BrowserRequest& request) {
  return error_location(request.redirect_uri, {400, "access_denied", "Authorization has been denied by the user."},
                        request.state.reveal(), request.implicit);
}

}  // namespace ecoauth::sandbox
