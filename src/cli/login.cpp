// ecoauth login: authorizes by one of the flows and stores the tokens.
#include <ecoauth/ecoauth.h>

#include <optional>

#include "cli/client_id.hpp"
#include "cli/commands.hpp"
#include "cli/exit_codes.hpp"
#include "cli/flows.hpp"
#include "cli/login_result.hpp"
#include "cli/scope_text.hpp"
#include "cli/session.hpp"
#include "cli/time_text.hpp"

namespace ecoauth::cli {

namespace {

bool client_id_known(const ecoauth_status* status) { return ecoauth_status_client_fingerprint(status)[0] != '\0'; }

void check(const Arguments& arguments) {
  const bool by_pin = arguments.flow == "pin";
  if (by_pin && (!arguments.redirect_uri.empty() || !arguments.redirected_file.empty() || arguments.pkce))
    throw Failure::usage("--redirect-uri, --redirected-file and --pkce belong to a browser's flow",
                         "Add --flow code, or --flow utility.");
  if (!by_pin && arguments.redirect_uri.empty())
    throw Failure::usage("--flow " + arguments.flow + " needs --redirect-uri",
                         "Give the redirect URI that is registered for your application key.");
  if (arguments.pkce && arguments.flow != "code")
    throw Failure::usage("--pkce belongs to --flow code", "Leave one of them out.");
}

constexpr const char* default_scope = "smartRead";  // the library's

/// A grant that is renewed is not to shrink: an imported one, say, has more than was asked for.
std::string scope_of_grant(const ecoauth_status* status) {
  const std::string proper = scopes_proper(ecoauth_status_scope_granted(status));
  return proper.empty() || ecoauth_status_scope_satisfied(status) == 0 ? ecoauth_status_scope_asked(status) : proper;
}

void tell_of_present(const ecoauth_status* status, Output& output) {
  if (ecoauth_status_grant_state(status) == ECOAUTH_GRANT_ACTIVE)
    output.say("This account is authorized already; that stays until the new authorization is complete.");
}

}  // namespace

int login(const Arguments& arguments, Output& output, const Signals& signals) {
  check(arguments);
  Settings settings = settings_of(arguments);
  ClientId client_id = given_client_id(arguments, output, signals);
  std::optional<Session> session;
  const auto open = [&] {
    session.reset();
    session.emplace(settings, client_id, output, signals);
    return session->read_status();
  };
  StatusHandle before = open();
  if (client_id.empty() && !client_id_known(before.get())) {
    session.reset();
    client_id = ask_for_client_id(output, signals);
    before = open();
  }
  if (!client_id.empty() && !client_id.looks_like_ecobees())
    output.say("This client id does not look like an application key of ecobee's: they are 32 letters and digits.");
  const std::string scope = scope_of_grant(before.get());
  if (arguments.scope.empty() && scope != default_scope) {
    if (settings.seal.can_be_read_again()) {
      settings.scope = scope;
      before = open();
    } else {
      output.warn("This asks for " + std::string(default_scope) + ", and the grant there is has " + scope +
                  ". To keep that, use --scope " + scope + ".");
    }
  }
  tell_of_present(before.get(), output);
  if (arguments.flow == "pin")
    authorize_by_pin(*session, arguments, output);
  else
    authorize_by_browser(*session, arguments, output, signals);
  const StatusHandle after = session->status();
  session->finish();  // first, because the tokens may not be saved yet
  output.object(authorized_json("authorized", after.get()));
  tell_of_grant(after.get(), output);
  if (arguments.flow == "utility")
    output.say("The access token is valid for " + duration_text(ecoauth_status_token_valid_ms(after.get())) +
               " and cannot be refreshed: log in again before it ends.");
  return exit_ok;
}

}  // namespace ecoauth::cli
