#include "sandbox/portal_consent.hpp"

#include "base/text.hpp"
#include "sandbox/browser_grant.hpp"
#include "sandbox/portal_sign_in.hpp"

namespace ecoauth::sandbox {

namespace {
/// Carried through the page's form, and read again when it comes back.
constexpr const char* request_names[] = {"response_type", "client_id",      "redirect_uri",         "scope",
                                         "state",         "code_challenge", "code_challenge_method"};

/// The address of the page, from its parameters.
std::string address_of(const Params& parameters) {
  std::string address = "/authorize";
  for (const char* name : request_names)
    if (parameters.has(name))
      address += (address.size() == 10 ? "?" : "&") + (name + ("=" + percent_encode(parameters.get(name))));
  return address;
}

Response show_refusal(const World& world, const Visit& visit, const BrowserRefusal& refusal) {
  if (!refusal.location.empty()) return redirect_response(302, refusal.location);
  return message(world, visit, refusal.refusal.status, "The application's request cannot be used",
                 refusal.refusal.description + " (" + refusal.refusal.error +
                     ") This is a mistake in the application, so there is nothing you could do here.");
}
}  // namespace

Response answer_authorize_browser(World& world, const Request& request, std::string& outcome) {
  const Visit visit = visit_of(world, request);
  auto read = read_browser_request(world, request.query);
  if (!request.well_formed)
    read = BrowserRefusal{{400, "invalid_request", "The parameters are not properly encoded."}, ""};
  if (const auto* refusal = std::get_if<BrowserRefusal>(&read)) {
    outcome = refusal->refusal.error;
    return show_refusal(world, visit, *refusal);
  }
  outcome = "page";
  const auto& asked = std::get<BrowserRequest>(read);
  if (visit.account.empty())
    return ask_who(world, visit, address_of(request.query), world.clients.display_name(asked.client_digest));
  std::vector<View> fields;
  for (const char* name : request_names)
    if (request.query.has(name))
      fields.push_back(View().set("field", name).set("value", std::string(request.query.get(name))));
  View view;
  show_application(world, asked.client_digest, asked.scope, view);
  view.set("redirect_uri", asked.redirect_uri)
      .set("unregistered", world.clients.redirect_uris(asked.client_digest).empty())
      .set("fields", std::move(fields));
  Frame frame{"consent.html", "Authorize an application"};
  // The answer to this form goes to the application, which may send the browser on again.
  frame.form_targets = "'self' https: http:";
  return page(world, visit, frame, std::move(view));
}

Response decide_consent(World& world, const Request& request, const Visit& visit) {
  auto read = read_browser_request(world, request.form);
  if (const auto* refusal = std::get_if<BrowserRefusal>(&read)) return show_refusal(world, visit, *refusal);
  const auto& asked = std::get<BrowserRequest>(read);
  if (visit.account.empty())
    return ask_who(world, visit, address_of(request.form), world.clients.display_name(asked.client_digest));
  const std::string_view decision = request.form.get("decision");
  if (decision == "accept") return redirect_response(302, accept(world, asked, visit.account));
  if (decision == "decline") return redirect_response(302, decline(asked));
  return message(world, visit, 400, "That did not work", "The form came without a decision.");
}

}  // namespace ecoauth::sandbox
