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

bool is_printable_ascii(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= 0x20 && c < 0x7f; });
}

}  // namespace

Error bad_argument(const char* name, std::string_view why) {
  return make_error(ECOAUTH_ERROR_INVALID_ARGUMENT, "`" + std::string(name) + "`: " + std::string(why));
}

void Checks::refuse(Wrong wrong, const char* name, const char* why) noexcept {
  wrong_ = wrong;
  name_ = name;
  why_ = why;
}

Checks& Checks::needs(const void* pointer, const char* name) noexcept {
  if (fine() && !pointer) refuse(Wrong::missing, name);
  return *this;
}

Checks& Checks::in_range(int64_t value, int64_t low, int64_t high, const char* name) noexcept {
  if (!fine() || (value >= low && value <= high)) return *this;
  refuse(Wrong::range, name);
  value_ = value;
  low_ = low;
  high_ = high;
  return *this;
}

Checks& Checks::wait_time(int64_t timeout_ms) noexcept {
  if (!fine() || timeout_ms >= 0 || timeout_ms == ECOAUTH_WAIT_FOREVER) return *this;
  refuse(Wrong::time, "timeout_ms");
  value_ = timeout_ms;
  return *this;
}

Checks& Checks::text(const char* text, size_t low_bytes, size_t high_bytes, const char* name) noexcept {
  if (!needs(text, name).fine()) return *this;
  // Never reads far beyond the limit, should the terminating NUL be missing.
  const size_t size = strnlen(text, high_bytes + 1);
  if (size < low_bytes || size > high_bytes) {
    refuse(Wrong::length, name);
    value_ = static_cast<int64_t>(size);
    high_ = static_cast<int64_t>(high_bytes);
  } else if (!valid_utf8({text, size})) {
    refuse(Wrong::utf8, name);
  }
  return *this;
}

Checks& Checks::ascii(const char* text, size_t low_bytes, size_t high_bytes, const char* name) noexcept {
  if (this->text(text, low_bytes, high_bytes, name).fine() && !is_printable_ascii(text)) refuse(Wrong::ascii, name);
  return *this;
}

Checks& Checks::bytes(const void* data, size_t size_bytes, const char* name) noexcept {
  if (size_bytes > 0) needs(data, name);
  if (fine() && size_bytes > PTRDIFF_MAX) refuse(Wrong::size, "size_bytes");
  return *this;
}

Checks& Checks::may_wait() noexcept {
  if (fine() && inside_callback()) refuse(Wrong::reentrant, "");
  return *this;
}

Checks& Checks::unless_forked(const Runtime& runtime) { return runtime.forked() ? unless_ended(runtime) : *this; }

Checks& Checks::unless_ended(const Runtime& runtime) {
  client_error_ = runtime.usable();
  if (client_error_) wrong_ = Wrong::client;
  return *this;
}

std::optional<Error> Checks::failure() {
  switch (wrong_) {
    case Wrong::nothing:
      return std::nullopt;
    case Wrong::missing:
      return bad_argument(name_, "it is NULL");
    case Wrong::range:
      return bad_argument(name_, to_text(value_) + (high_ == INT64_MAX ? " is less than " + to_text(low_)
                                                                       : " is not between " + to_text(low_) + " and " +
                                                                             to_text(high_)));
    case Wrong::time:
      return bad_argument(name_, to_text(value_) + " is neither a time nor ECOAUTH_WAIT_FOREVER");
    case Wrong::length:
      return value_ == 0 ? bad_argument(name_, "it is empty")
                         : bad_argument(name_, "it has more than " + to_text(high_) + " bytes");
    case Wrong::utf8:
      return bad_argument(name_, "it is not UTF-8");
    case Wrong::ascii:
      return bad_argument(name_, "it is not printable ASCII");
    case Wrong::size:
      return bad_argument(name_, "it is larger than any memory");
    case Wrong::condition:
      return bad_argument(name_, why_);
    case Wrong::client:
      return std::move(client_error_);
    case Wrong::reentrant:
      break;
  }
  return make_error(ECOAUTH_ERROR_REENTRANT, "a call that may wait was made inside a callback");
}

int64_t wait_ms(int64_t timeout_ms) { return timeout_ms > longest_wait_ms ? ECOAUTH_WAIT_FOREVER : timeout_ms; }

}  // namespace ecoauth::capi
