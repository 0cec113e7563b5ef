#include "sandbox/portal_visit.hpp"

#include "base/digest.hpp"
#include "base/text.hpp"
#include "sandbox/scopes.hpp"

namespace ecoauth::sandbox {

namespace {
constexpr std::string_view cookie_name = "ecoauth_sandbox";

/// The visitor's cookie, when it has the shape we give.
std::string cookie_of(const Request& request) {
  for (const std::string& each : split(request.cookie, "; ")) {
    const size_t equals = each.find('=');
    if (equals == std::string::npos || std::string_view(each).substr(0, equals) != cookie_name) continue;
    const std::string value = each.substr(equals + 1);
    if (value.size() == 43) return value;
  }
  return "";
}

std::vector<std::string> in_words(const std::string& scope) {
  std::vector<std::string> words;
  for (const std::string& each : requested_permissions(scope)) words.push_back(permission_in_words(each));
  if (words.empty()) words.emplace_back("Nothing in particular: it asked for no permission");
  return words;
}
}  // namespace

PortalApp app_of(const World& world, const std::string& client_digest, const std::string& scope) {
  return {client_digest, world.clients.display_name(client_digest), short_digest(client_digest), in_words(scope)};
}

Visit visit_of(World& world, const Request& request) {
  Visit visit;
  visit.cookie = cookie_of(request);
  visit.fresh = visit.cookie.empty();
  if (visit.fresh) visit.cookie = to_base64url(world.random.bytes(32));
  Secret input = world.csrf_key.clone();
  input.append(visit.cookie);
  visit.csrf = to_base64url(sha256(input.reveal()));
  return visit;
}

bool is_own_form(const Visit& visit, const Request& request) {
  return !visit.fresh && Secret(visit.csrf).equals(Secret(request.form.get("csrf")));
}

Response page_response(const Visit& visit, const Request& request, int status, std::string body,
                       std::string_view form_targets) {
  Response response;
  response.status = status;
  response.content_type = "text/html;charset=UTF-8";
  response.body = std::move(body);
  response.headers = {{"Cache-Control", "no-store"},
                      {"Content-Security-Policy", content_security_policy(form_targets)},
                      {"X-Content-Type-Options", "nosniff"},
                      {"X-Frame-Options", "DENY"},
                      // Not "no-referrer": browsers would then send forms with the Origin "null".
                      {"Referrer-Policy", "same-origin"},
                      {"Cross-Origin-Opener-Policy", "same-origin"}};
  // Lax, because the user comes to the consent page from the application's own site.
  if (visit.fresh)
    response.headers.emplace_back("Set-Cookie", std::string(cookie_name) + "=" + visit.cookie +
                                                    "; Path=/; HttpOnly; SameSite=Lax" +
                                                    (request.secure ? "; Secure" : ""));
  return response;
}

Response redirect_response(const std::string& location) {
  Response response;
  response.status = 302;
  response.content_type.clear();
  response.headers = {{"Location", location}, {"Cache-Control", "no-store"}, {"Referrer-Policy", "no-referrer"}};
  return response;
}

}  // namespace ecoauth::sandbox
