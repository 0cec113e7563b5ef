// ecoauth for C++: errors, as exceptions or as results.
// SPDX-License-Identifier: MIT
#pragma once

#include <ecoauth/ecoauth.h>

#include <chrono>
#include <cstdlib>
#include <exception>
#include <optional>
#include <string>
#include <utility>

namespace ecoauth {

/// A failed call, explained. Thrown as one of the classes below, one per action, or held by a Result.
class Error : public std::exception {
 public:
  explicit Error(int32_t code, std::string message = {}, int32_t action = ECOAUTH_ACTION_NONE)
      : code_(code), message_(std::move(message)), action_(action) {
    if (message_.empty()) message_ = name();
  }

  /// Takes an error from the library, NULL included (there was no memory for it).
  static Error take(int32_t code, ecoauth_error* error) {
    Error taken = copy(code, error);
    ecoauth_error_free(error);
    return taken;
  }

  static Error copy(int32_t code, const ecoauth_error* error) {
    Error made(code);
    if (!error) return made;
    made.code_ = ecoauth_error_code(error);
    made.message_ = ecoauth_error_message(error);
    made.advice_ = ecoauth_error_advice(error);
    made.action_ = ecoauth_error_action(error);
    made.retry_after_ = std::chrono::milliseconds(ecoauth_error_retry_after_ms(error));
    made.oauth_error_ = ecoauth_error_oauth_error(error);
    made.oauth_description_ = ecoauth_error_oauth_description(error);
    made.oauth_uri_ = ecoauth_error_oauth_uri(error);
    made.http_status_ = ecoauth_error_http_status(error);
    made.api_status_ = ecoauth_error_api_status(error);
    return made;
  }

  int32_t code() const noexcept { return code_; }
  /// "PIN_EXPIRED"
  const char* name() const noexcept { return ecoauth_result_name(code_); }
  /// What happened, for people.
  const char* what() const noexcept override { return message_.c_str(); }
  /// What to do about it, for people.
  const std::string& advice() const noexcept { return advice_; }
  /// What to do about it, for programs: ECOAUTH_ACTION_*. The class says the same.
  int32_t action() const noexcept { return action_; }
  std::chrono::milliseconds retry_after() const noexcept { return retry_after_; }
  const std::string& oauth_error() const noexcept { return oauth_error_; }
  const std::string& oauth_description() const noexcept { return oauth_description_; }
  const std::string& oauth_uri() const noexcept { return oauth_uri_; }
  int32_t http_status() const noexcept { return http_status_; }
  int32_t api_status() const noexcept { return api_status_; }
  /// What a store of this program has thrown shortly before, when this error came of it.
  std::exception_ptr cause() const noexcept { return cause_; }
  void set_cause(std::exception_ptr cause) noexcept { cause_ = std::move(cause); }

  /// Throws it as the class of its code or action.
  [[noreturn]] void raise() const;

 private:
  int32_t code_;
  std::string message_;
  int32_t action_;
  std::string advice_;
  std::chrono::milliseconds retry_after_{0};
  std::string oauth_error_, oauth_description_, oauth_uri_;
  int32_t http_status_ = 0, api_status_ = -1;
  std::exception_ptr cause_;
};

// By action.
struct WaitError : Error {
  explicit WaitError(const Error& error) : Error(error) {}
};
struct RetryError : Error {
  explicit RetryError(const Error& error) : Error(error) {}
};
struct ReauthorizeError : Error {
  explicit ReauthorizeError(const Error& error) : Error(error) {}
};
struct UserActionError : Error {
  explicit UserActionError(const Error& error) : Error(error) {}
};
struct ConfigError : Error {
  explicit ConfigError(const Error& error) : Error(error) {}
};
struct StorageError : Error {
  explicit StorageError(const Error& error) : Error(error) {}
};
struct DefectError : Error {
  explicit DefectError(const Error& error) : Error(error) {}
};
// By code, before the action is looked at.
struct Cancelled : Error {
  explicit Cancelled(const Error& error) : Error(error) {}
};
struct TimedOut : Error {
  explicit TimedOut(const Error& error) : Error(error) {}
};
struct Closed : Error {
  explicit Closed(const Error& error) : Error(error) {}
};

inline void Error::raise() const {
#ifdef __cpp_exceptions
  switch (code_) {
    case ECOAUTH_ERROR_CANCELLED:
      throw Cancelled(*this);
    case ECOAUTH_ERROR_TIMEOUT:
      throw TimedOut(*this);
    case ECOAUTH_ERROR_CLOSED:
      throw Closed(*this);
  }
  switch (action_) {
    case ECOAUTH_ACTION_NONE:
      throw Error(*this);
    case ECOAUTH_ACTION_WAIT:
      throw WaitError(*this);
    case ECOAUTH_ACTION_RETRY:
      throw RetryError(*this);
    case ECOAUTH_ACTION_REAUTHORIZE:
      throw ReauthorizeError(*this);
    case ECOAUTH_ACTION_FIX_CONFIG:
      throw ConfigError(*this);
    case ECOAUTH_ACTION_FIX_STORAGE:
      throw StorageError(*this);
    case ECOAUTH_ACTION_BUG:
      throw DefectError(*this);
    default:
      throw UserActionError(*this);  // unknown actions, too
  }
#else
  std::abort();
#endif
}

/// The value of calls that succeed with nothing to hand over.
struct Done {};

/// A value, or why there is none. For programs that do without exceptions: the try_ forms return it.
template <typename T>
class Result {
 public:
  Result(T value, int32_t code = ECOAUTH_OK) : value_(std::move(value)), code_(code) {}
  Result(Error error) : error_(std::move(error)), code_(error_->code()) {}

  explicit operator bool() const noexcept { return value_.has_value(); }
  /// The result code: 0, or positive with something to tell (ALREADY_DONE, UNSAVED_BUT_USABLE), or the error's.
  int32_t code() const noexcept { return code_; }
  /// Throws the error when there is no value.
  T& value() & { return check(), *value_; }
  T&& value() && { return check(), std::move(*value_); }
  T* operator->() { return &value(); }
  T& operator*() & { return value(); }
  /// Only when there is no value.
  const Error& error() const { return *error_; }

 private:
  void check() const {
    if (!value_) error_->raise();
  }
  std::optional<T> value_;
  std::optional<Error> error_;
  int32_t code_;
};

}  // namespace ecoauth
