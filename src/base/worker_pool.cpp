#include "base/worker_pool.hpp"

#include <cxxabi.h>
#include <openssl/crypto.h>

#include <chrono>
#include <condition_variable>
#include <deque>
#include <exception>
#include <mutex>
#include <new>

#include "base/thread.hpp"

namespace ecoauth {

namespace {
// Plain pointer, no destructor: a thread_local with one would pin the library and need the host's thread exit.
thread_local const void* current_pool = nullptr;
}  // namespace

struct WorkerPool::Core : std::enable_shared_from_this<WorkerPool::Core> {
  Core(Settings given, std::function<void(const char*)> defect) : settings(std::move(given)), on_defect(std::move(defect)) {}

  const Settings settings;
  const std::function<void(const char*)> on_defect;
  mutable std::mutex mutex;
  std::condition_variable work;
  std::condition_variable ended;
  std::deque<std::function<void()>> queue;
  size_t threads = 0;
  size_t idle = 0;
  bool stopping = false;

  // The end of a thread unwinds without an object, which "null" would report as a mistake.
  [[gnu::noinline, gnu::no_sanitize("null")]] void run_one(std::function<void()>& task) {
    try {
      task();
    } catch (abi::__forced_unwind&) {
      throw;  // a host that ends threads with pthread_exit (CPython does) must be let through
    } catch (const std::exception& defect) {
      if (on_defect) on_defect(defect.what());
    } catch (...) {
      if (on_defect) on_defect("unknown exception");
    }
  }

  bool start_worker() {
    try {
      return start_thread(settings.name.c_str(), [core = shared_from_this()] { core->run(); });
    } catch (const std::bad_alloc&) {
      return false;  // its callers count threads, and one is a destructor
    }
  }

  void run() {
    struct Leave {  // also on a forced unwind
      Core* core;
      ~Leave() {
        // What OpenSSL keeps for this thread goes before the thread counts as ended: behind its own end nobody frees it.
        OPENSSL_thread_stop();
        std::lock_guard lock(core->mutex);
        // A host that ends this thread inside its callback leaves tasks behind: another one takes this one's place.
        if (core->queue.empty() || !core->start_worker()) --core->threads;
        core->ended.notify_all();
      }
    } leave{this};
    current_pool = this;
    std::unique_lock lock(mutex);
    for (;;) {
      if (queue.empty()) {
        if (stopping) return;
        ++idle;
        bool woken = work.wait_for(lock, std::chrono::milliseconds(settings.idle_ms),
                                   [this] { return stopping || !queue.empty(); });
        --idle;
        if (!woken) return;
        continue;
      }
      std::function<void()> task = std::move(queue.front());
      queue.pop_front();
      lock.unlock();
      run_one(task);
      task = nullptr;  // its captures end outside the lock
      lock.lock();
    }
  }
};

WorkerPool::WorkerPool(Settings settings, std::function<void(const char*)> on_defect)
    : core_(std::make_shared<Core>(std::move(settings), std::move(on_defect))) {}

WorkerPool::~WorkerPool() { stop(0); }

bool WorkerPool::post(std::function<void()> task) {
  std::lock_guard lock(core_->mutex);
  if (core_->stopping) return false;
  core_->queue.push_back(std::move(task));
  if (core_->idle >= core_->queue.size() || core_->threads >= core_->settings.max_threads) {
    core_->work.notify_one();
    return true;
  }
  ++core_->threads;
  if (core_->start_worker()) return true;
  --core_->threads;
  if (core_->threads > 0) return true;  // the others will get to it
  core_->queue.pop_back();
  return false;
}

bool WorkerPool::stop(int64_t timeout_ms) {
  std::unique_lock lock(core_->mutex);
  core_->stopping = true;
  core_->work.notify_all();
  size_t own = on_worker() ? 1 : 0;
  return core_->ended.wait_for(lock, std::chrono::milliseconds(timeout_ms), [&] { return core_->threads <= own; });
}

size_t WorkerPool::thread_count() const {
  std::lock_guard lock(core_->mutex);
  return core_->threads;
}

size_t WorkerPool::idle_count() const {
  std::lock_guard lock(core_->mutex);
  return core_->idle;
}

bool WorkerPool::on_worker() const { return current_pool == core_.get(); }

}  // namespace ecoauth
