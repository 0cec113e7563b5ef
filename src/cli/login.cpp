// ecoauth login: the PIN flow.
#include <ecoauth/ecoauth.h>

#include <cstring>
#include <optional>

#include "cli/client_id.hpp"
#include "cli/commands.hpp"
#include "cli/exit_codes.hpp"
#include "cli/scope_text.hpp"
#include "cli/session.hpp"
#include "cli/time_text.hpp"

namespace ecoauth::cli {

namespace {

/// Shows the PIN and how long it is still valid.
class PinDisplay : public Watcher {
 public:
  explicit PinDisplay(Output& output) : output_(output) {}
  ~PinDisplay() override { output_.rewrite(""); }

  void happened(const ecoauth_event* event) override {
    switch (ecoauth_event_kind(event)) {
      case ECOAUTH_EVENT_PIN:
        show(event);
        break;
      case ECOAUTH_EVENT_PROGRESS:
        waiting(event);
        break;
      case ECOAUTH_EVENT_STATE:
        trouble(ecoauth_event_error(event));
        break;
      default:
        break;
    }
  }

  int64_t tick() override {
    if (pin_.empty()) return asking();
    const int64_t left_ms = left();
    if (left_ms <= 0) return 1000;
    if (output_.rewritable()) {
      output_.rewrite("Waiting for approval, " + countdown_text(left_ms) + " left (Ctrl-C: go on later) ");
      return left_ms % 1000 == 0 ? 1000 : left_ms % 1000;
    }
    if (boot_ms() - said_ms_ >= plain_line_every_ms) {
      output_.say("Still waiting for approval; the PIN is valid for another " + duration_text(left_ms) + ".");
      said_ms_ = boot_ms();
    }
    return 1000;
  }

  /// What to tell somebody who has interrupted the waiting.
  std::string how_to_resume() const {
    if (left() <= 0)
      return "Nothing was changed. Run the same command again; a PIN that was given out meanwhile is shown again.";
    return "The PIN stays valid for another " + duration_text(left()) +
           ". Enter it, and run the same command again to go on waiting and get the tokens.";
  }

 private:
  static constexpr int64_t plain_line_every_ms = 60'000;
  static constexpr int64_t explain_after_ms = 3'000;

  int64_t left() const { return end_ms_ - boot_ms(); }

  /// The server takes its time, or has refused for now and is asked again.
  int64_t asking() {
    if (begin_ms_ == 0) begin_ms_ = boot_ms();
    const int64_t late_ms = boot_ms() - begin_ms_;
    if (late_ms >= explain_after_ms && !explained_) {
      output_.say("The server has not given a PIN yet; it is slow, or asked once more after a refusal.");
      explained_ = true;
    }
    return 1000;
  }

  void show(const ecoauth_event* event) {
    const std::string pin = ecoauth_event_pin(event);
    const int64_t left_ms = ecoauth_event_remaining_ms(event);
    end_ms_ = said_ms_ = boot_ms();
    end_ms_ += left_ms;
    if (pin == pin_) return;
    pin_ = pin;
    JsonLine line("pin");
    line.text("account", ecoauth_event_account_key(event)).text("pin", pin);
    line.text("verification_url", ecoauth_event_verification_url(event)).number("remaining_ms", left_ms);
    line.text("scope", ecoauth_event_text(event));
    output_.object(line);
    output_.warn("PIN:    " + pin);
    output_.warn(std::string("Portal: ") + ecoauth_event_verification_url(event));
    output_.say("Log in there, choose My Apps, then Add Application, and enter the PIN within " +
                duration_text(left_ms + 999) + ".");
  }

  void waiting(const ecoauth_event* event) {
    const int64_t left_ms = ecoauth_event_remaining_ms(event);
    end_ms_ = boot_ms() + left_ms;
    JsonLine line("waiting");
    output_.object(line.text("account", ecoauth_event_account_key(event)).number("remaining_ms", left_ms));
  }

  void trouble(const ecoauth_error* error) {
    if (error == nullptr) return;
    const std::string words = ecoauth_error_message(error);
    if (words != trouble_) output_.say("At the moment: " + words + ". Waiting goes on with the same PIN.");
    trouble_ = words;
  }

  Output& output_;
  std::string pin_;
  std::string trouble_;
  int64_t begin_ms_ = 0;
  bool explained_ = false;
  int64_t end_ms_ = 0;
  int64_t said_ms_ = 0;
};

bool client_id_known(const ecoauth_status* status) { return ecoauth_status_client_fingerprint(status)[0] != '\0'; }

void tell_of_present(const ecoauth_status* status, Output& output) {
  if (ecoauth_status_pin_valid_ms(status) > 0) output.say("Going on with the PIN from before.");
  if (ecoauth_status_grant_state(status) == ECOAUTH_GRANT_ACTIVE)
    output.say("This account is authorized already; that stays until the new authorization is complete.");
}

void authorize(Session& session, PinDisplay& display) {
  try {
    session.run(ecoauth_account_authorize_pin_start, &display);
  } catch (Failure& failure) {
    if (failure.exit_code() == exit_interrupted) failure.advice = display.how_to_resume();
    throw;
  }
}

void tell_of_success(const ecoauth_status* status, Output& output) {
  JsonLine line("authorized");
  line.text("account", ecoauth_status_account_key(status)).text("server", ecoauth_status_origin(status));
  line.text("scope_asked", ecoauth_status_scope_asked(status));
  line.text("scope_granted", ecoauth_status_scope_granted(status));
  line.truth("scope_satisfied", ecoauth_status_scope_satisfied(status) != 0);
  line.number("token_valid_ms", ecoauth_status_token_valid_ms(status)).text("store", ecoauth_status_store(status));
  output.object(line);

  const std::string asked = ecoauth_status_scope_asked(status);
  const std::string granted = ecoauth_status_scope_granted(status);
  if (ecoauth_status_scope_satisfied(status) != 0)
    output.say("Authorized for " + asked + ".");
  else
    output.warn(lesser_grant_text(asked, granted));
  if (std::strcmp(ecoauth_status_store(status), "memory") == 0)
    output.warn("The tokens were kept in memory only and end with this program.");
  else
    output.say(std::string("The tokens are in ") + ecoauth_status_store(status) + ".");
}

}  // namespace

int login(const Arguments& arguments, Output& output, const Signals& signals) {
  const Settings settings = settings_of(arguments);
  ClientId client_id = given_client_id(arguments, output, signals);
  std::optional<Session> session;
  session.emplace(settings, client_id, output, signals);
  StatusHandle before = session->read_status();
  if (client_id.empty() && !client_id_known(before.get())) {
    session.reset();
    client_id = ask_for_client_id(output, signals);
    session.emplace(settings, client_id, output, signals);
    before = session->read_status();
  }
  tell_of_present(before.get(), output);
  {
    PinDisplay display(output);
    authorize(*session, display);
  }
  const StatusHandle after = session->status();
  session->finish();  // first, because the tokens may not be saved yet
  tell_of_success(after.get(), output);
  return exit_ok;
}

}  // namespace ecoauth::cli
