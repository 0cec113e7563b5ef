// The one queue of a client's events (design.md 3.1, rules 7 and 13).
#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/error.hpp"
#include "base/worker_pool.hpp"
#include "client/config.hpp"
#include "client/values.hpp"

namespace ecoauth {

/// Made by make_shared: a callback that never returns keeps it.
class EventQueue : public std::enable_shared_from_this<EventQueue> {
 public:
  /// The event is gone afterwards: the receiver may take what is in it.
  using Deliver = std::function<void(Event&)>;
  using Wakeup = std::function<void()>;
  /// A place for one event, made ahead: putting the event there later cannot fail.
  using Place = std::list<Event>;

  EventQueue(Dispatch dispatch, Deliver deliver, Wakeup wakeup);
  ~EventQueue();

  static Place reserve() { return Place(1); }
  /// Never blocks. STATE, TOKEN and PROGRESS replace an older one of the same account; LOG lines beyond 256 push out the
  /// oldest.
  void push(Event event);
  void push(Place place);
  /// The last event; everything after it is discarded.
  void push_closed();

  /// nullopt when none came in time (negative: no limit), CLOSED when CLOSED has been taken.
  Result<std::optional<Event>> next(int64_t timeout_ms);
  /// Delivers what waits, on this thread, one thread at a time.
  Result<int32_t> dispatch(int64_t timeout_ms);
  Result<int32_t> wakeup_fd();

  /// Makes no callback from now on; for the end of the process.
  void silence();
  /// Waits until delivered events' callbacks have returned and lets go of the host's callbacks. True when in time.
  bool stop(int64_t timeout_ms);

 private:
  void became_readable();
  bool post_delivery();
  void deliver_waiting();
  void send_wakeup_bytes();
  Place take_first();
  bool wait_for_event(std::unique_lock<std::mutex>& lock, int64_t timeout_ms);

  const Dispatch mode_;
  WorkerPool pool_;  // one thread: event callbacks never overlap

  std::mutex mutex_;
  std::condition_variable added_;
  std::shared_ptr<const Deliver> deliver_;
  std::shared_ptr<const Wakeup> wakeup_;
  std::list<Event> events_;
  std::map<std::pair<int32_t, std::string>, std::list<Event>::iterator> latest_;  // of the coalesced kinds, by account
  size_t log_lines_ = 0;
  int64_t dropped_ = 0;
  bool delivering_ = false;
  bool closed_pushed_ = false;
  bool closed_taken_ = false;
  bool silenced_ = false;
  std::vector<int> wakeup_fds_;

  std::mutex dispatching_;
};

}  // namespace ecoauth
