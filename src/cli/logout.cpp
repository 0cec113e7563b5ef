// ecoauth logout: forgets the grant.
#include <ecoauth/ecoauth.h>

#include "cli/client_id.hpp"
#include "cli/commands.hpp"
#include "cli/exit_codes.hpp"
#include "cli/session.hpp"

namespace ecoauth::cli {

int logout(const Arguments& arguments, Output& output, const Signals& signals) {
  Session session(settings_of(arguments), given_client_id(arguments, output, signals), output, signals);
  const EventHandle done = session.run(ecoauth_account_sign_out_start);
  const bool changed = ecoauth_event_result(done.get()) != ECOAUTH_ALREADY_DONE;
  JsonLine line("signed_out");
  output.object(line.text("account", ecoauth_event_account_key(done.get())).truth("changed", changed));
  if (changed) {
    output.say("Signed out; the tokens are erased from the store.");
    output.say("ecobee itself keeps the authorization until you remove the application in the portal, under My Apps.");
  } else {
    output.say("Nothing was stored for this account, server and client id.");
  }
  session.finish();
  return exit_ok;
}

}  // namespace ecoauth::cli
