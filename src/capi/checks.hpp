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
/// Arguments may be looked at outside of the guard: nothing is allocated before failure().
class Checks {
 public:
  Checks& needs(const void* pointer, const char* name) noexcept;
  Checks& in_range(int64_t value, int64_t low, int64_t high, const char* name) noexcept;
  /// A time-out of a call: 0 or more, or ECOAUTH_WAIT_FOREVER.
  Checks& wait_time(int64_t timeout_ms) noexcept;
  /// A text of the host: there, UTF-8, `low` (0 or 1) to `high` bytes.
  Checks& text(const char* text, size_t low_bytes, size_t high_bytes, const char* name) noexcept;
  /// The same in printable ASCII.
  Checks& ascii(const char* text, size_t low_bytes, size_t high_bytes, const char* name) noexcept;
  /// `size_bytes` at `data`.
  Checks& bytes(const void* data, size_t size_bytes, const char* name) noexcept;
  /// Anything else: `why` it is wrong when `condition()` does not hold. Asked only when all before was right.
  template <typename Condition>
  Checks& holds(Condition condition, const char* name, const char* why) noexcept {
    if (fine() && !condition()) refuse(Wrong::condition, name, why);
    return *this;
  }

  /// After the arguments: the client is of this process. Nothing of it may be touched before this.
  template <typename Handle>
  Checks& of_this_process(const Handle* handle) {
    return fine() ? unless_forked(handle->value->runtime()) : *this;
  }
  /// The same, and has not ended.
  template <typename Handle>
  Checks& usable(const Handle* handle) {
    return fine() ? unless_ended(handle->value->runtime()) : *this;
  }
  /// For what waits: not inside a callback.
  Checks& may_wait() noexcept;

  std::optional<Error> failure();

 private:
  enum class Wrong { nothing, missing, range, time, length, utf8, ascii, size, condition, client, reentrant };

  bool fine() const { return wrong_ == Wrong::nothing; }
  void refuse(Wrong wrong, const char* name, const char* why = "") noexcept;
  Checks& unless_forked(const Runtime& runtime);
  Checks& unless_ended(const Runtime& runtime);

  Wrong wrong_ = Wrong::nothing;
  const char* name_ = "";
  const char* why_ = "";
  int64_t value_ = 0, low_ = 0, high_ = 0;
  std::optional<Error> client_error_;
};

/// The time-out as the client layer takes it: what is longer than a process can live is "for ever" (-1), so that
/// nothing below has to fear an overflow.
int64_t wait_ms(int64_t timeout_ms);

}  // namespace ecoauth::capi
