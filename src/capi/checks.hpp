// What every function of the interface looks at before it does anything.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "base/error.hpp"
#include "client/runtime.hpp"

namespace ecoauth::capi {

/// INVALID_ARGUMENT: "`name`: why".
Error bad_argument(const char* name, std::string_view why);

/// Remembers the first thing that is wrong. `if (auto wrong = Checks().needs(x, "x").failure()) return *wrong;`
class Checks {
 public:
  Checks& needs(const void* pointer, const char* name);
  Checks& in_range(int64_t value, int64_t low, int64_t high, const char* name);
  /// A time-out of a call: 0 or more, or ECOAUTH_WAIT_FOREVER.
  Checks& wait_time(int64_t timeout_ms);
  /// A text of the host: there, UTF-8, `low` to `high` bytes.
  Checks& text(const char* text, size_t low_bytes, size_t high_bytes, const char* name);
  /// The same in printable ASCII.
  Checks& ascii(const char* text, size_t low_bytes, size_t high_bytes, const char* name);
  /// `size_bytes` at `data`.
  Checks& bytes(const void* data, size_t size_bytes, const char* name);

  /// Anything else: `why` it is wrong when `condition()` does not hold. Asked only when all before was right.
  template <typename Condition>
  Checks& holds(Condition condition, const char* name, const char* why) {
    if (!failure_ && !condition()) failure_ = bad_argument(name, why);
    return *this;
  }

  /// After the arguments: the client is of this process. Nothing of it may be touched before this.
  template <typename Handle>
  Checks& of_this_process(const Handle* handle) {
    return failure_ ? *this : unless_forked(handle->value->runtime());
  }
  /// The same, and has not ended.
  template <typename Handle>
  Checks& usable(const Handle* handle) {
    return failure_ ? *this : unless_ended(handle->value->runtime());
  }
  /// For what waits: not inside a callback.
  Checks& may_wait();

  std::optional<Error> failure() { return std::move(failure_); }

 private:
  Checks& unless_forked(const Runtime& runtime);
  Checks& unless_ended(const Runtime& runtime);

  std::optional<Error> failure_;
};

/// The time-out as the client layer takes it: what is longer than a process can live is "for ever" (-1), so that
/// nothing below has to fear an overflow.
int64_t wait_ms(int64_t timeout_ms);

}  // namespace ecoauth::capi
