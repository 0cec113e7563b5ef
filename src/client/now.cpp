#include "client/now.hpp"

#include "base/clock.hpp"

namespace ecoauth {

int64_t elapsed_ms(const Moment& then, const Now& now) {
  bool same_boot = !now.boot_id.empty() && now.boot_id == then.boot_id;
  if (same_boot && now.boot_ms >= then.boot_ms) return now.boot_ms - then.boot_ms;
  if (now.wall_ms < then.wall_ms || now.wall_ms < build_wall_ms()) return -1;
  return now.wall_ms - then.wall_ms;
}

}  // namespace ecoauth
