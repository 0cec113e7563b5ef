#include "sandbox/portal.hpp"

#include "base/text.hpp"
#include "sandbox/portal_apps.hpp"
#include "sandbox/portal_consent.hpp"
#include "sandbox/portal_control.hpp"
#include "sandbox/portal_developer.hpp"
#include "sandbox/portal_files.hpp"
#include "sandbox/portal_pin.hpp"
#include "sandbox/portal_sign_in.hpp"
#include "sandbox/portal_visit.hpp"

namespace ecoauth::sandbox {

namespace {
using Handler = Response (*)(World&, const Request&, const Visit&);

struct Page {
  const char* path;  ///< below /consumerportal/
  Handler show;      ///< null: somebody reloads the page after a form, or comes back to it, and begins anew
  Handler take;      ///< a form; null: there is none
};
constexpr Page pages[] = {
    {"index.html", show_apps, nullptr},
    {"sign-in", show_sign_in, sign_in},
    {"sign-out", nullptr, sign_out},
    {"add", show_add, nullptr},
    {"validate", nullptr, validate_pin},
    {"decide", nullptr, decide_pin},
    {"remove", show_remove, remove_app},
    {"consent", nullptr, decide_consent},
    {"developer", show_developer, nullptr},
    {"developer/register", nullptr, register_application},
    {"developer/remove", nullptr, delete_application},
    {"control", show_control, nullptr},
    {"control/fault", nullptr, switch_fault},
};

struct File {
  const char* name;
  const char* content_type;
};
constexpr File files[] = {
    {"style.css", "text/css;charset=UTF-8"},
    {"control.js", "text/javascript;charset=UTF-8"},
    {"icon.svg", "image/svg+xml"},
};

Response file_response(const File& file) {
  Response response;
  response.content_type = file.content_type;
  response.body = std::string(portal_file(file.name));
  // An image is a page of its own when somebody opens it.
  response.headers = {{"Cache-Control", "no-cache"},
                      {"Content-Security-Policy", "default-src 'none'"},
                      {"X-Content-Type-Options", "nosniff"},
                      {"Cross-Origin-Resource-Policy", "same-origin"}};
  return response;
}

/// Where to begin anew after the form at `path`.
std::string begin_of(const std::string& path) {
  const size_t slash = path.find('/');
  return slash == std::string::npos ? portal_home : "/consumerportal/" + path.substr(0, slash);
}

Response take_form(World& world, const Request& request, Handler take) {
  Visit visit = visit_of(world, request);
  if (is_own_form(visit, request)) return take(world, request, visit);
  visit.fresh = false;  // no cookie with this answer: a stranger's form must not take the visitor's own away
  return message(world, visit, 403, "This form is out of date",
                 "It did not come from a page that the sandbox showed to this browser. Open My Apps and try again.");
}
}  // namespace

bool is_portal_path(const std::string& path) {
  return path == "/" || path == "/consumerportal" || starts_with(path, "/consumerportal/");
}

Response answer_portal(World& world, const Request& request, std::string& outcome) {
  outcome = "page";
  const std::string prefix = "/consumerportal/";
  const std::string path = request.path.size() > prefix.size() ? request.path.substr(prefix.size()) : "";
  if (request.reads() && path.empty()) return redirect_response(302, portal_home);
  for (const File& each : files)
    if (path == each.name && request.reads()) return file_response(each);
  for (const Page& each : pages) {
    if (path != each.path) continue;
    if (request.method == "POST" && each.take) {
      Response response = take_form(world, request, each.take);
      outcome = response.status < 400 ? "done" : "refused";
      return response;
    }
    if (!request.reads()) break;
    return each.show ? each.show(world, request, visit_of(world, request)) : redirect_response(302, begin_of(path));
  }
  return message(world, visit_of(world, request), 404, "No such page", "The sandbox has no page at this address.");
}

}  // namespace ecoauth::sandbox
