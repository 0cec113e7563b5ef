// What the opaque types of the C interface hold.
#pragma once

#include <ecoauth/event.h>
#include <ecoauth/options.h>

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/error.hpp"
#include "capi/host_data.hpp"
#include "client/client.hpp"
#include "client/config.hpp"
#include "client/values.hpp"
#include "net/poco_transport.hpp"
#include "store/key_source.hpp"
#include "store/token_store.hpp"

struct ecoauth_error {
  ecoauth::Error value;
};

struct ecoauth_store {
  std::shared_ptr<ecoauth::TokenStore> value;
  std::shared_ptr<ecoauth::KeySource> keys;  ///< empty: plain
  std::string folder;                        ///< of a file store, else empty
};

struct ecoauth_options {
  ~ecoauth_options() { ecoauth::wipe(transport.proxy_url); }  // it may hold a password

  ecoauth::ClientConfig config;
  std::shared_ptr<ecoauth::TokenStore> store;
  ecoauth::TransportSettings transport;
  int32_t log_level = ECOAUTH_LOG_NONE;
  int32_t log_callback_level = ECOAUTH_LOG_NONE;
  ecoauth::capi::HostCallback<ecoauth_pin_fn> pin;
  ecoauth::capi::HostCallback<ecoauth_event_fn> event;
  ecoauth::capi::HostCallback<ecoauth_log_fn> log;
  ecoauth::capi::HostCallback<ecoauth_wakeup_fn> wakeup;
  std::map<std::string, ecoauth::Error> refused;  ///< by setters, named without their prefix
};

namespace ecoauth::capi {
class Delivery;
}

struct ecoauth_client {
  std::shared_ptr<ecoauth::Client> value;
  std::shared_ptr<ecoauth::capi::Delivery> delivery;
};

struct ecoauth_account {
  std::shared_ptr<ecoauth::Account> value;
};

struct ecoauth_token {
  std::shared_ptr<const ecoauth::Token> value;
};

struct ecoauth_response {
  std::shared_ptr<const ecoauth::Response> value;
};

struct ecoauth_account_list {
  std::vector<std::string> names;
};

struct ecoauth_status {
  ecoauth::Status value;
};

/// Made empty first: filling it cannot fail, so that no event is lost for want of memory.
struct ecoauth_event {
  ecoauth_event() = default;
  explicit ecoauth_event(ecoauth::Event&& event) { fill(std::move(event)); }

  void fill(ecoauth::Event&& event) {
    value = std::move(event);
    if (value.outcome.error) error = ecoauth_error{std::move(*value.outcome.error)};
    token.value = std::move(value.outcome.token);
    response.value = std::move(value.outcome.response);
  }

  ecoauth::Event value;  ///< but for what is beside it
  std::optional<ecoauth_error> error;
  ecoauth_token token;
  ecoauth_response response;
};
