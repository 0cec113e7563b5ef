#include "capi/checks.hpp"

#include <ecoauth/types.h>

#include <algorithm>
#include <cstring>
#include <string>

#include "base/callback_scope.hpp"
#include "base/text.hpp"

namespace ecoauth::capi {
namespace {

constexpr int64_t longest_wait_ms = int64_t{100} * 365 * 24 * 3600 * 1000;

std::string length_text(size_t low_bytes, size_t high_bytes) {
  return to_text(static_cast<int64_t>(low_bytes)) + " to " + to_text(static_cast<int64_t>(high_bytes)) + " bytes";
}

bool is_printable_ascii(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= 0x20 && c < 0x7f; });
}

}  // namespace

Error bad_argument(const char* name, std::string_view why) {
  return make_error(ECOAUTH_ERROR_INVALID_ARGUMENT, "`" + std::string(name) + "`: " + std::string(why));
}

Checks& Checks::needs(const void* pointer, const char* name) {
  if (!failure_ && !pointer) failure_ = bad_argument(name, "it is NULL");
  return *this;
}

Checks& Checks::in_range(int64_t value, int64_t low, int64_t high, const char* name) {
  if (!failure_ && (value < low || value > high))
    failure_ = bad_argument(name, high == INT64_MAX
                                      ? to_text(value) + " is less than " + to_text(low)
                                      : to_text(value) + " is not between " + to_text(low) + " and " + to_text(high));
  return *this;
}

Checks& Checks::wait_time(int64_t timeout_ms) {
  if (!failure_ && timeout_ms < 0 && timeout_ms != ECOAUTH_WAIT_FOREVER)
    failure_ = bad_argument("timeout_ms", to_text(timeout_ms) + " is neither a time nor ECOAUTH_WAIT_FOREVER");
  return *this;
}

Checks& Checks::text(const char* text, size_t low_bytes, size_t high_bytes, const char* name) {
  if (needs(text, name).failure_) return *this;
  // Never reads far beyond the limit, should the terminating NUL be missing.
  size_t size = strnlen(text, high_bytes + 1);
  if (size < low_bytes && size == 0)
    failure_ = bad_argument(name, "it is empty");
  else if (size < low_bytes || size > high_bytes)
    failure_ = bad_argument(name, "it does not have " + length_text(low_bytes, high_bytes));
  else if (!valid_utf8({text, size}))
    failure_ = bad_argument(name, "it is not UTF-8");
  return *this;
}

Checks& Checks::ascii(const char* text, size_t low_bytes, size_t high_bytes, const char* name) {
  if (!this->text(text, low_bytes, high_bytes, name).failure_ && !is_printable_ascii(text))
    failure_ = bad_argument(name, "it is not printable ASCII");
  return *this;
}

Checks& Checks::bytes(const void* data, size_t size_bytes, const char* name) {
  if (size_bytes > 0) needs(data, name);
  if (!failure_ && size_bytes > PTRDIFF_MAX) failure_ = bad_argument("size_bytes", "it is larger than any memory");
  return *this;
}

Checks& Checks::may_wait() {
  if (!failure_ && inside_callback())
    failure_ = make_error(ECOAUTH_ERROR_REENTRANT, "a call that may wait was made inside a callback");
  return *this;
}

Checks& Checks::unless_forked(const Runtime& runtime) {
  if (runtime.forked()) failure_ = runtime.usable();
  return *this;
}

Checks& Checks::unless_ended(const Runtime& runtime) {
  failure_ = runtime.usable();
  return *this;
}

int64_t wait_ms(int64_t timeout_ms) { return timeout_ms > longest_wait_ms ? ECOAUTH_WAIT_FOREVER : timeout_ms; }

}  // namespace ecoauth::capi
