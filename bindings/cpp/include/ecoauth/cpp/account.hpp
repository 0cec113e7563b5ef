// ecoauth for C++: accounts and operations.
// SPDX-License-Identifier: MIT
#pragma once

#include <ecoauth/cpp/core.hpp>

namespace ecoauth {

/// Something under way, as the start_ forms return it. Letting go of it does not end it: cancel() does.
template <typename T>
class Operation {
 public:
  Operation(std::shared_ptr<detail::Core> core, int64_t id) : core_(std::move(core)), id_(id) {}
  Operation(Operation&&) noexcept = default;
  Operation& operator=(Operation&& other) noexcept {
    std::swap(core_, other.core_), std::swap(id_, other.id_);
    return *this;
  }
  ~Operation() {
    if (core_) core_->abandon(id_);
  }

  int64_t id() const noexcept { return id_; }
  /// It ends with CANCELLED unless it has ended. From any thread, handlers too.
  void cancel() { core_->cancel(id_); }
  /// Once. Dispatch::worker: from any thread but handlers; else another thread must read the events meanwhile. TIMEOUT
  /// ends the waiting, not the operation.
  Result<T> try_get(Milliseconds timeout = forever) {
    if (detail::callback_depth) return Error(ECOAUTH_ERROR_REENTRANT);
    auto ended = core_->await(id_, timeout);
    if (!ended) return Error(ECOAUTH_ERROR_TIMEOUT);
    return ended->template take<T>();
  }
  T get(Milliseconds timeout = forever) { return try_get(timeout).value(); }

 private:
  std::shared_ptr<detail::Core> core_;
  int64_t id_;
};

/// What is sent with a request.
struct Body {
  std::string data;
  std::string content_type = "application/json;charset=UTF-8";
};

/// What a request may have beside its usual parts.
struct Extras {
  std::vector<std::pair<std::string, std::string>> headers;  ///< names and values; none that the library sends itself
  int64_t max_response_bytes = 0;                            ///< up to 64 MiB; 0: 4 MiB
};

/// One user's grant under a name. Usable from any number of threads; it may outlive its client and answers CLOSED then.
///
/// Every call that waits has four forms: X(..., timeout) throws; try_X(..., timeout) returns a Result; both take a stop
/// token as a last argument (Dispatch::worker only); start_X(...) returns at once.
class Account {
 public:
  Account(std::shared_ptr<detail::Core> core, ecoauth_account* account) : core_(std::move(core)), account_(account) {}

  // --- authorize_pin ---
  /// The PIN comes to Options::on_pin or as an event; succeeds when the user has approved it.
  Result<Operation<Done>> start_authorize_pin() {
    return start<Done>([&](int64_t* operation, ecoauth_error** error) {
      return ecoauth_account_authorize_pin_start(handle(), operation, error);
    });
  }
  Result<Done> try_authorize_pin(Milliseconds timeout = forever) {
    return call([&](ecoauth_error** error) { return ecoauth_account_authorize_pin(handle(), timeout.count(), error); });
  }
  template <typename Stop>
  Result<Done> try_authorize_pin(Milliseconds timeout, const Stop& stop) {
    return wait(start_authorize_pin(), timeout, stop);
  }
  template <typename... More>
  void authorize_pin(More&&... more) {
    try_authorize_pin(std::forward<More>(more)...).value();
  }

  // --- token ---
  /// A token valid for at least so long more. Result::code() may be UNSAVED_BUT_USABLE.
  Result<Operation<Token>> start_token(Milliseconds min_valid = Milliseconds(0)) {
    return start<Token>([&](int64_t* operation, ecoauth_error** error) {
      return ecoauth_account_get_token_start(handle(), min_valid.count(), operation, error);
    });
  }
  Result<Token> try_token(Milliseconds min_valid = Milliseconds(0), Milliseconds timeout = forever) {
    return fetch<Token, ecoauth_token>([&](ecoauth_token** made, ecoauth_error** error) {
      return ecoauth_account_get_token(handle(), min_valid.count(), timeout.count(), made, error);
    });
  }
  template <typename Stop>
  Result<Token> try_token(Milliseconds min_valid, Milliseconds timeout, const Stop& stop) {
    return wait(start_token(min_valid), timeout, stop);
  }
  template <typename... More>
  Token token(More&&... more) {
    return try_token(std::forward<More>(more)...).value();
  }

