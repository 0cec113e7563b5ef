#include "stepping.hpp"

#include <utility>

#include "base/worker_pool.hpp"
#include "client/scheduler.hpp"

namespace ecoauth {

using simulation::Stepper;

Stepper*& Stepper::current() {
  static Stepper* stepper = nullptr;
  return stepper;
}

struct WorkerPool::Core {
  const std::string name;
  Stepper* stepper = Stepper::current();
  bool stopping = false;
};

WorkerPool::WorkerPool(Settings settings, std::function<void(const char*)>)
    : core_(std::make_shared<Core>(Core{settings.name})) {}
WorkerPool::~WorkerPool() = default;

bool WorkerPool::post(std::function<void()> task) {
  if (core_->stopping) return false;
  core_->stepper->post(core_->name, std::move(task));
  return true;
}

bool WorkerPool::stop(int64_t) { return core_->stopping = true; }
size_t WorkerPool::thread_count() const { return 0; }
size_t WorkerPool::idle_count() const { return 0; }
bool WorkerPool::on_worker() const { return false; }

struct Scheduler::Core {
  Stepper* stepper = Stepper::current();
  bool stopping = false;
};

Scheduler::Scheduler(const Clock&) : core_(std::make_shared<Core>()) {}
Scheduler::~Scheduler() = default;

bool Scheduler::set(uint64_t id, int64_t at_boot_ms, Task task) {
  if (core_->stopping) return false;
  core_->stepper->set_timer(id, at_boot_ms, std::move(task));
  return true;
}

void Scheduler::clear(uint64_t id) { core_->stepper->clear_timer(id); }
bool Scheduler::stop(int64_t) { return core_->stopping = true; }
bool Scheduler::running() const { return !core_->stopping; }

}  // namespace ecoauth
