#include "sandbox/portal_pin.hpp"

#include <algorithm>
#include <variant>

#include "base/text.hpp"
#include "sandbox/portal_sign_in.hpp"

namespace ecoauth::sandbox {

namespace {
constexpr const char* here = "/consumerportal/add";

Response add_page(const World& world, const Visit& visit, int status, const std::string& typed,
                  const std::string& problem) {
  Frame frame{"add.html", "Add Application"};
  frame.status = status;
  frame.tab = "add";
  return page(world, visit, frame, View().set("typed", typed).set("problem", problem));
}

/// The PIN of the form, or the page that says why not. While too many were wrong, a right one gets the same answer:
/// else it would tell right from wrong.
std::variant<PendingPin*, Response> pin_of(World& world, const Request& request, const Visit& visit) {
  if (visit.account.empty()) return ask_who(world, visit, here);
  const std::string typed = printable(request.form.get("pin"), 64);
  const int64_t real_ms = world.clock.real_ms();
  if (const int64_t wait_ms = world.pin_attempts.wait_ms(visit.account, real_ms); wait_ms > 0) {
    Response response = add_page(world, visit, 429, typed,
                                 "Too many wrong PINs. Try again in " + duration_text(wait_ms) +
                                     "; until then no PIN is looked at, not even a right one.");
    response.headers.emplace_back("Retry-After", to_text((wait_ms + 999) / 1000));
    return response;
  }
  PendingPin* pending = world.authorizations.find_pin(request.form.get("pin"), world.clock.now_ms());
  if (pending) return pending;
  world.pin_attempts.count_wrong(visit.account, real_ms);
  return add_page(
      world, visit, 400, typed,
      "This PIN is not waiting for authorization. Check the spelling; if it is right, it has expired or was used: ask "
      "the application for a new one.");
}
}  // namespace

Response show_add(World& world, const Request&, const Visit& visit) {
  return visit.account.empty() ? ask_who(world, visit, here) : add_page(world, visit, 200, "", "");
}

Response validate_pin(World& world, const Request& request, const Visit& visit) {
  auto found = pin_of(world, request, visit);
  if (auto* answer = std::get_if<Response>(&found)) return std::move(*answer);
  const PendingPin& pending = *std::get<PendingPin*>(found);
  View view;
  show_application(world, pending.client_digest, pending.scope, view);
  view.set("pin", pending.pin)
      .set("time_left", duration_text(std::max<int64_t>(0, pending.expires_ms - world.clock.now_ms())));
  Frame frame{"pin_consent.html", "Authorize an application"};
  frame.tab = "add";
  return page(world, visit, frame, std::move(view));
}

Response decide_pin(World& world, const Request& request, const Visit& visit) {
  const std::string_view decision = request.form.get("decision");
  if (decision != "authorize" && decision != "decline")
    return message(world, visit, 400, "That did not work", "The form came without a decision.");
  auto found = pin_of(world, request, visit);
  if (auto* answer = std::get_if<Response>(&found)) return std::move(*answer);
  PendingPin& pending = *std::get<PendingPin*>(found);
  const std::string name = world.clients.display_name(pending.client_digest);
  if (decision == "decline") {
    pending.state = PinState::declined;
    return message(world, visit, 200, "Application declined", name + " got no access. You can close this page.");
  }
  pending.state = PinState::approved;
  pending.account = visit.account;
  return message(world, visit, 200, "Application authorized",
                 name + " has access now. It notices by itself within a few seconds; you can close this page.");
}

}  // namespace ecoauth::sandbox
