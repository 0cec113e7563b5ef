// A clock that moves only when a test moves it.
#pragma once

#include <cstdint>
#include <string>

#include "base/clock.hpp"

namespace ecoauth::test {

class VirtualClock final : public Clock {
 public:
  int64_t boot_ms() const override { return boot_ms_; }
  int64_t wall_ms() const override { return wall_ms_; }
  std::string boot_id() const override { return boot_id_; }

  /// Time passes on both clocks, suspend or not: boot time counts it.
  void advance_ms(int64_t span_ms) {
    boot_ms_ += span_ms;
    wall_ms_ += span_ms;
  }
  /// Somebody sets the wall clock; nothing else happens.
  void step_wall_ms(int64_t by_ms) { wall_ms_ += by_ms; }
  void set_wall_ms(int64_t wall_ms) { wall_ms_ = wall_ms; }
  /// The machine starts again after having been off: boot time is small again, the boot has another name.
  void reboot(int64_t off_ms) {
    boot_ms_ = 5000;
    wall_ms_ += off_ms;
    boot_id_ = "boot-" + std::to_string(++boots_);
  }
  void forget_boot_id() { boot_id_.clear(); }

 private:
  int64_t boot_ms_ = 3600000;
  int64_t wall_ms_ = build_wall_ms() + 1000000;
  int boots_ = 1;
  std::string boot_id_ = "boot-1";
};

}  // namespace ecoauth::test
