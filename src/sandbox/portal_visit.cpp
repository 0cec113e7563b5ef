#include "sandbox/portal_visit.hpp"

#include <algorithm>
#include <ctime>

#include "base/digest.hpp"
#include "base/text.hpp"
#include "sandbox/portal_files.hpp"
#include "sandbox/scopes.hpp"

namespace ecoauth::sandbox {

namespace {
/// Browsers give a host's cookies to all its ports, so each sandbox of a machine has a name of its own.
std::string cookie_name_for(const Request& request) {
  std::string name = "ecoauth_sandbox";
  const size_t colon = request.host.rfind(':');
  if (colon == std::string::npos) return name;
  const auto port = parse_int(std::string_view(request.host).substr(colon + 1));
  return port ? name + "_" + to_text(*port) : name;
}

/// The visitor's cookie, when it has the shape we give.
std::string cookie_of(const Request& request, const std::string& name) {
  for (const std::string& each : split(request.cookie, "; "))
    if (starts_with(each, name + "=") && each.size() == name.size() + 1 + 43) return each.substr(name.size() + 1);
  return "";
}
}  // namespace

Visit visit_of(World& world, const Request& request) {
  Visit visit;
  visit.cookie_name = cookie_name_for(request);
  visit.secure = request.secure;
  const std::string cookie = cookie_of(request, visit.cookie_name);
  if (!cookie.empty()) return with_cookie(world, std::move(visit), cookie);
  visit = with_cookie(world, std::move(visit), to_base64url(world.random.bytes(32)));
  visit.fresh = true;
  return visit;
}

Visit with_cookie(const World& world, Visit visit, const std::string& cookie) {
  visit.cookie = cookie;
  visit.account = world.accounts.account_of(cookie);
  Secret input = world.csrf_key.clone();
  input.append(cookie);
  visit.csrf = to_base64url(sha256(input.reveal()));
  return visit;
}

bool is_own_form(const Visit& visit, const Request& request) {
  return !visit.fresh && Secret(visit.csrf).equals(Secret(request.form.get("csrf")));
}

Response page(const World& world, const Visit& visit, const Frame& frame, View view) {
  view.set("title", frame.title).set("csrf", visit.csrf).set("account", visit.account);
  view.set("script", frame.script).set("wide", frame.wide).set("remote", world.settings.remote);
  for (const char* tab : {"apps", "add", "developer", "control"})
    view.set(std::string("in_") + tab, std::string_view(tab) == frame.tab);
  Response response;
  response.status = frame.status;
  response.content_type = "text/html;charset=UTF-8";
  response.body = render(portal_file("layout.html"), portal_file(frame.template_name), view);
  response.headers = {
      {"Cache-Control", "no-store"},
      {"Content-Security-Policy", std::string("default-src 'none'; style-src 'self'; img-src 'self'; ") +
                                      (frame.script ? "script-src 'self'; connect-src 'self'; " : "") + "form-action " +
                                      frame.form_targets + "; base-uri 'none'; frame-ancestors 'none'"},
      {"X-Content-Type-Options", "nosniff"},
      {"X-Frame-Options", "DENY"},
      // Not "no-referrer": browsers would then send forms with the Origin "null".
      {"Referrer-Policy", "same-origin"},
      {"Cross-Origin-Opener-Policy", "same-origin"}};
  if (visit.fresh) set_cookie(visit, response);
  return response;
}

Response message(const World& world, const Visit& visit, int status, const std::string& title,
                 const std::string& text) {
  Frame frame{"message.html", title};
  frame.status = status;
  return page(world, visit, frame, View().set("bad", status >= 400).set("text", text));
}

Response redirect_response(int status, const std::string& location) {
  Response response;
  response.status = status;
  response.content_type.clear();
  response.headers = {{"Location", location}, {"Cache-Control", "no-store"}, {"Referrer-Policy", "no-referrer"}};
  return response;
}

void set_cookie(const Visit& visit, Response& response) {
  // Lax, because the user comes to the consent page from the application's own site.
  response.headers.emplace_back(
      "Set-Cookie",
      visit.cookie_name + "=" + visit.cookie + "; Path=/; HttpOnly; SameSite=Lax" + (visit.secure ? "; Secure" : ""));
}

void show_application(const World& world, const std::string& client_digest, const std::string& scope, View& view) {
  std::vector<View> permissions;
  for (const std::string& each : requested_permissions(scope))
    permissions.push_back(View().set("permission", permission_in_words(each)));
  if (permissions.empty())
    permissions.push_back(View().set("permission", "Nothing in particular: it asked for no permission"));
  view.set("app", world.clients.display_name(client_digest))
      .set("key", client_digest)
      .set("fingerprint", short_digest(client_digest))
      .set("permissions", std::move(permissions));
}

std::string date_text(int64_t unix_ms) {
  const std::time_t seconds = unix_ms / 1000;
  std::tm parts{};
  char text[40];
  if (!gmtime_r(&seconds, &parts) || std::strftime(text, sizeof text, "%Y-%m-%d %H:%M UTC", &parts) == 0) return "?";
  return text;
}

}  // namespace ecoauth::sandbox
