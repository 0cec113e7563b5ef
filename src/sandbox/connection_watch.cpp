#include "sandbox/connection_watch.hpp"

#include <sys/socket.h>

#include <algorithm>

namespace ecoauth::sandbox {

namespace {
/// The thread that serves the connection sees the end of the stream; it alone closes the descriptor.
void cut_off(int descriptor) { ::shutdown(descriptor, SHUT_RDWR); }
}  // namespace

ConnectionWatch::ConnectionWatch(size_t most_waiting, std::chrono::milliseconds patience)
    : most_waiting_(most_waiting), patience_(patience), thread_([this] { run(); }) {}

ConnectionWatch::~ConnectionWatch() {
  stop();
  thread_.join();
}

void ConnectionWatch::stop() {
  std::lock_guard lock(mutex_);
  stopped_ = true;
  for (const auto& [place, descriptor] : open_) cut_off(descriptor);
  wakeup_.notify_all();
}

void ConnectionWatch::run() {
  std::unique_lock lock(mutex_);
  while (!stopped_) {
    const Time now = std::chrono::steady_clock::now();
    Time next = now + patience_;
    for (auto& [place, since] : waiting_) {
      if (since + patience_ <= now)
        cut_off(place->descriptor_);
      else
        next = std::min(next, since + patience_);
    }
    wakeup_.wait_until(lock, next);
  }
}

void ConnectionWatch::make_room() {
  if (waiting_.size() <= most_waiting_) return;
  const auto longest = std::min_element(waiting_.begin(), waiting_.end(),
                                        [](const auto& a, const auto& b) { return a.second < b.second; });
  cut_off(longest->first->descriptor_);
  waiting_.erase(longest);
}

ConnectionWatch::Place::Place(ConnectionWatch& watch, int descriptor) : watch_(watch), descriptor_(descriptor) {
  {
    std::lock_guard lock(watch_.mutex_);
    watch_.open_[this] = descriptor_;
    if (watch_.stopped_) cut_off(descriptor_);
  }
  wait_for_peer();
}

ConnectionWatch::Place::~Place() {
  std::lock_guard lock(watch_.mutex_);
  watch_.waiting_.erase(this);
  watch_.open_.erase(this);
}

void ConnectionWatch::Place::wait_for_peer() {
  std::lock_guard lock(watch_.mutex_);
  watch_.waiting_[this] = std::chrono::steady_clock::now();
  watch_.make_room();
}

void ConnectionWatch::Place::work() {
  std::lock_guard lock(watch_.mutex_);
  watch_.waiting_.erase(this);
}

}  // namespace ecoauth::sandbox
