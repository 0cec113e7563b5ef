// ecoauth for C++: what a client, its accounts and its operations share.
// SPDX-License-Identifier: MIT
#pragma once

#include <condition_variable>
#include <ecoauth/cpp/options.hpp>
#include <ecoauth/cpp/stop.hpp>
#include <map>
#include <set>
#include <type_traits>

namespace ecoauth::detail {

/// How an operation has ended.
struct Completion {
  int32_t result = ECOAUTH_ERROR_CLOSED;
  std::optional<Error> error;
  std::optional<Token> token;
  std::optional<Response> response;
  std::string text;

  template <typename T>
  Result<T> take() {
    if (result < 0) return error ? std::move(*error) : Error(result);
    if constexpr (std::is_same_v<T, Token>) return {std::move(*token), result};
    if constexpr (std::is_same_v<T, Response>) return {std::move(*response), result};
    if constexpr (std::is_same_v<T, std::string>) return {std::move(text), result};
    if constexpr (std::is_same_v<T, Done>) return {Done(), result};
  }
};

class Core {
 public:
  Thrown thrown;
  std::shared_ptr<Thrown> store_thrown;
  Dispatch dispatch = Dispatch::worker;
  std::function<void(const Pin&)> on_pin;
  std::function<void(const Event&)> on_event;
  std::function<void()> on_wakeup;

  // --- The handle: one reader of the pointer at a time, gone once closed ---
  void opened(ecoauth_client* client) { client_ = client; }
  ecoauth_client* client() const { return client_; }
  ecoauth_client* close() {
    std::lock_guard lock(handle_mutex_);
    return std::exchange(client_, nullptr);
  }
  int32_t cancel(int64_t operation) {
    std::lock_guard lock(handle_mutex_);
    return client_ ? ecoauth_client_cancel(client_, operation) : ECOAUTH_ERROR_CLOSED;
  }

  // --- Events ---
  void handle(const ecoauth_event* event) {
    if (ecoauth_event_kind(event) == ECOAUTH_EVENT_COMPLETED) complete(event);
    if (!on_event && !on_pin) return;
    const Event copied = Event::copy(event);
    if (on_pin && copied.kind == EventKind::pin) protect(thrown, [&] { on_pin(copied.pin); });
    if (on_event) protect(thrown, [&] { on_event(copied); });
  }

  void complete(const ecoauth_event* event) {
    Completion ended;
    ended.result = ecoauth_event_result(event);
    if (ended.result < 0) ended.error = explain(Error::copy(ended.result, ecoauth_event_error(event)));
    if (const ecoauth_token* token = ecoauth_event_token(event)) ended.token = Token::copy(token);
    if (const ecoauth_response* response = ecoauth_event_response(event)) ended.response = Response::copy(response);
    ended.text = ecoauth_event_text(event);
    std::lock_guard lock(mutex_);
    const int64_t operation = ecoauth_event_operation(event);
    if (abandoned_.erase(operation) == 0) completed_.emplace(operation, std::move(ended));
    changed_.notify_all();
  }

  /// Everything that still waits ends now.
  void end() {
    std::lock_guard lock(mutex_);
    ended_ = true;
    changed_.notify_all();
  }

  /// Nothing when the time is over first.
  std::optional<Completion> await(int64_t operation, Milliseconds timeout) {
    std::unique_lock lock(mutex_);
    auto over = [&] { return ended_ || completed_.count(operation); };
    if (timeout < Milliseconds(0))
      changed_.wait(lock, over);
    else if (!changed_.wait_for(lock, timeout, over))
      return std::nullopt;
    auto found = completed_.extract(operation);
    return found ? std::move(found.mapped()) : Completion{};
  }

  void abandon(int64_t operation) {
    std::lock_guard lock(mutex_);
    if (completed_.erase(operation) == 0 && !ended_) abandoned_.insert(operation);
  }

  /// Puts what the program's store has thrown behind an error of the store.
  Error explain(Error error) {
    if (store_thrown && error.code() <= ECOAUTH_ERROR_CALLBACK && error.code() >= ECOAUTH_ERROR_UNSAVED)
      error.set_cause(store_thrown->take());
    return error;
  }

 private:
  std::mutex handle_mutex_;
  ecoauth_client* client_ = nullptr;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::map<int64_t, Completion> completed_;
  std::set<int64_t> abandoned_;
  bool ended_ = false;
};

}  // namespace ecoauth::detail
