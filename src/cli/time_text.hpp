// Durations for people, and the clock they are measured with.
#pragma once

#include <cstdint>
#include <string>

namespace ecoauth::cli {

/// Milliseconds since boot, time asleep included.
int64_t boot_ms();

/// "2 days 3 h", "1 h 5 min", "9 min 30 s", "45 s".
std::string duration_text(int64_t duration_ms);

/// "14:05", for a countdown.
std::string countdown_text(int64_t duration_ms);

}  // namespace ecoauth::cli
