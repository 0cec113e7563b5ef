#include "sandbox/portal_apps.hpp"

#include <algorithm>
#include <map>

#include "sandbox/portal_sign_in.hpp"

namespace ecoauth::sandbox {

namespace {
/// What an application's living grants to one account come to.
struct Summary {
  std::string scope;  ///< of the newest
  int64_t newest_ms = -1;
  int64_t since_ms = INT64_MAX;
  int64_t used_ms = -1;
};

/// By client digest.
std::map<std::string, Summary> apps_of(const World& world, const std::string& account) {
  std::map<std::string, Summary> apps;
  for (const auto& [id, grant] : world.authorizations.book().grants) {
    if (grant.ended != Ended::no || !is_seen_by(grant, account)) continue;
    Summary& app = apps[grant.client_digest];
    if (grant.created_ms >= app.newest_ms) {
      app.newest_ms = grant.created_ms;
      app.scope = grant.scope;
    }
    app.since_ms = std::min(app.since_ms, grant.created_ms);
    app.used_ms = std::max(app.used_ms, grant.last_used_ms);
  }
  return apps;
}

Response apps_page(const World& world, const Visit& visit, int status, const std::string& done) {
  std::vector<std::pair<std::string, Summary>> newest_first;
  for (auto& each : apps_of(world, visit.account)) newest_first.push_back(each);
  std::sort(newest_first.begin(), newest_first.end(),
            [](const auto& a, const auto& b) { return a.second.newest_ms > b.second.newest_ms; });
  constexpr size_t most_on_a_page = 500;
  if (newest_first.size() > most_on_a_page) newest_first.resize(most_on_a_page);
  std::vector<View> apps;
  for (const auto& [client_digest, app] : newest_first) {
    View view;
    show_application(world, client_digest, app.scope, view);
    view.set("since", date_text(app.since_ms)).set("used", app.used_ms < 0 ? "" : date_text(app.used_ms));
    apps.push_back(std::move(view));
  }
  Frame frame{"apps.html", "My Apps"};
  frame.status = status;
  frame.tab = "apps";
  return page(world, visit, frame, View().set("done", done).set("apps", std::move(apps)));
}
}  // namespace

Response show_apps(World& world, const Request&, const Visit& visit) {
  return visit.account.empty() ? ask_who(world, visit, portal_home) : apps_page(world, visit, 200, "");
}

Response show_remove(World& world, const Request& request, const Visit& visit) {
  const std::string client_digest(request.query.get("app"));
  if (visit.account.empty() || !apps_of(world, visit.account).count(client_digest))
    return redirect_response(303, portal_home);
  View view;
  show_application(world, client_digest, "", view);
  Frame frame{"remove.html", "Remove an application"};
  frame.tab = "apps";
  return page(world, visit, frame, std::move(view));
}

Response remove_app(World& world, const Request& request, const Visit& visit) {
  if (visit.account.empty()) return ask_who(world, visit, portal_home);
  const std::string client_digest(request.form.get("app"));
  const std::string name = world.clients.display_name(client_digest);
  if (!world.authorizations.remove(client_digest, visit.account))
    return apps_page(world, visit, 404, "This application has no access (any more).");
  return apps_page(world, visit, 200, name + " has lost its access.");
}

}  // namespace ecoauth::sandbox
