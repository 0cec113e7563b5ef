// At most so many wrong tries in a sliding window, by one account and by all together: five and thirty in ten minutes
// leave a guesser fewer than a hundred tries in the life of a PIN, however many accounts he makes.
#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>
#include <string>
#include <utility>

namespace ecoauth::sandbox {

class AttemptLimiter {
 public:
  AttemptLimiter(size_t most_by_one, size_t most_by_all, int64_t window_ms)
      : most_by_one_(most_by_one), most_by_all_(most_by_all), window_ms_(window_ms) {}

  /// How long `who` has to wait until the next try; 0 when he need not.
  int64_t wait_ms(const std::string& who, int64_t now_ms) {
    while (!wrong_.empty() && now_ms - wrong_.front().first >= window_ms_) wrong_.pop_front();
    const int64_t for_all_ms = wrong_.size() < most_by_all_ ? 0 : free_in_ms(wrong_.front(), now_ms);
    const auto is_his = [&](const Try& each) { return each.second == who; };
    const auto his = static_cast<size_t>(std::count_if(wrong_.begin(), wrong_.end(), is_his));
    if (his < most_by_one_) return for_all_ms;
    return std::max(for_all_ms, free_in_ms(*std::find_if(wrong_.begin(), wrong_.end(), is_his), now_ms));
  }
  /// Only when wait_ms() was 0, so that there are never more than the limits.
  void count_wrong(const std::string& who, int64_t now_ms) { wrong_.emplace_back(now_ms, who); }

 private:
  using Try = std::pair<int64_t, std::string>;
  int64_t free_in_ms(const Try& oldest, int64_t now_ms) const { return oldest.first + window_ms_ - now_ms; }

  const size_t most_by_one_;
  const size_t most_by_all_;
  const int64_t window_ms_;
  std::deque<Try> wrong_;
};

}  // namespace ecoauth::sandbox
