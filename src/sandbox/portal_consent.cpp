#include "sandbox/portal_consent.hpp"

#include "sandbox/browser_grant.hpp"
#include "sandbox/portal_pages.hpp"
#include "sandbox/portal_visit.hpp"
#include "sandbox/scopes.hpp"

namespace ecoauth::sandbox {

namespace {
/// Carried through the page's form, and read again when it comes back.
constexpr const char* request_names[] = {"response_type", "client_id",      "redirect_uri",         "scope",
                                         "state",         "code_challenge", "code_challenge_method"};

Response show_refusal(World& world, const Request& request, const BrowserRefusal& refusal) {
  if (!refusal.location.empty()) return redirect_response(refusal.location);
  return page_response(visit_of(world, request), request, refusal.refusal.status,
                       result_page("The application's request cannot be used",
                                   refusal.refusal.description + " (" + refusal.refusal.error +
                                       ") This is a mistake in the application, so there is nothing you could do here.",
                                   false));
}
}  // namespace

Response answer_authorize_browser(World& world, const Request& request, std::string& outcome) {
  auto read = read_browser_request(world, request.query);
  if (!request.well_formed)
    read = BrowserRefusal{{400, "invalid_request", "The parameters are not properly encoded."}, ""};
  if (const auto* refusal = std::get_if<BrowserRefusal>(&read)) {
    outcome = refusal->refusal.error;
    return show_refusal(world, request, *refusal);
  }
  outcome = "page";
  const auto& asked = std::get<BrowserRequest>(read);
  const Visit visit = visit_of(world, request);
  std::vector<std::pair<std::string, std::string>> fields{{"csrf", visit.csrf}};
  for (const char* name : request_names)
    if (request.query.has(name)) fields.emplace_back(name, request.query.get(name));
  return page_response(
      visit, request, 200,
      browser_consent_page(app_of(world, asked.client_digest, asked.scope), asked.redirect_uri, fields),
      // The answer to this form goes to the application, which may send the browser on again.
      "'self' https: http:");
}

Response decide_consent(World& world, const Request& request) {
  const std::string_view decision = request.form.get("decision");
  auto read = read_browser_request(world, request.form);
  if (const auto* refusal = std::get_if<BrowserRefusal>(&read)) return show_refusal(world, request, *refusal);
  const auto& asked = std::get<BrowserRequest>(read);
  if (decision == "accept") return redirect_response(accept(world, asked));
  if (decision == "decline") return redirect_response(decline(asked));
  return page_response(visit_of(world, request), request, 400,
                       result_page("That did not work", "The form came without a decision.", false));
}

}  // namespace ecoauth::sandbox