  // --- refresh ---
  /// Refreshes now.
  Result<Operation<Done>> start_refresh() {
    return start<Done>([&](int64_t* operation, ecoauth_error** error) {
      return ecoauth_account_refresh_start(handle(), operation, error);
    });
  }
  Result<Done> try_refresh(Milliseconds timeout = forever) {
    return call([&](ecoauth_error** error) { return ecoauth_account_refresh(handle(), timeout.count(), error); });
  }
  template <typename Stop>
  Result<Done> try_refresh(Milliseconds timeout, const Stop& stop) {
    return wait(start_refresh(), timeout, stop);
  }
  template <typename... More>
  void refresh(More&&... more) {
    try_refresh(std::forward<More>(more)...).value();
  }

  // --- request ---
  /// An authorized API request; a refused token is refreshed and the request repeated once.
  Result<Operation<Response>> start_request(const std::string& method, const std::string& target,
                                            const std::optional<Body>& body = {}, const Extras& extras = {}) {
    return start<Response>([&](int64_t* operation, ecoauth_error** error) {
      return ecoauth_account_request_with_start(handle(), method.c_str(), target.c_str(), lines_of(extras).c_str(),
                                                body ? body->data.data() : nullptr, body ? body->data.size() : 0,
                                                body ? body->content_type.c_str() : nullptr, extras.max_response_bytes,
                                                operation, error);
    });
  }
  Result<Response> try_request(const std::string& method, const std::string& target,
                               const std::optional<Body>& body = {}, Milliseconds timeout = forever) {
    return try_request(method, target, body, Extras(), timeout);
  }
  Result<Response> try_request(const std::string& method, const std::string& target, const std::optional<Body>& body,
                               const Extras& extras, Milliseconds timeout = forever) {
    return fetch<Response, ecoauth_response>([&](ecoauth_response** made, ecoauth_error** error) {
      return ecoauth_account_request_with(handle(), method.c_str(), target.c_str(), lines_of(extras).c_str(),
                                          body ? body->data.data() : nullptr, body ? body->data.size() : 0,
                                          body ? body->content_type.c_str() : nullptr, extras.max_response_bytes,
                                          timeout.count(), made, error);
    });
  }
  template <typename Stop>
  Result<Response> try_request(const std::string& method, const std::string& target, const std::optional<Body>& body,
                               Milliseconds timeout, const Stop& stop) {
    return wait(start_request(method, target, body), timeout, stop);
  }
  template <typename Stop>
  Result<Response> try_request(const std::string& method, const std::string& target, const std::optional<Body>& body,
                               const Extras& extras, Milliseconds timeout, const Stop& stop) {
    return wait(start_request(method, target, body, extras), timeout, stop);
  }
  template <typename... More>
  Response request(More&&... more) {
    return try_request(std::forward<More>(more)...).value();
  }

  // --- sign_out ---
  /// Forgets the grant, on disk too.
  Result<Operation<Done>> start_sign_out() {
    return start<Done>([&](int64_t* operation, ecoauth_error** error) {
      return ecoauth_account_sign_out_start(handle(), operation, error);
    });
  }
  Result<Done> try_sign_out(Milliseconds timeout = forever) {
    return call([&](ecoauth_error** error) { return ecoauth_account_sign_out(handle(), timeout.count(), error); });
  }
  template <typename Stop>
  Result<Done> try_sign_out(Milliseconds timeout, const Stop& stop) {
    return wait(start_sign_out(), timeout, stop);
  }
  template <typename... More>
  void sign_out(More&&... more) {
    try_sign_out(std::forward<More>(more)...).value();
  }

