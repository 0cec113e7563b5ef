#include "client/event_queue.hpp"

#include <ecoauth/event.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <utility>

#include "base/callback_scope.hpp"

namespace ecoauth {
namespace {

constexpr size_t most_log_lines = 256;

bool is_coalesced(int32_t kind) {
  return kind == ECOAUTH_EVENT_STATE || kind == ECOAUTH_EVENT_TOKEN || kind == ECOAUTH_EVENT_PROGRESS;
}

Error closed_error() { return make_error(ECOAUTH_ERROR_CLOSED, "the client has been closed"); }

}  // namespace

EventQueue::EventQueue(Dispatch dispatch, Deliver deliver, Wakeup wakeup)
    : mode_(dispatch),
      pool_({"ecoauth-events", 1, 5000}),
      deliver_(deliver ? std::make_shared<const Deliver>(std::move(deliver)) : nullptr),
      wakeup_(wakeup ? std::make_shared<const Wakeup>(std::move(wakeup)) : nullptr) {}

EventQueue::~EventQueue() { stop(0); }

void EventQueue::push(Event event) {
  Place place;
  place.push_back(std::move(event));
  push(std::move(place));
}

void EventQueue::push(Place place) {
  std::lock_guard lock(mutex_);
  if (closed_pushed_ || silenced_) return;
  if (mode_ == Dispatch::worker && !deliver_) return;  // nobody listens
  bool was_empty = events_.empty();
  Event& event = place.front();
  if (event.kind == ECOAUTH_EVENT_LOG) {
    if (log_lines_ == most_log_lines) {
      auto oldest = std::find_if(events_.begin(), events_.end(), [](const Event& e) { return e.kind == ECOAUTH_EVENT_LOG; });
      dropped_ += 1 + oldest->dropped;
      events_.erase(oldest);
    } else {
      ++log_lines_;
    }
    event.dropped = std::exchange(dropped_, 0);
    events_.splice(events_.end(), place);
  } else if (is_coalesced(event.kind)) {
    auto key = std::make_pair(event.kind, event.account_key);
    auto waiting = latest_.find(key);
    if (waiting != latest_.end()) events_.erase(waiting->second);
    events_.splice(events_.end(), place);
    latest_[std::move(key)] = std::prev(events_.end());
  } else {
    events_.splice(events_.end(), place);
  }
  if (was_empty) became_readable();
}

void EventQueue::push_closed() {
  Event closed;
  closed.kind = ECOAUTH_EVENT_CLOSED;
  push(std::move(closed));
  std::lock_guard lock(mutex_);
  closed_pushed_ = true;
}

void EventQueue::became_readable() {
  added_.notify_all();
  send_wakeup_bytes();
  if (mode_ == Dispatch::worker) {
    if (!delivering_) delivering_ = post_delivery();
  }
  // On a worker, since a caller may hold locks here.
  if (wakeup_) {
    pool_.post([self = shared_from_this()] {
      std::shared_ptr<const Wakeup> wakeup;
      {
        std::lock_guard lock(self->mutex_);
        wakeup = self->wakeup_;  // gone when the client has ended meanwhile
      }
      if (!wakeup) return;
      CallbackScope scope;
      (*wakeup)();
    });
  }
}

void EventQueue::send_wakeup_bytes() {
  auto gone = [](int fd) {
    if (send(fd, "", 1, MSG_NOSIGNAL | MSG_DONTWAIT) == 1 || errno == EAGAIN || errno == EINTR) return false;
    close(fd);
    return true;
  };
  wakeup_fds_.erase(std::remove_if(wakeup_fds_.begin(), wakeup_fds_.end(), gone), wakeup_fds_.end());
}

EventQueue::Place EventQueue::take_first() {
  Place first;
  if (events_.empty()) return first;
  const Event& event = events_.front();
  if (event.kind == ECOAUTH_EVENT_LOG) --log_lines_;
  if (event.kind == ECOAUTH_EVENT_CLOSED) closed_taken_ = true;
  if (is_coalesced(event.kind)) latest_.erase(std::make_pair(event.kind, event.account_key));
  first.splice(first.end(), events_, events_.begin());
  return first;
}

bool EventQueue::wait_for_event(std::unique_lock<std::mutex>& lock, int64_t timeout_ms) {
  auto ready = [this] { return !events_.empty() || closed_taken_; };
  if (timeout_ms < 0) {
    added_.wait(lock, ready);
    return true;
  }
  return added_.wait_for(lock, std::chrono::milliseconds(timeout_ms), ready);
}

Result<std::optional<Event>> EventQueue::next(int64_t timeout_ms) {
  std::unique_lock lock(mutex_);
  wait_for_event(lock, timeout_ms);
  if (closed_taken_) return closed_error();
  Place first = take_first();
  if (!events_.empty()) {
    send_wakeup_bytes();
    added_.notify_one();
  }
  if (closed_taken_) added_.notify_all();  // others that wait learn that nothing more comes
  lock.unlock();
  if (first.empty()) return std::optional<Event>();
  return std::optional<Event>(std::move(first.front()));
}

Result<int32_t> EventQueue::dispatch(int64_t timeout_ms) {
  std::lock_guard one_at_a_time(dispatching_);
  std::unique_lock lock(mutex_);
  wait_for_event(lock, timeout_ms);
  if (closed_taken_) return closed_error();
  int32_t delivered = 0;
  for (size_t waiting = events_.size(); waiting > 0; --waiting) {
    Place first = take_first();
    if (first.empty()) break;
    auto deliver = silenced_ ? nullptr : deliver_;
    lock.unlock();
    if (deliver) {
      CallbackScope scope;
      (*deliver)(first.front());
    }
    ++delivered;
    first.clear();
    lock.lock();
  }
  if (!events_.empty()) send_wakeup_bytes();
  return delivered;
}

bool EventQueue::post_delivery() {
  return pool_.post([self = shared_from_this()] { self->deliver_waiting(); });
}

void EventQueue::deliver_waiting() {
  struct Leave {  // also when a host ends this thread from inside a callback
    EventQueue* queue;
    ~Leave() {
      std::lock_guard lock(queue->mutex_);
      queue->delivering_ = false;
      if (!queue->events_.empty() && !queue->silenced_)
        queue->delivering_ = queue->post_delivery();
    }
  } leave{this};
  for (;;) {
    std::unique_lock lock(mutex_);
    if (silenced_) return;
    Place first = take_first();
    if (first.empty()) return;
    auto deliver = deliver_;
    lock.unlock();
    if (!deliver) continue;
    CallbackScope scope;
    (*deliver)(first.front());
  }
}

Result<int32_t> EventQueue::wakeup_fd() {
  std::lock_guard lock(mutex_);
  if (closed_taken_) return closed_error();
  int pair[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair) != 0)
    return make_error(ECOAUTH_ERROR_INTERNAL, "no descriptor is to be had for a wakeup socket",
                      "Close descriptors that are not needed, or raise the process's limit.");
  wakeup_fds_.push_back(pair[0]);
  if (!events_.empty()) send(pair[0], "", 1, MSG_NOSIGNAL | MSG_DONTWAIT);
  return pair[1];
}

void EventQueue::silence() {
  std::lock_guard lock(mutex_);
  silenced_ = true;
  wakeup_.reset();
}

bool EventQueue::stop(int64_t timeout_ms) {
  bool ended = pool_.stop(timeout_ms);
  std::shared_ptr<const Deliver> deliver;
  std::shared_ptr<const Wakeup> wakeup;
  Place events;
  {
    std::lock_guard lock(mutex_);
    closed_pushed_ = closed_taken_ = true;
    deliver.swap(deliver_);
    wakeup.swap(wakeup_);
    events.swap(events_);
    latest_.clear();
    for (int fd : wakeup_fds_) close(fd);
    wakeup_fds_.clear();
    added_.notify_all();
  }
  return ended;  // what the host gave is let go of here, without the lock
}

}  // namespace ecoauth
