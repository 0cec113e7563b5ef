// What a failed operation carries upwards, and Result<T>. The numbers are the public ones of <ecoauth/error.h>.
#pragma once

#include <ecoauth/error.h>

#include <cstdint>
#include <optional>
#include <string>
#include <utility>

namespace ecoauth {

/// Answers the questions of design.md 3.1 rule 4. No member may hold a secret; what came from a peer went through printable().
struct Error {
  int32_t code = ECOAUTH_ERROR_INTERNAL;
  std::string message;  ///< what happened, one line
  std::string advice;   ///< what to do, one line
  int32_t action = ECOAUTH_ACTION_NONE;
  int64_t retry_after_ms = 0;
  std::string oauth_error;
  std::string oauth_description;
  std::string oauth_uri;
  int32_t http_status = 0;
  int32_t api_status = -1;
};

/// An error with the usual advice and action for its code; callers replace what they know better.
Error make_error(int32_t code, std::string message);
Error make_error(int32_t code, std::string message, std::string advice);

const char* result_name(int32_t result);
const char* action_name(int32_t action);

/// Expected failures travel as values; exceptions are for defects and exhausted memory.
template <typename T>
class Result {
 public:
  Result(T value) : value_(std::move(value)) {}
  Result(Error error) : error_(std::move(error)) {}

  bool ok() const { return value_.has_value(); }
  explicit operator bool() const { return ok(); }
  T& value() { return *value_; }
  const T& value() const { return *value_; }
  const Error& error() const { return error_; }

 private:
  std::optional<T> value_;
  Error error_;
};

}  // namespace ecoauth
