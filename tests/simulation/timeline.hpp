// What happens when, decided by a seed; and what has happened, as lines with a digest.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "base/text.hpp"
#include "support/fixed_random.hpp"

namespace ecoauth::simulation {

constexpr int64_t second_ms = 1000, minute_ms = 60 * second_ms, hour_ms = 60 * minute_ms, day_ms = 24 * hour_ms,
                  year_ms = 365 * day_ms;

/// Something that must never happen has happened.
struct Violation : std::runtime_error {
  using std::runtime_error::runtime_error;
};

class EventLog {
 public:
  bool verbose = false;

  template <typename... Parts>
  void add(int64_t at_ms, const Parts&... parts) {
    std::string& line = last_[lines_++ % last_.size()];
    line.clear();
    put_time(line, at_ms);
    (put(line, parts), ...);
    finish(line);
  }
  /// Of all lines so far.
  uint64_t digest() const { return digest_; }
  int64_t lines() const { return static_cast<int64_t>(lines_); }
  /// The latest lines, oldest first.
  std::vector<std::string> latest() const;

 private:
  static void put(std::string& line, std::string_view text) { line += text; }
  static void put(std::string& line, int64_t number) { line += to_text(number); }
  static void put_time(std::string& line, int64_t at_ms);
  void finish(const std::string& line);

  std::array<std::string, 60> last_;
  size_t lines_ = 0;
  uint64_t digest_ = 0xcbf29ce484222325u;
};

/// True time, which no process can see. One thread.
class Timeline {
 public:
  using Task = std::function<void()>;

  explicit Timeline(uint64_t seed) : dice_(seed) {}

  int64_t now_ms() const { return now_ms_; }
  void at(int64_t at_ms, Task task);
  void after(int64_t span_ms, Task task) { at(now_ms_ + span_ms, std::move(task)); }
  /// Lets time pass. From inside a task, too: what falls due meanwhile happens in the middle of it.
  void pass_until(int64_t end_ms);
  void pass(int64_t span_ms) { pass_until(now_ms_ + span_ms); }

  test::FixedRandom& dice() { return dice_; }
  bool chance(double of_one) { return static_cast<double>(dice_.next() >> 11) / 9007199254740992.0 < of_one; }
  int64_t between(int64_t low, int64_t high) {
    return low + static_cast<int64_t>(dice_.next() % static_cast<uint64_t>(high - low + 1));
  }
  /// Somewhere between, small spans as likely as large ones.
  int64_t span_between(int64_t low_ms, int64_t high_ms);

  EventLog log;
  template <typename... Parts>
  void note(const Parts&... parts) {
    log.add(now_ms_, parts...);
  }

 private:
  struct Due {
    int64_t at_ms;
    uint64_t number;
    Task task;
    /// For a heap with the earliest on top.
    bool operator<(const Due& other) const {
      return at_ms != other.at_ms ? at_ms > other.at_ms : number > other.number;
    }
  };

  test::FixedRandom dice_;
  std::vector<Due> due_;
  uint64_t numbers_ = 0;
  int64_t now_ms_ = 0;
};

}  // namespace ecoauth::simulation
