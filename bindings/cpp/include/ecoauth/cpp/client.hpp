// ecoauth for C++: clients.
// SPDX-License-Identifier: MIT
#pragma once

#include <ecoauth/cpp/account.hpp>

namespace ecoauth {

/// One application. Movable; its end waits for running exchanges up to the shutdown time-out.
class Client {
 public:
  /// Consumes the options.
  explicit Client(Options& options) : Client(std::move(try_make(options).value())) {}
  explicit Client(Options&& options) : Client(options) {}

  static Result<Client> try_make(Options&& options) { return try_make(options); }
  static Result<Client> try_make(Options& options) {
    auto core = std::make_shared<detail::Core>();
    core->dispatch = options.dispatch_;
    core->store_thrown = options.store_thrown_;
    core->on_pin = std::move(options.on_pin_);
    core->on_event = std::move(options.on_event_);
    core->on_wakeup = std::move(options.on_wakeup_);
    using Shared = std::shared_ptr<detail::Core>;
    const auto end = [](void* shared) { delete static_cast<Shared*>(shared); };
    if (core->dispatch != Dispatch::poll) {
      ecoauth_options_set_event_callback(
          options.get(),
          [](void* shared, const ecoauth_event* event) { (*static_cast<Shared*>(shared))->handle(event); },
          new Shared(core), end);
    }
    if (core->on_wakeup) {
      ecoauth_options_set_wakeup_callback(
          options.get(),
          [](void* shared) {
            detail::Core& told = **static_cast<Shared*>(shared);
            detail::protect(told.thrown, [&] { told.on_wakeup(); });
          },
          new Shared(core), end);
    }
    ecoauth_client* client = nullptr;
    ecoauth_error* error = nullptr;
    const int32_t result = ecoauth_client_new(options.options_.release(), &client, &error);
    if (result < 0) return Error::take(result, error);
    core->opened(client);
    return {Client(std::move(core)), result};
  }

  Client(Client&&) noexcept = default;
  Client& operator=(Client&& other) noexcept {
    std::swap(core_, other.core_);
    return *this;
  }
  ~Client() { close(); }

  /// Ends it; what still waits ends as cancelled or closed. Once or more, not while another thread is inside of another
  /// call of this client; accounts and operations may be in use.
  void close() noexcept {
    if (!core_) return;
    if (ecoauth_client* client = core_->close()) {
      ecoauth_client_free(client);
      core_->end();
    }
  }

  Result<Account> try_account(const std::string& key = "default") {
    ecoauth_account* account = nullptr;
    return call<Account>(
        [&](ecoauth_error** error) { return ecoauth_account_open(handle(), key.c_str(), &account, error); },
        [&](int32_t) { return Account(core_, account); });
  }
  Account account(const std::string& key = "default") { return try_account(key).value(); }

  /// Starts nothing new, and waits until everything is saved.
  Result<Done> try_quiesce(Milliseconds timeout) {
    return call<Done>([&](ecoauth_error** error) { return ecoauth_client_quiesce(handle(), timeout.count(), error); },
                      [](int32_t) { return Done(); });
  }
  void quiesce(Milliseconds timeout) { try_quiesce(timeout).value(); }

  /// The names of the accounts that the store has grants of.
  Result<std::vector<std::string>> try_accounts(Milliseconds timeout = forever) {
    ecoauth_account_list* list = nullptr;
    return call<std::vector<std::string>>(
        [&](ecoauth_error** error) { return ecoauth_client_accounts(handle(), timeout.count(), &list, error); },
        [&](int32_t) {
          std::vector<std::string> names;
          for (size_t index = 0; index < ecoauth_account_list_size(list); ++index)
            names.push_back(ecoauth_account_list_key(list, index));
          ecoauth_account_list_free(list);
          return names;
        });
  }
  std::vector<std::string> accounts(Milliseconds timeout = forever) { return try_accounts(timeout).value(); }

  /// Begins the end without waiting: the last event is EventKind::closed.
  Result<Done> try_close_start() {
    return call<Done>([&](ecoauth_error** error) { return ecoauth_client_close_start(handle(), error); },
                      [](int32_t) { return Done(); });
  }
  void close_start() { try_close_start().value(); }

  /// Dispatch::caller: calls the handlers for the events that wait, or for the first to come. How many there were.
  Result<int32_t> try_dispatch(Milliseconds timeout) {
    return call<int32_t>(
        [&](ecoauth_error** error) { return ecoauth_client_dispatch(handle(), timeout.count(), error); },
        [](int32_t delivered) { return delivered; });
  }
  int32_t dispatch(Milliseconds timeout) { return try_dispatch(timeout).value(); }

  /// Dispatch::poll: the next event, nothing when none came in time.
  Result<std::optional<Event>> try_next_event(Milliseconds timeout) {
    ecoauth_event* event = nullptr;
    ecoauth_error* error = nullptr;
    const int32_t result = ecoauth_client_next_event(handle(), timeout.count(), &event, &error);
    if (result == ECOAUTH_ERROR_TIMEOUT) {
      ecoauth_error_free(error);
      return std::optional<Event>();
    }
    if (result < 0) return failed(result, error);
    const std::unique_ptr<ecoauth_event, void (*)(ecoauth_event*)> owned(event, ecoauth_event_free);
    if (ecoauth_event_kind(event) == ECOAUTH_EVENT_COMPLETED) core_->complete(event);
    return {std::optional<Event>(Event::copy(event)), result};
  }
  std::optional<Event> next_event(Milliseconds timeout) { return try_next_event(timeout).value(); }

  /// A socket that becomes readable when events wait; drain it before you fetch them, and close it.
  Result<int32_t> try_wakeup_fd() {
    int32_t fd = -1;
    return call<int32_t>([&](ecoauth_error** error) { return ecoauth_client_wakeup_fd(handle(), &fd, error); },
                         [&](int32_t) { return fd; });
  }
  int32_t wakeup_fd() { return try_wakeup_fd().value(); }

  /// The last exception that a handler has thrown, once.
  std::exception_ptr take_exception() { return core_ ? core_->thrown.take() : nullptr; }

 private:
  explicit Client(std::shared_ptr<detail::Core> core) : core_(std::move(core)) {}
  ecoauth_client* handle() const { return core_ ? core_->client() : nullptr; }

  Error failed(int32_t result, ecoauth_error* error) const {
    if (handle()) return core_->explain(Error::take(result, error));
    ecoauth_error_free(error);
    return Error(ECOAUTH_ERROR_CLOSED, "this client has been closed");
  }
  template <typename T, typename Function, typename Make>
  Result<T> call(Function&& function, Make&& make) const {
    ecoauth_error* error = nullptr;
    const int32_t result = function(&error);
    if (result < 0) return failed(result, error);
    return {make(result), result};
  }

  std::shared_ptr<detail::Core> core_;
};

}  // namespace ecoauth
