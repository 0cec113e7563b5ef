#include "cli/login_result.hpp"

#include <cstring>

#include "cli/scope_text.hpp"

namespace ecoauth::cli {

JsonLine authorized_json(const char* type, const ecoauth_status* status) {
  JsonLine line(type);
  line.text("account", ecoauth_status_account_key(status)).text("server", ecoauth_status_origin(status));
  line.text("scope_asked", ecoauth_status_scope_asked(status));
  line.text("scope_granted", ecoauth_status_scope_granted(status));
  line.truth("scope_satisfied", ecoauth_status_scope_satisfied(status) != 0);
  line.number("token_valid_ms", ecoauth_status_token_valid_ms(status)).text("store", ecoauth_status_store(status));
  return line;
}

void tell_of_grant(const ecoauth_status* status, Output& output) {
  const std::string asked = ecoauth_status_scope_asked(status);
  const std::string granted = ecoauth_status_scope_granted(status);
  if (ecoauth_status_scope_satisfied(status) == 0)
    output.warn(lesser_grant_text(asked, granted), Style::warning);
  else
    output.say(granted.empty() ? "Authorized." : "Authorized for " + asked + ".", Style::good);
  if (std::strcmp(ecoauth_status_store(status), "memory") == 0)
    output.warn("The tokens were kept in memory only and end with this program.");
  else
    output.say(std::string("The tokens are in ") + ecoauth_status_store(status) + ".");
}

}  // namespace ecoauth::cli
