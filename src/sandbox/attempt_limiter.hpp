// At most so many wrong tries in a sliding window. Nobody can tell which PIN a wrong one was meant to be, so one limit
// holds for all of them together: ten a minute leave a guesser fewer than 100 tries in the life of a PIN.
#pragma once

#include <cstdint>
#include <deque>

namespace ecoauth::sandbox {

class AttemptLimiter {
 public:
  AttemptLimiter(size_t most, int64_t window_ms) : most_(most), window_ms_(window_ms) {}

  bool allows(int64_t now_ms) {
    while (!wrong_.empty() && now_ms - wrong_.front() >= window_ms_) wrong_.pop_front();
    return wrong_.size() < most_;
  }
  void count_wrong(int64_t now_ms) { wrong_.push_back(now_ms); }

 private:
  const size_t most_;
  const int64_t window_ms_;
  std::deque<int64_t> wrong_;
};

}  // namespace ecoauth::sandbox
