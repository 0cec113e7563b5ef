#include "sandbox/portal_sign_in.hpp"

#include <algorithm>

#include "base/text.hpp"

namespace ecoauth::sandbox {

namespace {
/// Where a form may send the browser: pages of ours alone, whatever a stranger put into the field.
std::string safe_next(std::string_view next) {
  const bool ours = starts_with(next, "/consumerportal/") || starts_with(next, "/authorize?");
  const bool clean = std::all_of(next.begin(), next.end(), [](char c) { return c > 0x20 && c < 0x7f && c != '\\'; });
  return ours && clean ? std::string(next) : portal_home;
}

Response sign_in_page(const World& world, const Visit& visit, int status, const std::string& next,
                      const std::string& asking, const std::string& name, const std::string& problem) {
  Frame frame{"sign_in.html", "Sign in"};
  frame.status = status;
  // The way on may lead through the consent page's address to the application.
  if (starts_with(next, "/authorize?")) frame.form_targets = "'self' https: http:";
  return page(world, visit, frame,
              View().set("next", next).set("asking", asking).set("name", name).set("problem", problem));
}
}  // namespace

Response ask_who(const World& world, const Visit& visit, const std::string& next, const std::string& asking) {
  return sign_in_page(world, visit, 200, next, asking, "", "");
}

Response show_sign_in(World& world, const Request&, const Visit& visit) { return ask_who(world, visit, portal_home); }

Response sign_in(World& world, const Request& request, const Visit& visit) {
  const std::string name(trim(request.form.get("name")).substr(0, 200));
  const Secret password = request.secret_param("password");
  const std::string next = safe_next(request.form.get("next"));
  const auto refuse = [&](int status, const std::string& problem) {
    return sign_in_page(world, visit, status, next, "", printable(name, 64), problem);
  };
  if (request.form.get("do") == "create") {
    const std::string fault = world.accounts.create(name, password);
    if (!fault.empty()) return refuse(400, fault);
  } else {
    const int64_t now_ms = world.clock.real_ms();
    if (const int64_t wait_ms = world.sign_in_attempts.wait_ms(name, now_ms); wait_ms > 0)
      return refuse(429, "Too many wrong passwords. Try again in " + duration_text(wait_ms) + ".");
    if (!world.accounts.knows(name, password)) {
      world.sign_in_attempts.count_wrong(name, now_ms);
      return refuse(400, "There is no account with this name and password. If you are new here, create it.");
    }
  }
  // A new cookie, so that nobody who knew the old one is signed in with it.
  Response response = redirect_response(303, next);
  set_cookie(with_cookie(world, visit, world.accounts.open_session(name)), response);
  return response;
}

Response sign_out(World& world, const Request&, const Visit& visit) {
  world.accounts.close_session(visit.cookie);
  return redirect_response(303, "/consumerportal/sign-in");
}

}  // namespace ecoauth::sandbox
