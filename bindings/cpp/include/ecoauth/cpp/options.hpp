// ecoauth for C++: the settings of a client.
// SPDX-License-Identifier: MIT
#pragma once

#include <ecoauth/cpp/store.hpp>

namespace ecoauth {

/// A builder, given to a Client by std::move. A refused value is told when the client is made. Handlers are called
/// where Dispatch says; what they throw is kept for Client::take_exception().
class Options {
 public:
  Options() : options_(ecoauth_options_new()) {}

  Options& client_id(const std::string& value) { return text(ecoauth_options_set_client_id, value); }
  Options& scope(const std::string& value) { return text(ecoauth_options_set_scope, value); }
  Options& base_url(const std::string& value) { return text(ecoauth_options_set_base_url, value); }
  Options& user_agent(const std::string& value) { return text(ecoauth_options_set_user_agent, value); }
  Options& ca_file(const std::string& value) { return text(ecoauth_options_set_ca_file, value); }
  Options& proxy(const std::string& value) { return text(ecoauth_options_set_proxy, value); }
  Options& token_format(const std::string& value) { return text(ecoauth_options_set_token_format, value); }
  Options& verification_url(const std::string& value) { return text(ecoauth_options_set_verification_url, value); }
  Options& request_timeout(Milliseconds value) {
    return note(ecoauth_options_set_request_timeout_ms(get(), value.count()));
  }
  Options& connect_timeout(Milliseconds value) {
    return note(ecoauth_options_set_connect_timeout_ms(get(), value.count()));
  }
  Options& shutdown_timeout(Milliseconds value) {
    return note(ecoauth_options_set_shutdown_timeout_ms(get(), value.count()));
  }
  Options& advisory_window(int32_t first_percent, int32_t last_percent) {
    return note(ecoauth_options_set_advisory_window(get(), first_percent, last_percent));
  }
  Options& mandatory_window(Milliseconds min_left, int32_t left_percent) {
    return note(ecoauth_options_set_mandatory_window(get(), min_left.count(), left_percent));
  }
  /// ECOAUTH_KEEP_FRESH_*, ECOAUTH_ROLE_*, ECOAUTH_POLLING_*, ECOAUTH_PARAMETERS_*
  Options& keep_fresh(int32_t value) { return note(ecoauth_options_set_keep_fresh(get(), value)); }
  Options& role(int32_t value) { return note(ecoauth_options_set_role(get(), value)); }
  Options& polling(int32_t value) { return note(ecoauth_options_set_polling(get(), value)); }
  Options& parameter_style(int32_t value) { return note(ecoauth_options_set_parameter_style(get(), value)); }
  Options& log_level(LogLevel value) { return note(ecoauth_options_set_log_level(get(), int32_t(value))); }

  Options& store(StoreHandle value) {
    store_thrown_ = value.thrown();
    return note(ecoauth_options_set_store(get(), value.release()));
  }
  Options& dispatch(Dispatch value) {
    dispatch_ = value;
    return note(ecoauth_options_set_dispatch(get(), int32_t(value)));
  }
  /// Who shows PINs. They come to on_event as well.
  Options& on_pin(std::function<void(const Pin&)> handler) { return on_pin_ = std::move(handler), *this; }
  Options& on_event(std::function<void(const Event&)> handler) { return on_event_ = std::move(handler), *this; }
  /// "The queue is no longer empty": on any thread, and it must return at once.
  Options& on_wakeup(std::function<void()> handler) { return on_wakeup_ = std::move(handler), *this; }

 private:
  friend class Client;
  ecoauth_options* get() { return options_.get(); }
  /// A text that holds a NUL is none in C.
  Options& text(int32_t (*set)(ecoauth_options*, const char*), const std::string& value) {
    return note(set(get(), value.find('\0') == std::string::npos ? value.c_str() : nullptr));
  }
  /// What was refused, ecoauth_client_new() tells.
  Options& note(int32_t /*result*/) { return *this; }

  struct Free {
    void operator()(ecoauth_options* options) const { ecoauth_options_free(options); }
  };
  std::unique_ptr<ecoauth_options, Free> options_;
  std::shared_ptr<detail::Thrown> store_thrown_;
  Dispatch dispatch_ = Dispatch::worker;
  std::function<void(const Pin&)> on_pin_;
  std::function<void(const Event&)> on_event_;
  std::function<void()> on_wakeup_;
};

}  // namespace ecoauth
