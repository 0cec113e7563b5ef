// The PIN flow, as a person sees it.
#include <ecoauth/ecoauth.h>

#include "cli/exit_codes.hpp"
#include "cli/flows.hpp"
#include "cli/qr_code.hpp"
#include "cli/time_text.hpp"

namespace ecoauth::cli {

namespace {

/// Shows the PIN and how long it is still valid.
class PinDisplay : public Watcher {
 public:
  /// `pending_ms`: how long a PIN from before is still valid.
  PinDisplay(Output& output, bool with_qr_code, int64_t pending_ms)
      : output_(output), with_qr_code_(with_qr_code), pending_ms_(pending_ms) {}
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
        trouble(event);
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
      output_.rewrite("Waiting for approval, " + countdown_text(left_ms) + " left (Ctrl-C: go on later) ",
                      left_ms < nearly_expired_ms ? Style::warning : Style::plain);
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
  static constexpr int64_t nearly_expired_ms = 60'000;
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
    const std::string portal = ecoauth_event_verification_url(event);
    if (left_ms <= pending_ms_) output_.say("Going on with the PIN from before.");
    output_.warn("PIN:    " + pin, Style::bold);
    output_.warn("Portal: " + portal);
    show_qr_code(portal);
    output_.say("Log in there, choose My Apps, then Add Application, and enter the PIN within " +
                duration_text(left_ms + 999) + ".");
  }

  /// Only where all of it and the lines around it can be seen.
  void show_qr_code(const std::string& portal) {
    constexpr size_t other_rows = 6;
    if (!with_qr_code_ || !output_.rewritable() || output_.quiet() || !terminal_is_utf8()) return;
    const std::vector<std::string> lines = qr_code_of(portal, output_.colours());
    if (lines.empty() || lines.size() + other_rows > output_.rows()) return;
    if (lines.size() * 2 > output_.columns()) return;
    for (const std::string& line : lines) output_.say(line, Style::qr_code);
  }

  void waiting(const ecoauth_event* event) {
    const int64_t left_ms = ecoauth_event_remaining_ms(event);
    end_ms_ = boot_ms() + left_ms;
    JsonLine line("waiting");
    output_.object(line.text("account", ecoauth_event_account_key(event)).number("remaining_ms", left_ms));
  }

  void trouble(const ecoauth_event* event) {
    const ecoauth_error* error = ecoauth_event_error(event);
    if (error == nullptr) return;
    const std::string words = ecoauth_error_message(error);
    if (words == trouble_) return;
    trouble_ = words;
    JsonLine line("trouble");
    line.text("account", ecoauth_event_account_key(event));
    output_.object(line.object("error", Failure::from(ecoauth_error_code(error), error).json()));
    output_.say("At the moment: " + words +
                (pin_.empty() ? ". It is asked again." : ". Waiting goes on with the same PIN."));
  }

  Output& output_;
  const bool with_qr_code_;
  const int64_t pending_ms_;
  std::string pin_;
  std::string trouble_;
  int64_t begin_ms_ = 0;
  bool explained_ = false;
  int64_t end_ms_ = 0;
  int64_t said_ms_ = 0;
};

}  // namespace

void authorize_by_pin(Session& session, const Arguments& arguments, Output& output) {
  PinDisplay display(output, !arguments.no_qr, ecoauth_status_pin_valid_ms(session.status().get()));
  try {
    session.run(ecoauth_account_authorize_pin_start, &display);
  } catch (Failure& failure) {
    if (failure.exit_code() == exit_interrupted) failure.advice = display.how_to_resume();
    throw;
  }
}

}  // namespace ecoauth::cli
