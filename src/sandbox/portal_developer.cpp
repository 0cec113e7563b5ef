#include "sandbox/portal_developer.hpp"

#include <algorithm>

#include "base/digest.hpp"
#include "base/text.hpp"
#include "sandbox/redirect_uri.hpp"

namespace ecoauth::sandbox {

namespace {
constexpr size_t max_applications = 1000;
constexpr size_t max_name_bytes = 80;
constexpr size_t max_uris = 20;

struct MethodWords {
  const char* value;
  std::optional<Method> method;
  const char* words;
};
const MethodWords methods[] = {
    {"any", std::nullopt, "ecobee PIN or authorization code"},
    {"pin", Method::pin, "ecobee PIN"},
    {"code", Method::code, "Authorization code"},
    {"utility", Method::utility, "Implicit (utility accounts)"},
};

const MethodWords* method_called(std::string_view value) {
  for (const MethodWords& each : methods)
    if (value == each.value) return &each;
  return nullptr;
}

const char* words_of(std::optional<Method> method) {
  for (const MethodWords& each : methods)
    if (each.method == method) return each.words;
  return "";
}

/// What the form holds, or held when it was sent.
struct Form {
  std::string name, key, method = "any", uris;
};

struct Notes {
  int status = 200;
  std::string done, problem, new_name, new_key;
};

Response developer_page(const World& world, const Visit& visit, const Form& form, const Notes& notes) {
  std::vector<View> choices, applications;
  for (const MethodWords& each : methods)
    choices.push_back(
        View().set("method", each.value).set("words", each.words).set("chosen", form.method == each.value));
  for (const auto& [digest, each] : world.clients.all()) {
    std::vector<View> uris;
    for (const std::string& uri : each.redirect_uris) uris.push_back(View().set("uri", uri));
    applications.push_back(View()
                               .set("app", world.clients.display_name(digest))
                               .set("key", digest)
                               .set("fingerprint", short_digest(digest))
                               .set("by_portal", each.by_portal)
                               .set("method_words", words_of(each.method))
                               .set("switched_off", world.clients.disabled().count(digest) > 0)
                               .set("uris", std::move(uris)));
  }
  Frame frame{"developer.html", "Developer"};
  frame.status = notes.status;
  frame.tab = "developer";
  return page(
      world, visit, frame,
      View()
          .set("done", notes.done)
          .set("problem", notes.problem)
          .set("new_name", notes.new_name)
          .set("new_key", notes.new_key)
          .set("registered_only", world.clients.registered_only())
          .set("name", form.name)
          .set("key_typed", form.key)
          .set("uris_typed", form.uris)
          .set("uri_rule", world.settings.any_redirect ? "Ports, queries and http to this machine are permitted."
                                                       : "https, no port, no query, at most 255 characters.")
          .set("methods", std::move(choices))
          .set("applications", std::move(applications)));
}

std::string new_key(Random& random) {
  static constexpr char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
  std::string key;
  while (key.size() < 32) key += alphabet[random.between(0, sizeof alphabet - 2)];
  return key;
}

/// Fills in `application`; what is wrong with the form, empty when nothing is.
std::string read_form(const World& world, const Form& form, Application& application) {
  if (form.name.empty() || form.name.size() > max_name_bytes || !valid_utf8(form.name))
    return "The name must have 1 to 80 characters.";
  if (!form.key.empty() && !is_client_id(form.key)) return "The application key must be 32 letters and digits.";
  if (!form.key.empty() && world.clients.all().count(sha256_hex(form.key)))
    return "An application with this key is registered already.";
  if (world.clients.all().size() >= max_applications) return "The sandbox has as many applications as it keeps.";
  const MethodWords* method = method_called(form.method);
  if (!method) return "Choose an authorization method.";
  application.name = form.name;
  application.method = method->method;
  application.known = application.by_portal = true;
  // ecobee's own form separates them by semicolons.
  application.redirect_uris = split(form.uris, "; \t\r\n");
  if (application.redirect_uris.size() > max_uris) return "Twenty redirect addresses at most.";
  for (const std::string& uri : application.redirect_uris)
    if (const std::string fault = redirect_uri_fault(uri, world.settings); !fault.empty())
      return "The redirect address " + printable(uri, 80) + " cannot be registered: " + fault + ".";
  return "";
}
}  // namespace

Response show_developer(World& world, const Request&, const Visit& visit) {
  return developer_page(world, visit, {}, {});
}

Response register_application(World& world, const Request& request, const Visit& visit) {
  Form form;
  form.name = std::string(trim(request.form.get("name")));
  form.key = std::string(trim(request.form.get("key")));
  form.method = std::string(request.form.get("method"));
  form.uris = std::string(request.form.get("uris").substr(0, 8000));
  Application application;
  Notes notes;
  notes.problem = read_form(world, form, application);
  if (!notes.problem.empty()) {
    notes.status = 400;
    return developer_page(world, visit, form, notes);
  }
  notes.new_name = form.name;
  notes.new_key = form.key.empty() ? new_key(world.random) : form.key;
  world.clients.add(sha256_hex(notes.new_key), std::move(application));
  return developer_page(world, visit, {}, notes);
}

Response delete_application(World& world, const Request& request, const Visit& visit) {
  const std::string client_digest(request.form.get("app"));
  const std::string name = world.clients.display_name(client_digest);
  Notes notes;
  if (world.clients.remove(client_digest)) {
    world.authorizations.revoke(client_digest, Ended::by_service);
    notes.done = name + " is no longer registered; what it was granted has ended.";
  } else {
    notes.status = 404;
    notes.problem = "There is no application to delete.";
  }
  return developer_page(world, visit, {}, notes);
}

}  // namespace ecoauth::sandbox
