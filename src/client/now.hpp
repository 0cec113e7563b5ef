// The moment at which something is decided, as a value: what keeps the decisions pure.
#pragma once

#include <cstdint>
#include <string>

#include "protocol/record.hpp"

namespace ecoauth {

struct Now {
  int64_t boot_ms = 0;
  int64_t wall_ms = 0;
  std::string boot_id;
  double dice = 0.5;  ///< a fresh random number in [0, 1) for whoever needs jitter

  Moment moment() const { return {boot_ms, wall_ms, boot_id}; }
};

/// How long ago `then` was: by the boot clock within one boot, by the wall clock across boots, -1 when neither can tell (a
/// wall clock behind the record or before this library was built).
int64_t elapsed_ms(const Moment& then, const Now& now);

}  // namespace ecoauth