  // --- wait_for_change ---
  /// Waits until the revision differs; with 0 until the store has been read.
  Result<Operation<Done>> start_wait_for_change(int64_t seen_revision) {
    return start<Done>([&](int64_t* operation, ecoauth_error** error) {
      return ecoauth_account_wait_start(handle(), seen_revision, operation, error);
    });
  }
  Result<Done> try_wait_for_change(int64_t seen_revision, Milliseconds timeout = forever) {
    return call(
        [&](ecoauth_error** error) { return ecoauth_account_wait(handle(), seen_revision, timeout.count(), error); });
  }
  template <typename Stop>
  Result<Done> try_wait_for_change(int64_t seen_revision, Milliseconds timeout, const Stop& stop) {
    return wait(start_wait_for_change(seen_revision), timeout, stop);
  }
  template <typename... More>
  void wait_for_change(More&&... more) {
    try_wait_for_change(std::forward<More>(more)...).value();
  }

  // --- import_token ---
  /// Brings a refresh token from elsewhere under the library's care.
  Result<Operation<Done>> start_import_token(const std::string& refresh_token) {
    return start<Done>([&](int64_t* operation, ecoauth_error** error) {
      return ecoauth_account_import_start(handle(), refresh_token.c_str(), operation, error);
    });
  }
  Result<Done> try_import_token(const std::string& refresh_token, Milliseconds timeout = forever) {
    return call([&](ecoauth_error** error) {
      return ecoauth_account_import(handle(), refresh_token.c_str(), timeout.count(), error);
    });
  }
  template <typename Stop>
  Result<Done> try_import_token(const std::string& refresh_token, Milliseconds timeout, const Stop& stop) {
    return wait(start_import_token(refresh_token), timeout, stop);
  }
  template <typename... More>
  void import_token(More&&... more) {
    try_import_token(std::forward<More>(more)...).value();
  }

  // --- complete_redirect ---
  /// Takes the address to which the browser was sent back.
  Result<Operation<Done>> start_complete_redirect(const std::string& redirected_url) {
    return start<Done>([&](int64_t* operation, ecoauth_error** error) {
      return ecoauth_account_complete_redirect_start(handle(), redirected_url.c_str(), operation, error);
    });
  }
  Result<Done> try_complete_redirect(const std::string& redirected_url, Milliseconds timeout = forever) {
    return call([&](ecoauth_error** error) {
      return ecoauth_account_complete_redirect(handle(), redirected_url.c_str(), timeout.count(), error);
    });
  }
  template <typename Stop>
  Result<Done> try_complete_redirect(const std::string& redirected_url, Milliseconds timeout, const Stop& stop) {
    return wait(start_complete_redirect(redirected_url), timeout, stop);
  }
  template <typename... More>
  void complete_redirect(More&&... more) {
    try_complete_redirect(std::forward<More>(more)...).value();
  }

  // --- authorize_url ---
  /// The address to open in a browser; `flow` is one of ECOAUTH_FLOW_*.
  Result<Operation<std::string>> start_authorize_url(int32_t flow, const std::string& redirect_uri) {
    return start<std::string>([&](int64_t* operation, ecoauth_error** error) {
      return ecoauth_account_authorize_url_start(handle(), flow, redirect_uri.c_str(), operation, error);
    });
  }
  Result<std::string> try_authorize_url(int32_t flow, const std::string& redirect_uri, Milliseconds timeout = forever) {
    std::string address(16 * 1024, '\0');
    ecoauth_error* error = nullptr;
    const int32_t result = ecoauth_account_authorize_url(handle(), flow, redirect_uri.c_str(), timeout.count(),
                                                         address.data(), address.size(), nullptr, &error);
    if (result < 0) return failed(result, error);
    address.resize(address.find('\0'));
    return {std::move(address), result};
  }
  template <typename... More>
  std::string authorize_url(More&&... more) {
    return try_authorize_url(std::forward<More>(more)...).value();
  }

