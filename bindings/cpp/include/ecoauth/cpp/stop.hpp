// ecoauth for C++: what C++20 calls stop tokens, for C++17. std::stop_token is taken, too, where there is one.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <utility>

#if defined(__has_include)
#if __has_include(<stop_token>)
#include <stop_token>
#endif
#endif

namespace ecoauth {

namespace detail {
struct StopState {
  std::recursive_mutex
      mutex;  // held while callbacks run, so that none runs once its owner has gone; they may unregister
  bool stopped = false;
  uint64_t last = 0;
  std::map<uint64_t, std::function<void()>> callbacks;
};
}  // namespace detail

class StopToken {
 public:
  /// Never stops.
  StopToken() = default;
  bool stop_requested() const {
    if (!state_) return false;
    std::lock_guard lock(state_->mutex);
    return state_->stopped;
  }
  bool stop_possible() const noexcept { return state_ != nullptr; }

 private:
  friend class StopSource;
  friend class StopCallback;
  explicit StopToken(std::shared_ptr<detail::StopState> state) : state_(std::move(state)) {}
  std::shared_ptr<detail::StopState> state_;
};

class StopSource {
 public:
  StopToken get_token() const { return StopToken(state_); }
  bool stop_requested() const { return get_token().stop_requested(); }
  /// From any thread. Calls the callbacks; they must not throw. False when it had been called before.
  bool request_stop() {
    std::lock_guard lock(state_->mutex);
    if (state_->stopped) return false;
    state_->stopped = true;
    while (!state_->callbacks.empty()) {
      auto first = state_->callbacks.extract(state_->callbacks.begin());
      first.mapped()();
    }
    return true;
  }

 private:
  std::shared_ptr<detail::StopState> state_ = std::make_shared<detail::StopState>();
};

/// Calls a function when the stop is requested, at once when it has been.
class StopCallback {
 public:
  StopCallback(const StopToken& token, std::function<void()> callback) : state_(token.state_) {
    if (!state_) return;
    std::lock_guard lock(state_->mutex);
    if (state_->stopped)
      callback();
    else
      state_->callbacks.emplace(number_ = ++state_->last, std::move(callback));
  }
  ~StopCallback() {
    if (!state_) return;
    std::lock_guard lock(state_->mutex);
    state_->callbacks.erase(number_);
  }
  StopCallback(const StopCallback&) = delete;
  StopCallback& operator=(const StopCallback&) = delete;

 private:
  std::shared_ptr<detail::StopState> state_;
  uint64_t number_ = 0;
};

namespace detail {
template <typename Token>
struct StopCallbackOf;
template <>
struct StopCallbackOf<StopToken> {
  using Type = StopCallback;
};
#ifdef __cpp_lib_jthread
template <>
struct StopCallbackOf<std::stop_token> {
  using Type = std::stop_callback<std::function<void()>>;
};
#endif
}  // namespace detail

}  // namespace ecoauth
