// The machine that all processes of a simulation share: its clocks, and a disk that may be in trouble.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "support/virtual_disk.hpp"
#include "timeline.hpp"

namespace ecoauth::simulation {

enum class DiskTrouble { none, full, read_only, write_fails, sync_fails, read_fails };
constexpr int disk_trouble_count = 6;
const char* name_of(DiskTrouble trouble);

class Host final : public Clock {
 public:
  Host(Timeline& timeline, bool has_clock_battery, bool tells_boot_id);

  int64_t boot_ms() const override { return timeline_.now_ms() - boot_began_ms_ + 5000; }
  int64_t wall_ms() const override { return true_wall_ms() + wall_error_ms_; }
  std::string boot_id() const override;

  void switch_on();
  /// What waited for a sync is lost or not: `outcomes` as in VirtualDisk::restart().
  void switch_off(const std::vector<size_t>& outcomes);
  bool on() const { return on_; }
  void step_wall_ms(int64_t by_ms) { wall_error_ms_ += by_ms; }
  void set_right() { wall_error_ms_ = 0; }
  bool clock_is_right() const { return wall_error_ms_ == 0; }

  VirtualDisk disk;
  DiskTrouble trouble = DiskTrouble::none;
  bool asleep = false;
  // Sabotage, to see that it is found out.
  bool syncs_are_lies = false;

 private:
  int64_t true_wall_ms() const { return build_wall_ms() + 30 * day_ms + timeline_.now_ms(); }

  Timeline& timeline_;
  const bool has_clock_battery_, tells_boot_id_;
  bool on_ = false;
  int boots_ = 0;
  int64_t boot_began_ms_ = 0;
  int64_t wall_error_ms_ = 0;
};

}  // namespace ecoauth::simulation
