// The sandbox's own time, which may run faster than the world and may be pushed forward.
#pragma once

#include <cstdint>
#include <optional>

#include "base/clock.hpp"

namespace ecoauth::sandbox {

class SandboxClock {
 public:
  SandboxClock(const Clock& real, double scale)
      : real_(real), scale_(scale), boot_at_start_ms_(real.boot_ms()), start_ms_(real.wall_ms()) {}

  /// Milliseconds since 1970 in the sandbox's world.
  int64_t now_ms() const {
    if (as_of_ms_) return *as_of_ms_;
    return start_ms_ + advanced_ms_ +
           static_cast<int64_t>(static_cast<double>(real_.boot_ms() - boot_at_start_ms_) * scale_);
  }
  /// Unscaled: for limits that protect the sandbox, which no control call may lift.
  int64_t real_ms() const { return real_.boot_ms(); }
  int64_t wall_ms() const { return real_.wall_ms(); }
  double scale() const { return scale_; }

  /// For what happens later than it was due: while this lives, that is the time.
  class AsOf {
   public:
    AsOf(SandboxClock& clock, int64_t at_ms) : clock_(clock) { clock_.as_of_ms_ = at_ms; }
    ~AsOf() { clock_.as_of_ms_.reset(); }
    AsOf(const AsOf&) = delete;
    AsOf& operator=(const AsOf&) = delete;

   private:
    SandboxClock& clock_;
  };
  /// Also backwards.
  void advance(int64_t by_ms) { advanced_ms_ += by_ms; }
  int64_t advanced_ms() const { return advanced_ms_; }
  /// After a restart.
  void resume_at(int64_t at_ms) { advance(at_ms - now_ms()); }

 private:
  const Clock& real_;
  const double scale_;
  const int64_t boot_at_start_ms_;
  const int64_t start_ms_;
  int64_t advanced_ms_ = 0;
  std::optional<int64_t> as_of_ms_;
};

}  // namespace ecoauth::sandbox
