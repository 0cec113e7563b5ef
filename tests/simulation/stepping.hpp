// The library's threads, replaced when a program is linked with stepping.cpp instead of base/worker_pool and
// client/scheduler: tasks and timers go to whoever steps through them, in an order that can be repeated.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

namespace ecoauth::simulation {

class Stepper {
 public:
  virtual ~Stepper() = default;
  /// `pool` is the name of the pool that it was given to.
  virtual void post(const std::string& pool, std::function<void()> task) = 0;
  virtual void set_timer(uint64_t id, int64_t at_boot_ms, std::function<void()> task) = 0;
  virtual void clear_timer(uint64_t id) = 0;

  /// Gets the tasks of all pools and schedulers that are made while it is set.
  static Stepper*& current();
};

}  // namespace ecoauth::simulation
