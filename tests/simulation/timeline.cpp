#include "timeline.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <utility>

namespace ecoauth::simulation {
namespace {

void put_digits(std::string& line, int64_t number, int digits) {
  const std::string text = to_text(number);
  line.append(static_cast<size_t>(std::max(0, digits - static_cast<int>(text.size()))), '0');
  line += text;
}

}  // namespace

void EventLog::put_time(std::string& line, int64_t at_ms) {
  line += "day ";
  line += to_text(at_ms / day_ms);
  line += ' ';
  put_digits(line, at_ms / hour_ms % 24, 2);
  line += ':';
  put_digits(line, at_ms / minute_ms % 60, 2);
  line += ':';
  put_digits(line, at_ms / second_ms % 60, 2);
  line += '.';
  put_digits(line, at_ms % second_ms, 3);
  line += ' ';
}

void EventLog::finish(const std::string& line) {
  for (const char c : line) {  // FNV-1a
    digest_ ^= static_cast<unsigned char>(c);
    digest_ *= 0x100000001b3u;
  }
  if (verbose) std::printf("%s\n", line.c_str());
}

std::vector<std::string> EventLog::latest() const {
  std::vector<std::string> lines;
  for (size_t i = lines_ > last_.size() ? lines_ - last_.size() : 0; i < lines_; ++i)
    lines.push_back(last_[i % last_.size()]);
  return lines;
}

void Timeline::at(int64_t at_ms, Task task) {
  due_.push_back({std::max(at_ms, now_ms_), numbers_++, std::move(task)});
  std::push_heap(due_.begin(), due_.end());
}

void Timeline::pass_until(int64_t end_ms) {
  while (!due_.empty() && due_.front().at_ms <= end_ms) {
    std::pop_heap(due_.begin(), due_.end());
    Due next = std::move(due_.back());
    due_.pop_back();
    now_ms_ = std::max(now_ms_, next.at_ms);
    next.task();
  }
  now_ms_ = std::max(now_ms_, end_ms);
}

int64_t Timeline::span_between(int64_t low_ms, int64_t high_ms) {
  const double exponent = static_cast<double>(dice_.next() >> 11) / 9007199254740992.0;
  // Rounded to seconds where there are any: the last digits of a power may differ between machines.
  const double span =
      static_cast<double>(low_ms) * std::pow(static_cast<double>(high_ms) / static_cast<double>(low_ms), exponent);
  const auto rounded = static_cast<int64_t>(span);
  return rounded > 10 * second_ms ? rounded / second_ms * second_ms : rounded;
}

}  // namespace ecoauth::simulation
