#include "host.hpp"

namespace ecoauth::simulation {

const char* name_of(DiskTrouble trouble) {
  switch (trouble) {
    case DiskTrouble::none:
      return "none";
    case DiskTrouble::full:
      return "disk full";
    case DiskTrouble::read_only:
      return "read-only";
    case DiskTrouble::write_fails:
      return "writes fail";
    case DiskTrouble::sync_fails:
      return "syncs fail";
    case DiskTrouble::read_fails:
      return "reads fail";
  }
  return "?";
}

Host::Host(Timeline& timeline, bool has_clock_battery, bool tells_boot_id)
    : timeline_(timeline), has_clock_battery_(has_clock_battery), tells_boot_id_(tells_boot_id) {}

std::string Host::boot_id() const { return tells_boot_id_ ? "boot-" + to_text(boots_) : std::string(); }

void Host::switch_on() {
  on_ = true;
  asleep = false;
  ++boots_;
  boot_began_ms_ = timeline_.now_ms();
  if (!has_clock_battery_) wall_error_ms_ = -true_wall_ms();  // 1970, until the network tells the time
}

void Host::switch_off(const std::vector<size_t>& outcomes) {
  on_ = false;
  asleep = false;
  disk.restart(outcomes);
}

}  // namespace ecoauth::simulation
