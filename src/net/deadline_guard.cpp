#include "net/deadline_guard.hpp"

#include <chrono>
#include <condition_variable>
#include <limits>
#include <map>
#include <mutex>
#include <new>

#include "base/thread.hpp"

namespace ecoauth {

namespace {
constexpr int64_t linger_ms = 2000;  // without a watch; a service's next request then finds the thread ready
}

struct DeadlineGuard::Core {
  struct Entry {
    int64_t deadline_ms;
    std::function<void()> expire;
  };

  explicit Core(const Clock& given) : clock(given) {}

  const Clock& clock;
  std::mutex mutex;
  std::condition_variable changed;
  std::condition_variable ended;
  std::map<Watch, Entry> entries;
  Watch last = 0;
  int64_t waits_until_ms = std::numeric_limits<int64_t>::max();
  bool running = false;
  bool stopping = false;

  void run() {
    struct Leave {  // also on a forced unwind
      Core* core;
      std::unique_lock<std::mutex> lock;
      ~Leave() {
        if (!lock.owns_lock()) lock.lock();
        core->running = false;
        core->ended.notify_all();
      }
    } leave{this, std::unique_lock(mutex)};
    auto& lock = leave.lock;
    while (!stopping) {
      if (entries.empty()) {
        waits_until_ms = std::numeric_limits<int64_t>::max();
        bool woken = changed.wait_for(lock, std::chrono::milliseconds(linger_ms),
                                      [this] { return stopping || !entries.empty(); });
        if (!woken) return;
        continue;
      }
      auto next = entries.begin();
      for (auto at = entries.begin(); at != entries.end(); ++at)
        if (at->second.deadline_ms < next->second.deadline_ms) next = at;
      int64_t left_ms = next->second.deadline_ms - clock.boot_ms();
      if (left_ms > 0) {
        // The wait itself does not count suspend; what wakes it after one looks at the boot clock.
        waits_until_ms = next->second.deadline_ms;
        changed.wait_for(lock, std::chrono::milliseconds(left_ms));
        continue;
      }
      auto expire = std::move(next->second.expire);
      entries.erase(next);
      lock.unlock();
      try {
        expire();
      } catch (const std::bad_alloc&) {
        // Its socket is shut already; only telling somebody at once failed.
      }
      expire = nullptr;
      lock.lock();
    }
  }
};

DeadlineGuard::DeadlineGuard(const Clock& clock) : core_(std::make_shared<Core>(clock)) {}

DeadlineGuard::~DeadlineGuard() { stop(0); }

DeadlineGuard::Watch DeadlineGuard::watch(int64_t deadline_boot_ms, std::function<void()> expire) {
  std::lock_guard lock(core_->mutex);
  if (core_->stopping) return 0;
  if (!core_->running) {
    core_->running = start_thread("ecoauth-guard", [core = core_] { core->run(); });
    if (!core_->running) return 0;
  }
  Watch watch = ++core_->last;
  core_->entries.emplace(watch, Core::Entry{deadline_boot_ms, std::move(expire)});
  if (deadline_boot_ms < core_->waits_until_ms) core_->changed.notify_all();
  return watch;
}

void DeadlineGuard::move(Watch watch, int64_t deadline_boot_ms) {
  std::lock_guard lock(core_->mutex);
  auto at = core_->entries.find(watch);
  if (at == core_->entries.end()) return;
  at->second.deadline_ms = deadline_boot_ms;
  if (deadline_boot_ms < core_->waits_until_ms) core_->changed.notify_all();
}

void DeadlineGuard::forget(Watch watch) {
  std::function<void()> expire;  // its captures end outside the lock
  std::lock_guard lock(core_->mutex);
  auto at = core_->entries.find(watch);
  if (at == core_->entries.end()) return;
  expire = std::move(at->second.expire);
  core_->entries.erase(at);
  if (core_->entries.empty()) core_->changed.notify_all();
}

bool DeadlineGuard::stop(int64_t timeout_ms) {
  std::unique_lock lock(core_->mutex);
  core_->stopping = true;
  core_->changed.notify_all();
  return core_->ended.wait_for(lock, std::chrono::milliseconds(timeout_ms), [this] { return !core_->running; });
}

bool DeadlineGuard::running() const {
  std::lock_guard lock(core_->mutex);
  return core_->running;
}

}  // namespace ecoauth
