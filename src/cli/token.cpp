// ecoauth token: an access token for other programs.
#include <ecoauth/ecoauth.h>

#include "cli/client_id.hpp"
#include "cli/commands.hpp"
#include "cli/exit_codes.hpp"
#include "cli/session.hpp"
#include "cli/time_text.hpp"

namespace ecoauth::cli {

namespace {

void print(const ecoauth_token* token, bool header, Output& output) {
  if (output.json()) {
    JsonLine line("token");
    if (header)
      line.text("authorization_header", ecoauth_token_authorization_header(token));
    else
      line.text("access_token", ecoauth_token_access_token(token));
    line.number("token_valid_ms", ecoauth_token_valid_ms(token)).text("scope", ecoauth_token_scope(token));
    output.object(line.number("generation", ecoauth_token_generation(token)));
    return;
  }
  if (header) output.data("Authorization: ");
  output.data(header ? ecoauth_token_authorization_header(token) : ecoauth_token_access_token(token));
  output.data("\n");
}

}  // namespace

int token(const Arguments& arguments, Output& output, const Signals& signals) {
  Session session(settings_of(arguments), given_client_id(arguments, output, signals), output, signals);
  const EventHandle done = session.run([&](ecoauth_account* account, int64_t* operation, ecoauth_error** error) {
    return ecoauth_account_get_token_start(account, arguments.min_valid_s * 1000, operation, error);
  });
  const ecoauth_token* token = ecoauth_event_token(done.get());
  print(token, arguments.header, output);
  const int64_t valid_ms = ecoauth_token_valid_ms(token);
  if (valid_ms < arguments.min_valid_s * 1000)
    output.say("Valid for " + duration_text(valid_ms) +
               " only: the server's tokens do not live as long as --min-valid asks.");
  session.finish();
  return exit_ok;
}

}  // namespace ecoauth::cli
