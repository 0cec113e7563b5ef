// ecoauth for C++: what calls and events hand over, as plain values.
// SPDX-License-Identifier: MIT
#pragma once

#include <ecoauth/cpp/error.hpp>

namespace ecoauth {

using Milliseconds = std::chrono::milliseconds;

/// Waits without limit, where a time-out is asked for.
inline constexpr Milliseconds forever{ECOAUTH_WAIT_FOREVER};

enum class Dispatch : int32_t {
  worker = ECOAUTH_DISPATCH_WORKER,  ///< handlers are called on a library thread
  caller = ECOAUTH_DISPATCH_CALLER,  ///< handlers are called inside Client::dispatch()
  poll = ECOAUTH_DISPATCH_POLL,      ///< no handlers: Client::next_event()
};

enum class EventKind : int32_t {
  pin = ECOAUTH_EVENT_PIN,
  progress = ECOAUTH_EVENT_PROGRESS,
  state = ECOAUTH_EVENT_STATE,
  token = ECOAUTH_EVENT_TOKEN,
  completed = ECOAUTH_EVENT_COMPLETED,
  log = ECOAUTH_EVENT_LOG,
  unsaved = ECOAUTH_EVENT_UNSAVED,
  closed = ECOAUTH_EVENT_CLOSED,
};

enum class GrantState : int32_t {
  none = ECOAUTH_GRANT_NONE,
  active = ECOAUTH_GRANT_ACTIVE,
  suspect = ECOAUTH_GRANT_SUSPECT,
  needs_reauthorization = ECOAUTH_GRANT_NEEDS_REAUTHORIZATION,
  blocked = ECOAUTH_GRANT_BLOCKED,
};

enum class LogLevel : int32_t {
  none = ECOAUTH_LOG_NONE,
  error = ECOAUTH_LOG_ERROR,
  warning = ECOAUTH_LOG_WARNING,
  info = ECOAUTH_LOG_INFO,
  debug = ECOAUTH_LOG_DEBUG,
  trace = ECOAUTH_LOG_TRACE,
};

/// Of a later library: an unknown state counts as suspect.
inline GrantState grant_state(int32_t number) {
  return number >= ECOAUTH_GRANT_NONE && number <= ECOAUTH_GRANT_BLOCKED ? GrantState(number) : GrantState::suspect;
}

/// An access token. Its bytes are wiped at its end; it has no text form, so that it cannot be logged by accident.
class Token {
 public:
  static Token copy(const ecoauth_token* token) {
    Token made;
    made.header_ = ecoauth_token_authorization_header(token);
    made.prefix_bytes_ = made.header_.size() - std::string(ecoauth_token_access_token(token)).size();
    made.generation_ = ecoauth_token_generation(token);
    made.valid_ = Milliseconds(ecoauth_token_valid_ms(token));
    made.scope_ = ecoauth_token_scope(token);
    return made;
  }
  static Token take(ecoauth_token* token) {
    Token made = copy(token);
    ecoauth_token_free(token);
    return made;
  }
  Token(Token&&) = default;
  Token& operator=(Token&& other) noexcept {
    wipe();
    header_ = std::move(other.header_);
    prefix_bytes_ = other.prefix_bytes_, generation_ = other.generation_, valid_ = other.valid_;
    scope_ = std::move(other.scope_);
    return *this;
  }
  ~Token() { wipe(); }

  std::string access_token() const { return header_.empty() ? std::string() : header_.substr(prefix_bytes_); }
  /// The whole value of an Authorization header.
  const std::string& authorization_header() const noexcept { return header_; }
  /// For Account::report_rejected().
  int64_t generation() const noexcept { return generation_; }
  /// How long it was still valid when it was handed out.
  Milliseconds valid() const noexcept { return valid_; }
  const std::string& scope() const noexcept { return scope_; }

