// One watcher for the deadlines of all requests. It sleeps exactly until the next one, does not tick, and ends when
// there is nothing to watch.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>

#include "base/clock.hpp"

namespace ecoauth {

class DeadlineGuard {
 public:
  explicit DeadlineGuard(const Clock& clock);
  /// Stops without waiting; nothing expires any more.
  ~DeadlineGuard();

  using Watch = uint64_t;  ///< 0 is none
  /// Calls `expire` on the watcher's thread when Clock::boot_ms() has reached the deadline. It must be short and not
  /// throw. Returns 0 when the system has no thread to give.
  Watch watch(int64_t deadline_boot_ms, std::function<void()> expire);
  void move(Watch watch, int64_t deadline_boot_ms);
  /// `expire` may still be running afterwards; it must keep alive what it uses.
  void forget(Watch watch);

  /// True when the watcher's thread has ended within the time.
  bool stop(int64_t timeout_ms);
  bool running() const;

 private:
  struct Core;
  std::shared_ptr<Core> core_;
};

}  // namespace ecoauth
