#include "cli/time_text.hpp"

#include <algorithm>
#include <ctime>

namespace ecoauth::cli {

int64_t boot_ms() {
  timespec now{};
  clock_gettime(CLOCK_BOOTTIME, &now);
  return static_cast<int64_t>(now.tv_sec) * 1000 + now.tv_nsec / 1'000'000;
}

namespace {

std::string two_parts(int64_t big, const char* big_unit, int64_t small, const char* small_unit) {
  std::string text = std::to_string(big) + big_unit;
  if (small > 0) text += " " + std::to_string(small) + small_unit;
  return text;
}

}  // namespace

std::string duration_text(int64_t duration_ms) {
  const int64_t seconds = std::max<int64_t>(duration_ms, 0) / 1000;
  const int64_t minutes = seconds / 60;
  const int64_t hours = minutes / 60;
  if (hours >= 48) return two_parts(hours / 24, " days", hours % 24, " h");
  if (hours > 0) return two_parts(hours, " h", minutes % 60, " min");
  if (minutes > 0) return two_parts(minutes, " min", seconds % 60, " s");
  return std::to_string(seconds) + " s";
}

std::string countdown_text(int64_t duration_ms) {
  const int64_t seconds = (std::max<int64_t>(duration_ms, 0) + 999) / 1000;
  const int64_t rest = seconds % 60;
  return std::to_string(seconds / 60) + (rest < 10 ? ":0" : ":") + std::to_string(rest);
}

}  // namespace ecoauth::cli
