#include "sandbox/portal.hpp"

#include <algorithm>
#include <map>

#include "base/text.hpp"
#include "sandbox/portal_consent.hpp"
#include "sandbox/portal_pages.hpp"
#include "sandbox/portal_visit.hpp"
#include "sandbox/scopes.hpp"

namespace ecoauth::sandbox {

namespace {
constexpr const char* home = "/consumerportal/index.html";
/// For pages that hold no form.
Response html(const Request& request, int status, std::string body) {
  return page_response({}, request, status, std::move(body));
}

PortalPin pin_page_of(const World& world, const PendingPin& pending) {
  const int64_t left_ms = std::max<int64_t>(0, pending.expires_ms - world.clock.now_ms());
  return {pending.pin, duration_text(left_ms)};
}

std::vector<PortalApp> apps_of(const World& world) {
  std::map<std::string, std::pair<int64_t, std::string>> newest;
  for (const auto& [id, grant] : world.authorizations.book().grants) {
    if (grant.ended != Ended::no) continue;
    auto& [created_ms, scope] = newest[grant.client_digest];
    if (grant.created_ms >= created_ms) {
      created_ms = grant.created_ms;
      scope = grant.scope;
    }
  }
  std::vector<PortalApp> apps;
  for (const auto& [client_digest, grant] : newest) apps.push_back(app_of(world, client_digest, grant.second));
  return apps;
}

Response show_start(World& world, const Request& request, int status, const std::string& problem) {
  // What was typed stays in the field. On a page that was merely opened there is nothing.
  const std::string typed = printable(request.form.get("pin"), 64);
  const Visit visit = visit_of(world, request);
  return page_response(visit, request, status, start_page(apps_of(world), visit.csrf, typed, problem));
}

/// The PIN of the form, or the page that says why not.
std::variant<PendingPin*, Response> pin_of(World& world, const Request& request) {
  if (!world.pin_attempts.allows(world.clock.real_ms()))
    return show_start(world, request, 429, "Too many wrong PINs. Wait a minute, then try again.");
  PendingPin* pending = world.authorizations.find_pin(request.form.get("pin"), world.clock.now_ms());
  if (pending) return pending;
  world.pin_attempts.count_wrong(world.clock.real_ms());
  return show_start(
      world, request, 400,
      "This PIN is not waiting for authorization. Check the spelling; if it is right, it has expired or was used: "
      "ask the application for a new one.");
}

Response validate(World& world, const Request& request) {
  auto found = pin_of(world, request);
  if (auto* page = std::get_if<Response>(&found)) return std::move(*page);
  const PendingPin& pending = *std::get<PendingPin*>(found);
  return html(request, 200,
              consent_page(app_of(world, pending.client_digest, pending.scope), pin_page_of(world, pending),
                           std::string(request.form.get("csrf"))));
}

Response decide(World& world, const Request& request) {
  const std::string_view decision = request.form.get("decision");
  if (decision != "authorize" && decision != "decline")
    return html(request, 400, result_page("That did not work", "The form came without a decision.", false));
  auto found = pin_of(world, request);
  if (auto* page = std::get_if<Response>(&found)) return std::move(*page);
  PendingPin& pending = *std::get<PendingPin*>(found);
  const std::string name = world.clients.display_name(pending.client_digest);
  if (decision == "authorize") {
    pending.state = PinState::approved;
    return html(
        request, 200,
        result_page("Application authorized",
                    name + " has access now. It notices by itself within a few seconds; you can close this page.",
                    true));
  }
  pending.state = PinState::declined;
  return html(request, 200,
              result_page("Application declined", name + " got no access. You can close this page.", true));
}

Response remove(World& world, const Request& request) {
  const std::string client_digest(request.form.get("app"));
  const std::string name = world.clients.display_name(client_digest);
  if (!world.authorizations.revoke(client_digest, Ended::by_user))
    return html(request, 404, result_page("Nothing to remove", "This application has no access (any more).", false));
  return html(request, 200, result_page("Application removed", name + " has lost its access.", true));
}
}  // namespace

bool is_portal_path(const std::string& path) {
  return path == "/" || path == "/consumerportal" || starts_with(path, "/consumerportal/");
}

Response answer_portal(World& world, const Request& request, std::string& outcome) {
  outcome = "page";
  if (request.reads() && request.path == home) return show_start(world, request, 200, "");
  if (request.reads() &&
      (request.path == "/" || request.path == "/consumerportal" || request.path == "/consumerportal/")) {
    return redirect_response(home);
  }
  using Handler = Response (*)(World&, const Request&);
  Handler handler = nullptr;
  if (request.path == "/consumerportal/validate") handler = validate;
  if (request.path == "/consumerportal/decide") handler = decide;
  if (request.path == "/consumerportal/remove") handler = remove;
  if (request.path == "/consumerportal/consent") handler = decide_consent;
  if (!handler)
    return html(request, 404, result_page("No such page", "The sandbox has no page at this address.", false));
  // Somebody reloads the page, or comes back to it, after a form: begin anew.
  if (request.method != "POST") {
    return redirect_response(home);
  }
  if (!is_own_form(visit_of(world, request), request)) {
    outcome = "refused";
    return html(
        request, 403,
        result_page("This form is out of date",
                    "It did not come from a page that the sandbox showed to this browser. Open My Apps and try again.",
                    false));
  }
  Response response = handler(world, request);
  outcome = response.status < 400 ? "done" : "refused";
  return response;
}

}  // namespace ecoauth::sandbox
