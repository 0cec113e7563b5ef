// ecoauth refresh: one refresh, now.
#include <ecoauth/ecoauth.h>

#include "cli/client_id.hpp"
#include "cli/commands.hpp"
#include "cli/exit_codes.hpp"
#include "cli/session.hpp"
#include "cli/time_text.hpp"

namespace ecoauth::cli {

int refresh(const Arguments& arguments, Output& output, const Signals& signals) {
  Session session(settings_of(arguments), given_client_id(arguments, output, signals), output, signals);
  session.run(ecoauth_account_refresh_start);
  const StatusHandle status = session.status();
  session.finish();  // first, because the tokens may not be saved yet
  const int64_t valid_ms = ecoauth_status_token_valid_ms(status.get());
  JsonLine line("refreshed");
  line.text("account", ecoauth_status_account_key(status.get()));
  line.number("generation", ecoauth_status_generation(status.get())).number("token_valid_ms", valid_ms);
  output.object(line.text("scope_granted", ecoauth_status_scope_granted(status.get())));
  output.say("Refreshed; the new access token is valid for " + duration_text(valid_ms) + ".");
  return exit_ok;
}

}  // namespace ecoauth::cli