  // --- What never waits ---
  /// The access token in memory, without a lock; nothing when there is none or it has expired: then ask token().
  std::optional<std::string> token_in_memory() {
    std::string buffer(2048, '\0');
    size_t needed = 0;
    int32_t result = ecoauth_account_copy_token(account_.get(), buffer.data(), buffer.size(), &needed, nullptr);
    while (result == ECOAUTH_ERROR_BUFFER_TOO_SMALL) {
      buffer.resize(needed);
      result = ecoauth_account_copy_token(account_.get(), buffer.data(), buffer.size(), &needed, nullptr);
    }
    if (result < 0) return std::nullopt;
    buffer.resize(needed - 1);
    return buffer;
  }
  /// "Has it changed?" 0 without a token.
  int64_t generation() { return ecoauth_account_generation(account_.get()); }
  /// The API refused the token of this generation. False: a newer one is there.
  bool report_rejected(int64_t generation) {
    return call([&](ecoauth_error** error) {
             return ecoauth_account_report_rejected(handle(), generation, error);
           }).code() != ECOAUTH_ALREADY_DONE;
  }
  /// The user says "done".
  Result<Done> try_check_now() {
    return call([&](ecoauth_error** error) { return ecoauth_account_check_now(handle(), error); });
  }
  void check_now() { try_check_now().value(); }
  Result<Status> try_status() {
    return fetch<Status, ecoauth_status>(
        [&](ecoauth_status** made, ecoauth_error** error) { return ecoauth_account_status(handle(), made, error); });
  }
  Status status() { return try_status().value(); }
  /// The most recent failure, if the last try failed.
  std::optional<Error> last_error() {
    ecoauth_error* error = nullptr;
    if (!account_ || ecoauth_account_last_error(account_.get(), &error) < 0) return std::nullopt;
    return Error::take(ECOAUTH_ERROR_INTERNAL, error);
  }
  /// Ends the handle; the grant is not touched. Using it afterwards answers CLOSED.
  void close() noexcept { account_.reset(); }

 private:
  ecoauth_account* handle() const { return account_.get(); }

  /// A line feed in a name or value must not begin a header of its own: as a carriage return the library refuses it.
  static std::string lines_of(const Extras& extras) {
    std::string lines;
    for (const auto& [name, value] : extras.headers) {
      std::string line = name + ": " + value;
      for (char& c : line)
        if (c == '\n' || c == '\0') c = '\r';
      lines += line + "\n";
    }
    return lines;
  }

  Error failed(int32_t result, ecoauth_error* error) const {
    if (account_) return core_->explain(Error::take(result, error));
    ecoauth_error_free(error);
    return Error(ECOAUTH_ERROR_CLOSED, "this account has been closed");
  }
  template <typename Function>
  Result<Done> call(Function&& function) const {
    ecoauth_error* error = nullptr;
    const int32_t result = function(&error);
    if (result < 0) return failed(result, error);
    return {Done(), result};
  }
  template <typename T, typename Made, typename Function>
  Result<T> fetch(Function&& function) const {
    Made* made = nullptr;
    ecoauth_error* error = nullptr;
    const int32_t result = function(&made, &error);
    if (result < 0) return failed(result, error);
    return {T::take(made), result};
  }
  template <typename T, typename Function>
  Result<Operation<T>> start(Function&& function) const {
    int64_t operation = 0;
    ecoauth_error* error = nullptr;
    const int32_t result = function(&operation, &error);
    if (result < 0) return failed(result, error);
    return {Operation<T>(core_, operation), result};
  }
  template <typename T, typename Stop>
  Result<T> wait(Result<Operation<T>> started, Milliseconds timeout, const Stop& stop) const {
    if (!started) return started.error();
    Operation<T>& operation = started.value();
    if (core_->dispatch != Dispatch::worker) {
      operation.cancel();
      return Error(ECOAUTH_ERROR_WRONG_STATE, "stop tokens need Dispatch::worker");
    }
    const typename detail::StopCallbackOf<Stop>::Type cancel(stop, [&] { operation.cancel(); });
    Result<T> ended = operation.try_get(timeout);
    if (ended.code() == ECOAUTH_ERROR_TIMEOUT) operation.cancel();
    return ended;
  }
  struct Close {
    void operator()(ecoauth_account* account) const { ecoauth_account_close(account); }
  };
  std::shared_ptr<detail::Core> core_;
  std::unique_ptr<ecoauth_account, Close> account_;
};

}  // namespace ecoauth
