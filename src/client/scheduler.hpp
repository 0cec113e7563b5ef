// Deadlines of all accounts on one thread, which exists only while there are any and sleeps until the next.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>

#include "base/clock.hpp"

namespace ecoauth {

/// Boot time: a deadline that passed while the machine was suspended is served when it wakes.
class Scheduler {
 public:
  using Task = std::function<void()>;

  explicit Scheduler(const Clock& clock);
  ~Scheduler();

  /// Runs `task` once at `at_boot_ms`, on the scheduler's thread; replaces what was set under `id`. `task` must not
  /// block. One that throws std::bad_alloc runs again a second later. False when no thread is to be had: nothing is
  /// scheduled.
  bool set(uint64_t id, int64_t at_boot_ms, Task task);
  void clear(uint64_t id);

  /// Forgets everything and waits at most `timeout_ms` for the thread. True when it has ended.
  bool stop(int64_t timeout_ms);
  bool running() const;

 private:
  struct Core;
  std::shared_ptr<Core> core_;
};

}  // namespace ecoauth
