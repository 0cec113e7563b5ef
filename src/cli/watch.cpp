// ecoauth watch: keeps the tokens fresh and tells what happens, until it is ended.
#include <ecoauth/ecoauth.h>

#include <ctime>
#include <set>

#include "cli/client_id.hpp"
#include "cli/commands.hpp"
#include "cli/exit_codes.hpp"
#include "cli/grant_text.hpp"
#include "cli/session.hpp"
#include "cli/time_text.hpp"

namespace ecoauth::cli {

namespace {

std::string now_text(bool utc) {
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  char text[32];
  if (utc)
    std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&now, &parts));
  else
    std::strftime(text, sizeof text, "%H:%M:%S", localtime_r(&now, &parts));
  return text;
}

class EventPrinter : public Watcher {
 public:
  EventPrinter(Session& session, Output& output) : session_(session), output_(output) {}
  ~EventPrinter() override { output_.rewrite(""); }

  void begin(const ecoauth_status* status) {
    JsonLine line = line_of("watching", ecoauth_status_account_key(status));
    line.text("server", ecoauth_status_origin(status));
    state_ = ecoauth_status_grant_state(status);
    line.text("state", ecoauth_state_name(state_)).number("generation", ecoauth_status_generation(status));
    output_.object(line.number("token_valid_ms", ecoauth_status_token_valid_ms(status)));
    if (output_.json()) return;
    output_.line(now_text(false) + "  watching \"" + ecoauth_status_account_key(status) + "\" at " +
                 ecoauth_status_origin(status) + "; grant " + grant_words(status));
  }

  void happened(const ecoauth_event* event) override {
    switch (ecoauth_event_kind(event)) {
      case ECOAUTH_EVENT_TOKEN:
        return refreshed(event);
      case ECOAUTH_EVENT_STATE:
        return changed(event);
      case ECOAUTH_EVENT_UNSAVED:
        return unsaved(event);
      default:
        return;
    }
  }

  int64_t tick() override {
    if (!output_.rewritable() || output_.json()) return 60'000;
    const StatusHandle status = session_.status();
    const int64_t valid_ms = ecoauth_status_token_valid_ms(status.get());
    output_.rewrite(valid_ms > 0 ? "Access token valid for " + countdown_text(valid_ms) + " (Ctrl-C ends)"
                                 : "No valid access token (Ctrl-C ends)");
    return 1000;
  }

  /// The grant is gone: another process has signed out.
  bool over() const { return state_ == ECOAUTH_GRANT_NONE; }

 private:
  static JsonLine line_of(const char* type, const char* account) {
    JsonLine line(type);
    line.text("time", now_text(true)).text("account", account);
    return line;
  }

  void tell(const std::string& words) {
    if (output_.json()) return;
    output_.line(now_text(false) + "  " + words);
    tick();  // the line has taken the countdown's place
  }

  void refreshed(const ecoauth_event* event) {
    const StatusHandle status = session_.status();
    const int64_t valid_ms = ecoauth_status_token_valid_ms(status.get());
    JsonLine line = line_of("token", ecoauth_event_account_key(event));
    line.number("generation", ecoauth_event_generation(event));
    output_.object(line.number("token_valid_ms", valid_ms));
    tell("new tokens, generation " + std::to_string(ecoauth_event_generation(event)) + ", valid for " +
         duration_text(valid_ms));
  }

  void changed(const ecoauth_event* event) {
    const ecoauth_error* error = ecoauth_event_error(event);
    const int32_t state = ecoauth_event_state(event);
    JsonLine line = line_of("state", ecoauth_event_account_key(event));
    line.text("state", ecoauth_state_name(state)).object("flags", flags_json(ecoauth_event_flags(event)));
    if (error != nullptr)
      line.object("error", Failure::from(ecoauth_error_code(error), error).json());
    else
      line.null("error");
    output_.object(line);
    std::vector<std::string> trouble = flag_texts(ecoauth_event_flags(event));
    if (error != nullptr) trouble.emplace_back(ecoauth_error_message(error));
    if (trouble.empty()) told_.clear();
    std::string words;
    if (state != state_) words = std::string("grant ") + grant_text(state).name;
    for (const std::string& text : trouble) {
      if (told_.insert(text).second) words += (words.empty() ? "" : "; ") + text;
    }
    state_ = state;
    if (words.empty()) return;  // a refresh that begins or ends is no news by itself
    tell(words);
    if (error != nullptr && state != ECOAUTH_GRANT_ACTIVE)
      tell(std::string("what to do: ") + ecoauth_error_advice(error));
  }

  void unsaved(const ecoauth_event* event) {
    const ecoauth_error* error = ecoauth_event_error(event);
    JsonLine line = line_of("unsaved", ecoauth_event_account_key(event));
    line.object("error", Failure::from(ECOAUTH_ERROR_UNSAVED, error).json());
    output_.object(line);  // people have been told by the session
  }

  Session& session_;
  Output& output_;
  int32_t state_ = ECOAUTH_GRANT_NONE;
  std::set<std::string> told_;  ///< since all was well
};

Failure no_grant(const char* message) {
  Failure failure;
  failure.code = ECOAUTH_ERROR_NEEDS_AUTHORIZATION;
  failure.action = ECOAUTH_ACTION_REAUTHORIZE;
  failure.message = message;
  failure.advice = "Run \"ecoauth login\", then this again.";
  return failure;
}

}  // namespace

int watch(const Arguments& arguments, Output& output, const Signals& signals) {
  Settings settings = settings_of(arguments);
  settings.keeps_fresh = true;
  Session session(settings, given_client_id(arguments, output, signals), output, signals);
  const StatusHandle status = session.read_status();
  if (ecoauth_status_grant_state(status.get()) == ECOAUTH_GRANT_NONE)
    throw no_grant("there is nothing to watch: this account is not authorized");
  {
    EventPrinter printer(session, output);
    printer.begin(status.get());
    session.watch(printer, [&] { return printer.over(); });
    if (printer.over()) throw no_grant("the grant is gone: somebody has signed out");
  }
  session.finish();
  output.say("Ended. The tokens are saved.");
  return exit_ok;
}

}  // namespace ecoauth::cli
