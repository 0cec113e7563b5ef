// The way to end an exchange from outside: a deadline, a cancel, a shutdown. Blocking calls wait without time-outs of
// their own; raise() shuts their sockets and wakes their waits, so every bound lives in one place (deadline_guard).
#pragma once

#include <condition_variable>
#include <mutex>
#include <vector>

#include "net/http_transport.hpp"

namespace ecoauth {

class Interruption {
 public:
  /// The first reason wins.
  void raise(HttpFailure why);
  /// HttpFailure::none while nothing happened.
  HttpFailure raised() const;

  /// False when already raised: the socket must not be used.
  bool add_socket(int fd);
  void remove_socket(int fd);

  /// Makes waiters look again.
  void wake();
  /// Waits until `done()` or raise(); true when done. `done` is called with the lock held.
  template <typename Predicate>
  bool wait(Predicate done) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return why_ != HttpFailure::none || done(); });
    return why_ == HttpFailure::none;
  }

 private:
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  HttpFailure why_ = HttpFailure::none;
  std::vector<int> sockets_;
};

}  // namespace ecoauth
