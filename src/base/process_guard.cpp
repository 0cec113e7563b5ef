#include "base/process_guard.hpp"

#include <openssl/crypto.h>
#include <pthread.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdlib>
#include <mutex>
#include <vector>

namespace ecoauth::process_guard {
namespace {

std::atomic<int64_t> forks{0};  // between the first process and this one
std::atomic<int64_t> forks_begun{0}, forks_ended{0};  // of this process

/// Places of listeners, for the child: it may not take a lock that another thread of the parent may have held.
struct Places {
  std::array<std::atomic<ProcessListener*>, 64> entries{};
  std::atomic<Places*> next{nullptr};
};

/// One per process, never destroyed: handlers and workers may outlive every static object.
struct Registry {
  int64_t generation = 0;
  std::mutex mutex;
  std::vector<std::weak_ptr<ProcessListener>> listeners;
  bool exiting = false;
  Registry* of_parent = nullptr;  // never touched; leak detectors see by it that it is not lost
};

std::atomic<Registry*> current{nullptr};
Places first_places;

Registry& registry() {
  Registry* found = current.load(std::memory_order_acquire);
  int64_t generation = forks.load(std::memory_order_relaxed);
  // A child gets its own: its parent's may have been locked at the moment of the fork.
  while (!found || found->generation != generation) {
    auto made = std::make_unique<Registry>();
    made->generation = generation;
    made->of_parent = found;
    if (current.compare_exchange_strong(found, made.get(), std::memory_order_acq_rel)) return *made.release();
  }
  return *found;
}

void before_fork() { forks_begun.fetch_add(1); }
void in_parent() { forks_ended.fetch_add(1); }

void in_child() {
  forks.fetch_add(1, std::memory_order_relaxed);
  forks_ended.store(forks_begun.load());
  for (Places* places = &first_places; places; places = places->next.load())
    for (auto& entry : places->entries)
      if (ProcessListener* listener = entry.exchange(nullptr)) listener->forked_child();
}

void watch_forks() {
  static const int watching = pthread_atfork(before_fork, in_parent, in_child);
  (void)watching;
}

void at_exit() {
  Registry& mine = registry();
  std::vector<std::weak_ptr<ProcessListener>> listeners;
  {
    std::lock_guard lock(mine.mutex);
    mine.exiting = true;
    listeners.swap(mine.listeners);
  }
  for (auto& weak : listeners)
    if (auto listener = weak.lock()) listener->process_exits();
}

void put(ProcessListener* listener) {
  for (Places* places = &first_places;; places = places->next.load()) {
    for (auto& entry : places->entries) {
      ProcessListener* nobody = nullptr;
      if (entry.compare_exchange_strong(nobody, listener)) return;
    }
    if (!places->next.load()) {
      auto more = std::make_unique<Places>();
      Places* none = nullptr;
      if (places->next.compare_exchange_strong(none, more.get())) more.release();
    }
  }
}

}  // namespace

int64_t fork_generation() { return forks.load(std::memory_order_relaxed); }

ForkWatch::ForkWatch() {
  watch_forks();
  const int64_t ended = forks_ended.load();  // first: one that begins in between counts as under way
  begun_ = forks_begun.load();
  in_between_ = begun_ != ended;
}

bool ForkWatch::forked() const { return in_between_ || forks_begun.load() != begun_; }

void add(const std::shared_ptr<ProcessListener>& listener) {
  watch_forks();
  put(listener.get());
  Registry& mine = registry();
  std::lock_guard lock(mine.mutex);
  auto& all = mine.listeners;
  all.erase(std::remove_if(all.begin(), all.end(), [](const auto& weak) { return weak.expired(); }), all.end());
  all.push_back(listener);
}

void remove(ProcessListener* listener) {
  for (Places* places = &first_places; places; places = places->next.load())
    for (auto& entry : places->entries) {
      ProcessListener* expected = listener;
      if (entry.compare_exchange_strong(expected, nullptr)) return;
    }
}

void arm_exit() {
  // OpenSSL registers its handler when it starts: that is now, and without the machine's configuration file, which belongs to
  // programs and not to a library inside one.
  OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG, nullptr);
  std::atexit(at_exit);
}

}  // namespace ecoauth::process_guard
