// ecoauth status: what there is, and what to do when something is wrong. Sends nothing and changes nothing.
#include <ecoauth/ecoauth.h>

#include <cstring>
#include <string>

#include "cli/client_id.hpp"
#include "cli/commands.hpp"
#include "cli/exit_codes.hpp"
#include "cli/session.hpp"
#include "cli/time_text.hpp"

namespace ecoauth::cli {

namespace {

struct Flag {
  int32_t bit;
  const char* name;
  const char* means;  ///< empty: not worth a line
};

constexpr Flag flags[] = {
    {ECOAUTH_FLAG_AUTHORIZING, "AUTHORIZING", ""},
    {ECOAUTH_FLAG_REFRESHING, "REFRESHING", ""},
    {ECOAUTH_FLAG_AMBIGUOUS, "AMBIGUOUS", "a refresh was sent and its answer never came; the next one settles it"},
    {ECOAUTH_FLAG_UNSAVED, "UNSAVED", "the newest tokens are in memory only"},
    {ECOAUTH_FLAG_DEGRADED, "DEGRADED", "the store does not work as it should"},
    {ECOAUTH_FLAG_CLOCK_SUSPECT, "CLOCK_SUSPECT", "the machine's clock looks wrong"},
};

struct State {
  int32_t number;
  const char* means;
  const char* advice;
};

constexpr State states[] = {
    {ECOAUTH_GRANT_NONE, "none: not authorized", "Run \"ecoauth login\"."},
    {ECOAUTH_GRANT_ACTIVE, "active", ""},
    {ECOAUTH_GRANT_SUSPECT, "suspect: the server refused it, which may pass",
     "Wait; it is tried again whenever a token is wanted, and nothing is deleted."},
    {ECOAUTH_GRANT_NEEDS_REAUTHORIZATION, "refused: needs a new authorization", "Run \"ecoauth login\"."},
    {ECOAUTH_GRANT_BLOCKED, "blocked: the server refuses the client id or the account",
     "Check the client id (application key) and the account at ecobee; the tokens are kept."},
};

const State& state_of(const ecoauth_status* status) {
  const int32_t number = ecoauth_status_grant_state(status);
  for (const State& state : states) {
    if (state.number == number) return state;
  }
  return states[ECOAUTH_GRANT_SUSPECT];  // what the header advises for states of later releases
}

std::string advice_of(const ecoauth_status* status, const ecoauth_error* last_error) {
  const std::string by_state = state_of(status).advice;
  if (ecoauth_status_pin_valid_ms(status) > 0 && ecoauth_status_grant_state(status) == ECOAUTH_GRANT_NONE)
    return "Enter the PIN in the portal, then run \"ecoauth login\" to get the tokens.";
  if (!by_state.empty()) return by_state;
  if (last_error != nullptr) return ecoauth_error_advice(last_error);
  if (ecoauth_status_scope_satisfied(status) == 0)
    return "If the missing scope is wanted, log in again with --scope; the present grant stays until then.";
  return "";
}

void add_flags(JsonLine& line, int32_t set) {
  JsonLine object;
  for (const Flag& flag : flags) object.truth(flag.name, (set & flag.bit) != 0);
  line.object("flags", object);
}

void print_json(const ecoauth_status* status, const ecoauth_error* last_error, int exit_code, Output& output) {
  JsonLine line("status");
  line.text("account", ecoauth_status_account_key(status)).text("server", ecoauth_status_origin(status));
  line.text("state", ecoauth_state_name(ecoauth_status_grant_state(status)));
  line.text("reason", ecoauth_status_reason(status));
  add_flags(line, ecoauth_status_flags(status));
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
  const std::string seal = ecoauth_status_seal(status);
  return std::string(ecoauth_status_store(status)) +
         (seal == "none" ? " (not encrypted; readable by this user only)" : ", sealed: " + seal);
}

void print_text(const ecoauth_status* status, const ecoauth_error* last_error, Output& output) {
  const auto row = [&output](const char* name, const std::string& value) {
    std::string line = std::string(name) + ":";
    line.resize(15, ' ');
    output.line(line + value);
  };
  row("Account", ecoauth_status_account_key(status));
  row("Server", ecoauth_status_origin(status));
  const std::string reason = ecoauth_status_reason(status);
  row("Grant", state_of(status).means + (reason.empty() ? "" : " (" + reason + ")"));
  row("Access token", token_text(status));
  row("Scope", scope_text(status));
  const int64_t pin_ms = ecoauth_status_pin_valid_ms(status);
  if (pin_ms > 0)
    row("Pending PIN", "valid for " + duration_text(pin_ms) + "; \"ecoauth login\" shows it and goes on waiting");
  row("Store", store_text(status));
  const std::string fingerprint = ecoauth_status_client_fingerprint(status);
  row("Client id", fingerprint.empty() ? "not known" : "fingerprint " + fingerprint);
  for (const Flag& flag : flags) {
    if ((ecoauth_status_flags(status) & flag.bit) != 0 && flag.means[0] != '\0') row("Note", flag.means);
  }
  const int64_t next_ms = ecoauth_status_next_try_ms(status);
  if (next_ms > 0) row("Next try", "makes sense in " + duration_text(next_ms));
  row("Last error", last_error != nullptr ? ecoauth_error_message(last_error) : "none");
  const std::string advice = advice_of(status, last_error);
  row("What to do", advice.empty() ? "nothing" : advice);
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
