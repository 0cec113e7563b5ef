// So many requests a minute from each application, as services limit them; ecobee publishes no number.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <string>

namespace ecoauth::sandbox {

class RateLimiter {
 public:
  /// Counts a request; 0 when it is within the limit, else the milliseconds until the next one is. `most` 0: no limit.
  int64_t wait_ms(const std::string& who, int64_t most, int64_t now_ms) {
    constexpr int64_t window_ms = 60000;
    constexpr size_t most_names = 4096;
    if (most == 0) return 0;
    if (times_.size() >= most_names) times_.clear();
    std::deque<int64_t>& times = times_[who];
    while (!times.empty() && now_ms - times.front() >= window_ms) times.pop_front();
    if (static_cast<int64_t>(times.size()) >= most) return times.front() + window_ms - now_ms;
    times.push_back(now_ms);
    return 0;
  }

 private:
  std::map<std::string, std::deque<int64_t>> times_;
};

}  // namespace ecoauth::sandbox
