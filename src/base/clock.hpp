// Time: one of the four seams that simulations replace.
#pragma once

#include <cstdint>
#include <string>

namespace ecoauth {

/// Two clocks with different duties. Boot time counts suspend and never steps: every deadline and every expiry inside one
/// boot uses it. Wall time may be wrong by decades and is used across boots only, never alone for a decision
/// (reliability.md 6.10).
class Clock {
 public:
  virtual ~Clock() = default;
  /// Milliseconds since boot, suspend included.
  virtual int64_t boot_ms() const = 0;
  /// Milliseconds since 1970 as the machine believes.
  virtual int64_t wall_ms() const = 0;
  /// Identifies this boot; empty when the kernel does not say.
  virtual std::string boot_id() const = 0;
};

/// Lives for ever.
const Clock& system_clock();

/// The wall time at which this library was built: a wall clock before it is certainly wrong.
int64_t build_wall_ms();

}  // namespace ecoauth