 private:
  Token() = default;
  void wipe() noexcept {
    for (volatile char* at = header_.data(); at != header_.data() + header_.size(); ++at) *at = 0;
  }
  std::string header_;
  size_t prefix_bytes_ = 0;
  int64_t generation_ = 0;
  Milliseconds valid_{0};
  std::string scope_;
};

/// The API's answer.
struct Response {
  static Response copy(const ecoauth_response* response) {
    return {ecoauth_response_http_status(response), ecoauth_response_api_status(response),
            std::string(ecoauth_response_body(response), ecoauth_response_body_bytes(response)),
            ecoauth_response_content_type(response)};
  }
  static Response take(ecoauth_response* response) {
    Response made = copy(response);
    ecoauth_response_free(response);
    return made;
  }
  int32_t http_status;
  int32_t api_status;  ///< -1 when the body has none
  std::string body;
  std::string content_type;
};

/// What an account looked like at one moment.
struct Status {
  static Status take(ecoauth_status* status) {
    Status made{ecoauth_status_revision(status),
                grant_state(ecoauth_status_grant_state(status)),
                ecoauth_status_reason(status),
                ecoauth_status_flags(status),
                ecoauth_status_generation(status),
                Milliseconds(ecoauth_status_token_valid_ms(status)),
                optional_ms(ecoauth_status_token_age_ms(status)),
                optional_ms(ecoauth_status_next_try_ms(status)),
                Milliseconds(ecoauth_status_pin_valid_ms(status)),
                ecoauth_status_scope_granted(status),
                ecoauth_status_scope_asked(status),
                std::nullopt,
                ecoauth_status_account_key(status),
                ecoauth_status_origin(status),
                ecoauth_status_client_fingerprint(status),
                ecoauth_status_store(status),
                ecoauth_status_seal(status)};
    if (int32_t satisfied = ecoauth_status_scope_satisfied(status); satisfied >= 0)
      made.scope_satisfied = satisfied == 1;
    ecoauth_status_free(status);
    return made;
  }
  int64_t revision;  ///< 0 while the store has not been read
  GrantState state;
  std::string reason;
  int32_t flags;  ///< ECOAUTH_FLAG_* combined
  int64_t generation;
  Milliseconds token_valid;
  std::optional<Milliseconds> token_age, next_try;
  Milliseconds pin_valid;
  std::string scope_granted, scope_asked;
  std::optional<bool> scope_satisfied;
  std::string account_key, origin, client_fingerprint, store, seal;

 private:
  static std::optional<Milliseconds> optional_ms(int64_t ms) {
    return ms < 0 ? std::nullopt : std::optional(Milliseconds(ms));
  }
};

/// A PIN to show.
struct Pin {
  std::string account_key;
  std::string pin;  ///< exactly as the server sent it
  std::string verification_url;
  Milliseconds remaining;
  std::string scope;
};

/// Something that happened; which members mean something depends on the kind (<ecoauth/event.h>).
struct Event {
  static Event copy(const ecoauth_event* event) {
    Event made{};
    made.kind = EventKind(ecoauth_event_kind(event));
    made.account_key = ecoauth_event_account_key(event);
    made.operation = ecoauth_event_operation(event);
    made.result = ecoauth_event_result(event);
    if (const ecoauth_error* error = ecoauth_event_error(event))
      made.error = Error::copy(ecoauth_error_code(error), error);
    made.remaining = Milliseconds(ecoauth_event_remaining_ms(event));
    made.text = ecoauth_event_text(event);
    if (made.kind == EventKind::pin)
      made.pin = {made.account_key, ecoauth_event_pin(event), ecoauth_event_verification_url(event), made.remaining,
                  made.text};
    made.state = grant_state(ecoauth_event_state(event));
    made.flags = ecoauth_event_flags(event);
    made.generation = ecoauth_event_generation(event);
    made.log_level = LogLevel(ecoauth_event_log_level(event));
    made.dropped = ecoauth_event_dropped(event);
    if (const void* data = ecoauth_event_data(event))
      made.data.assign(static_cast<const char*>(data), ecoauth_event_data_bytes(event));
    return made;
  }
  EventKind kind;
  std::string account_key;
  int64_t operation;
  int32_t result;
  std::optional<Error> error;
  Pin pin;
  Milliseconds remaining;
  std::string text;
  GrantState state;
  int32_t flags;
  int64_t generation;
  LogLevel log_level;
  int64_t dropped;
  std::string data;  ///< UNSAVED: the record, a secret
};

}  // namespace ecoauth
