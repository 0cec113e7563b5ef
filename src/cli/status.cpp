// ecoauth status: what there is, and what to do when something is wrong. Sends nothing and changes nothing.
#include <ecoauth/ecoauth.h>

#include <cstring>
#include <string>

#include "cli/client_id.hpp"
#include "cli/commands.hpp"
#include "cli/exit_codes.hpp"
#include "cli/grant_text.hpp"
#include "cli/session.hpp"
#include "cli/time_text.hpp"

namespace ecoauth::cli {

namespace {

std::string advice_of(const ecoauth_status* status, const ecoauth_error* last_error) {
  const std::string by_state = grant_text(ecoauth_status_grant_state(status)).advice;
  if (ecoauth_status_pin_valid_ms(status) > 0 && ecoauth_status_grant_state(status) == ECOAUTH_GRANT_NONE)
    return "Enter the PIN in the portal, then run \"ecoauth login\" to get the tokens.";
  if (!by_state.empty()) return by_state;
  if (last_error != nullptr) return ecoauth_error_advice(last_error);
  if (ecoauth_status_scope_satisfied(status) == 0)
    return "If the missing scope is wanted, log in again with --scope; the present grant stays until then.";
  return "";
}

void print_json(const ecoauth_status* status, const ecoauth_error* last_error, int exit_code, Output& output) {
  JsonLine line("status");
  line.text("account", ecoauth_status_account_key(status)).text("server", ecoauth_status_origin(status));
  line.text("state", ecoauth_state_name(ecoauth_status_grant_state(status)));
  line.text("reason", ecoauth_status_reason(status));
  line.object("flags", flags_json(ecoauth_status_flags(status)));
  line.number("generation", ecoauth_status_generation(status));
  line.number("token_valid_ms", ecoauth_status_token_valid_ms(status));
  line.number("token_age_ms", ecoauth_status_token_age_ms(status));
  line.number("pin_valid_ms", ecoauth_status_pin_valid_ms(status));
  line.number("next_try_ms", ecoauth_status_next_try_ms(status));
  line.text("scope_asked", ecoauth_status_scope_asked(status));
  line.text("scope_granted", ecoauth_status_scope_granted(status));
  const int32_t satisfied = ecoauth_status_scope_satisfied(status);
  if (satisfied < 0)
    line.null("scope_satisfied");
  else
    line.truth("scope_satisfied", satisfied != 0);
  line.text("store", ecoauth_status_store(status)).text("seal", ecoauth_status_seal(status));
  line.text("client_fingerprint", ecoauth_status_client_fingerprint(status));
  if (last_error != nullptr)
    line.object("last_error", Failure::from(ecoauth_error_code(last_error), last_error).json());
  else
    line.null("last_error");
  output.object(line.text("advice", advice_of(status, last_error)).number("exit_code", exit_code));
}

std::string token_text(const ecoauth_status* status) {
  if (ecoauth_status_generation(status) == 0) return "none";
  const int64_t valid_ms = ecoauth_status_token_valid_ms(status);
  std::string text =
      valid_ms > 0 ? "valid for " + duration_text(valid_ms) : "expired; the next command that needs one refreshes";
  const int64_t age_ms = ecoauth_status_token_age_ms(status);
  if (age_ms >= 0) text += ", received " + duration_text(age_ms) + " ago";
  return text;
}

std::string scope_text(const ecoauth_status* status) {
  const std::string asked = ecoauth_status_scope_asked(status);
  const int32_t satisfied = ecoauth_status_scope_satisfied(status);
  if (satisfied < 0) return "asked for " + asked;
  return "asked for " + asked + ", granted " + ecoauth_status_scope_granted(status) +
         (satisfied != 0 ? "" : " (less than asked for)");
}

std::string store_text(const ecoauth_status* status) {
  const std::string seal = ecoauth_status_seal(status), store = ecoauth_status_store(status);
  if (store == "memory") return "memory, until this program ends";
  return store + (seal == "none" ? " (not encrypted; readable by this user only)" : ", sealed: " + seal);
}

void print_text(const ecoauth_status* status, const ecoauth_error* last_error, Output& output) {
  const auto row = [&output](const char* name, const std::string& value, Style style = Style::plain) {
    output.row(name, value, style);
  };
  row("Account", ecoauth_status_account_key(status));
  row("Server", ecoauth_status_origin(status));
  row("Grant", grant_words(status), grant_text(ecoauth_status_grant_state(status)).style);
  row("Access token", token_text(status));
  row("Scope", scope_text(status));
  const int64_t pin_ms = ecoauth_status_pin_valid_ms(status);
  if (pin_ms > 0)
    row("Pending PIN", "valid for " + duration_text(pin_ms) + "; \"ecoauth login\" shows it and goes on waiting");
  row("Store", store_text(status));
  const std::string fingerprint = ecoauth_status_client_fingerprint(status);
  row("Client id", fingerprint.empty() ? "not known" : "fingerprint " + fingerprint);
  for (const std::string& text : flag_texts(ecoauth_status_flags(status))) row("Note", text, Style::warning);
  const int64_t next_ms = ecoauth_status_next_try_ms(status);
  if (next_ms > 0) row("Next try", "makes sense in " + duration_text(next_ms));
  row("Last error", last_error != nullptr ? ecoauth_error_message(last_error) : "none");
  const std::string advice = advice_of(status, last_error);
  row("What to do", advice.empty() ? "nothing" : advice, advice.empty() ? Style::plain : Style::bold);
}

}  // namespace

int status(const Arguments& arguments, Output& output, const Signals& signals) {
  Settings settings = settings_of(arguments);
  settings.only_looks = true;
  Session session(settings, given_client_id(arguments, output, signals), output, signals);
  const StatusHandle status = session.read_status();
  const ErrorHandle last_error = session.last_error();
  const int exit_code = exit_code_of_grant(ecoauth_status_grant_state(status.get()));
  if (output.json())
    print_json(status.get(), last_error.get(), exit_code, output);
  else
    print_text(status.get(), last_error.get(), output);
  session.finish();
  return exit_code;
}

}  // namespace ecoauth::cli
