#include "client/scheduler.hpp"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <chrono>
#include <condition_variable>
#include <map>
#include <mutex>
#include <new>
#include <set>
#include <utility>

#include "base/thread.hpp"

namespace ecoauth {

namespace {
constexpr int linger_ms = 5000;  // a thread that has just become useless is often needed again soon
constexpr int64_t again_ms = 1000;
}  // namespace

struct Scheduler::Core : std::enable_shared_from_this<Scheduler::Core> {
  explicit Core(const Clock& given) : clock(given) {}

  const Clock& clock;
  std::mutex mutex;
  std::condition_variable ended;
  std::map<uint64_t, std::pair<int64_t, Task>> tasks;
  std::set<std::pair<int64_t, uint64_t>> order;
  bool running = false;
  bool stopping = false;
  int timer_fd = -1;  // a boot-time timer: a condition variable would sleep through suspend
  int wake_fd = -1;

  bool start() {
    timer_fd = timerfd_create(CLOCK_BOOTTIME, TFD_CLOEXEC | TFD_NONBLOCK);
    wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    running =
        timer_fd >= 0 && wake_fd >= 0 && start_thread("ecoauth-timer", [self = shared_from_this()] { self->run(); });
    if (!running) close_fds();
    return running;
  }

  void close_fds() {
    for (int* fd : {&timer_fd, &wake_fd}) {
      if (*fd >= 0) close(*fd);
      *fd = -1;
    }
  }

  void wake() const {
    uint64_t one = 1;
    if (write(wake_fd, &one, sizeof one) < 0) return;  // full means that it is awake already
  }

  void remove(uint64_t id) {
    auto found = tasks.find(id);
    if (found == tasks.end()) return;
    order.erase({found->second.first, id});
    tasks.erase(found);
  }

  void put(uint64_t id, int64_t at_boot_ms, Task task) {
    tasks[id] = {at_boot_ms, std::move(task)};
    order.insert({at_boot_ms, id});
  }

  /// Takes one out whose time has come.
  bool take_due(uint64_t& id, Task& task) {
    if (order.empty() || order.begin()->first > clock.boot_ms()) return false;
    id = order.begin()->second;
    task = std::move(tasks.find(id)->second.second);
    remove(id);
    return true;
  }

  /// Without memory it runs a little later: no reason to end the process, which an exception on this thread would.
  void run_one(uint64_t id, Task& task) {
    try {
      task();
    } catch (const std::bad_alloc&) {
      std::lock_guard lock(mutex);
      try {
        if (!stopping && !tasks.count(id)) put(id, clock.boot_ms() + again_ms, std::move(task));
      } catch (const std::bad_alloc&) {
        remove(id);
      }
    }
    task = nullptr;
  }

  /// Until the next deadline or a wake(). False when nothing was to be waited for and nothing came.
  bool sleep(int64_t at_boot_ms) const {
    itimerspec until{};
    if (at_boot_ms > 0) {
      until.it_value.tv_sec = static_cast<time_t>(at_boot_ms / 1000);
      until.it_value.tv_nsec = static_cast<long>(at_boot_ms % 1000) * 1000000;
    }
    timerfd_settime(timer_fd, TFD_TIMER_ABSTIME, &until, nullptr);
    pollfd fds[] = {{timer_fd, POLLIN, 0}, {wake_fd, POLLIN, 0}};
    int ready = poll(fds, 2, at_boot_ms > 0 ? -1 : linger_ms);
    uint64_t count;
    if (read(wake_fd, &count, sizeof count) < 0 && read(timer_fd, &count, sizeof count) < 0) return ready != 0;
    return true;
  }

  void run() {
    std::unique_lock lock(mutex);
    while (!stopping) {
      uint64_t id = 0;
      Task task;
      if (take_due(id, task)) {
        lock.unlock();
        run_one(id, task);
        lock.lock();
        continue;
      }
      int64_t next_ms = order.empty() ? -1 : std::max<int64_t>(1, order.begin()->first);
      lock.unlock();
      bool woken = sleep(next_ms);
      lock.lock();
      if (!woken && order.empty()) break;
    }
    running = false;
    close_fds();
    ended.notify_all();
  }
};

Scheduler::Scheduler(const Clock& clock) : core_(std::make_shared<Core>(clock)) {}

Scheduler::~Scheduler() { stop(0); }

bool Scheduler::set(uint64_t id, int64_t at_boot_ms, Task task) {
  std::lock_guard lock(core_->mutex);
  if (core_->stopping) return false;
  core_->remove(id);
  if (!core_->running && !core_->start()) return false;
  bool first = core_->order.empty() || at_boot_ms < core_->order.begin()->first;
  core_->put(id, at_boot_ms, std::move(task));
  if (first) core_->wake();
  return true;
}

void Scheduler::clear(uint64_t id) {
  std::lock_guard lock(core_->mutex);
  core_->remove(id);
}

bool Scheduler::stop(int64_t timeout_ms) {
  std::unique_lock lock(core_->mutex);
  core_->stopping = true;
  auto tasks = std::exchange(core_->tasks, {});
  core_->order.clear();
  if (core_->running) core_->wake();
  bool ended = core_->ended.wait_for(lock, std::chrono::milliseconds(timeout_ms), [this] { return !core_->running; });
  lock.unlock();
  return ended;  // what the forgotten tasks held is let go of here, without the lock
}

bool Scheduler::running() const {
  std::lock_guard lock(core_->mutex);
  return core_->running;
}

}  // namespace ecoauth
