#include <ecoauth/client.h>

#include <memory>
#include <string>

#include "base/callback_scope.hpp"
#include "capi/checks.hpp"
#include "capi/delivery.hpp"
#include "capi/guard.hpp"
#include "capi/handles.hpp"

using namespace ecoauth;
using namespace ecoauth::capi;

namespace {

std::string default_verification_url(const Origin& origin) {
  if (origin == ClientConfig().origin) return "https://www.ecobee.com/consumerportal/index.html";
  return origin.text() + "/consumerportal/index.html";
}

std::optional<Error> check_together(const ecoauth_options& options) {
  if (!options.refused.empty()) {
    const auto& [setter, error] = *options.refused.begin();
    Error named = error;
    named.message = "ecoauth_options_set_" + setter + "(): " + error.message;
    return named;
  }
  if (!options.store)
    return make_error(ECOAUTH_ERROR_INVALID_ARGUMENT, "`options`: no store is set",
                      "Give ecoauth_options_set_store() a file, memory or callback store.");
  if (options.config.dispatch != Dispatch::poll) return std::nullopt;
  const char* callback = options.pin ? "pin" : options.event ? "event" : options.log ? "log" : nullptr;
  if (!callback) return std::nullopt;
  return make_error(
      ECOAUTH_ERROR_INVALID_ARGUMENT,
      std::string("`options`: the ") + callback + " callback is set together with ECOAUTH_DISPATCH_POLL",
      "With ECOAUTH_DISPATCH_POLL everything comes out of ecoauth_client_next_event(); leave the callback out.");
}

ClientSetup setup_from(ecoauth_options& options, const std::shared_ptr<Delivery>& delivery) {
  ClientSetup setup;
  setup.config = std::move(options.config);
  if (setup.config.verification_url.empty())
    setup.config.verification_url = default_verification_url(setup.config.origin);
  setup.store = std::move(options.store);
  setup.transport_settings = std::move(options.transport);
  setup.log_level = options.log ? options.log_callback_level : options.log_level;
  if (delivery->anybody_listens()) setup.deliver = [delivery](Event& event) { delivery->deliver(event); };
  if (options.wakeup) setup.wakeup = [wakeup = options.wakeup] { call_host("wakeup", [&] { wakeup(); }); };
  return setup;
}

Error wrong_dispatch(const char* function, const char* mode) {
  return make_error(ECOAUTH_ERROR_WRONG_STATE, std::string(function) + "() needs a client made with " + mode,
                    std::string("Set it with ecoauth_options_set_dispatch(options, ") + mode + ").");
}

}  // namespace

int32_t ecoauth_client_new(ecoauth_options* options, ecoauth_client** client, ecoauth_error** error) {
  std::unique_ptr<ecoauth_options> taken(options);
  if (client) *client = nullptr;
  return guarded(error, [&]() -> Result<int32_t> {
    if (auto wrong = Checks().needs(options, "options").needs(client, "client").failure()) return *wrong;
    if (auto wrong = check_together(*options)) return *wrong;
    auto made = std::make_unique<ecoauth_client>();
    made->delivery = std::make_shared<Delivery>(*options);
    made->value = Client::make(setup_from(*options, made->delivery));
    made->delivery->report_to(made->value);
    taken.reset();  // from here on the client alone keeps the host's callbacks
    *client = made.release();
    return ECOAUTH_OK;
  });
}

void ecoauth_client_free(ecoauth_client* client) {
  if (!client || client->value->runtime().forked()) return;  // a child must not touch what it shares with its parent
  guarded(nullptr, [&]() -> Result<int32_t> {
    client->value->close();
    // Inside a callback it goes on behind it, and ends with this too.
    if (!inside_callback()) client->delivery->let_go();
    return ECOAUTH_OK;
  });
  delete client;
}

int32_t ecoauth_client_close_start(ecoauth_client* client, ecoauth_error** error) {
  return guarded(error, [&]() -> Result<int32_t> {
    if (auto wrong = Checks().needs(client, "client").of_this_process(client).failure()) return *wrong;
    return client->value->close_start() ? ECOAUTH_OK : ECOAUTH_ALREADY_DONE;
  });
}

int32_t ecoauth_client_quiesce(ecoauth_client* client, int64_t timeout_ms, ecoauth_error** error) {
  return guarded(error, [&]() -> Result<int32_t> {
    if (auto wrong = Checks().needs(client, "client").wait_time(timeout_ms).usable(client).may_wait().failure())
      return *wrong;
    const auto held = client->value;  // what waits outlives its handle
    if (auto failure = held->quiesce(wait_ms(timeout_ms))) return *failure;
    return ECOAUTH_OK;
  });
}

int32_t ecoauth_client_dispatch(ecoauth_client* client, int64_t timeout_ms, ecoauth_error** error) {
  return guarded(error, [&]() -> Result<int32_t> {
    if (auto wrong =
            Checks().needs(client, "client").wait_time(timeout_ms).of_this_process(client).may_wait().failure())
      return *wrong;
    if (client->value->runtime().config.dispatch != Dispatch::caller)
      return wrong_dispatch("ecoauth_client_dispatch", "ECOAUTH_DISPATCH_CALLER");
    const auto held = client->value;  // a callback may free the client
    return held->dispatch(wait_ms(timeout_ms));
  });
}

int32_t ecoauth_client_next_event(ecoauth_client* client, int64_t timeout_ms, ecoauth_event** event,
                                  ecoauth_error** error) {
  if (event) *event = nullptr;
  return guarded(error, [&]() -> Result<int32_t> {
    if (auto wrong = Checks()
                         .needs(client, "client")
                         .needs(event, "event")
                         .wait_time(timeout_ms)
                         .of_this_process(client)
                         .may_wait()
                         .failure())
      return *wrong;
    if (client->value->runtime().config.dispatch != Dispatch::poll)
      return wrong_dispatch("ecoauth_client_next_event", "ECOAUTH_DISPATCH_POLL");
    auto handle = std::make_unique<ecoauth_event>();
    const auto held = client->value;
    auto next = held->next_event(wait_ms(timeout_ms));
    if (!next) return next.error();
    if (!next.value()) return make_error(ECOAUTH_ERROR_TIMEOUT, "no event came in time", "Ask again.");
    handle->fill(std::move(*next.value()));
    *event = handle.release();
    return ECOAUTH_OK;
  });
}

int32_t ecoauth_client_wakeup_fd(ecoauth_client* client, int32_t* fd, ecoauth_error** error) {
  return guarded(error, [&]() -> Result<int32_t> {
    if (auto wrong = Checks().needs(client, "client").needs(fd, "fd").of_this_process(client).failure()) return *wrong;
    auto made = client->value->wakeup_fd();
    if (!made) return made.error();
    *fd = made.value();
    return ECOAUTH_OK;
  });
}

int32_t ecoauth_client_cancel(ecoauth_client* client, int64_t operation) {
  return guarded(nullptr, [&]() -> Result<int32_t> {
    if (auto wrong =
            Checks().needs(client, "client").in_range(operation, 1, INT64_MAX, "operation").usable(client).failure())
      return *wrong;
    return client->value->cancel(operation) ? ECOAUTH_OK : ECOAUTH_ERROR_NOT_FOUND;
  });
}

int32_t ecoauth_client_accounts(ecoauth_client* client, int64_t timeout_ms, ecoauth_account_list** accounts,
                                ecoauth_error** error) {
  if (accounts) *accounts = nullptr;
  return guarded(error, [&]() -> Result<int32_t> {
    if (auto wrong = Checks()
                         .needs(client, "client")
                         .needs(accounts, "accounts")
                         .wait_time(timeout_ms)
                         .usable(client)
                         .may_wait()
                         .failure())
      return *wrong;
    const auto held = client->value;
    auto names = held->stored_accounts(wait_ms(timeout_ms));
    if (!names) return names.error();
    *accounts = new ecoauth_account_list{std::move(names.value())};
    return ECOAUTH_OK;
  });
}

size_t ecoauth_account_list_size(const ecoauth_account_list* accounts) { return accounts ? accounts->names.size() : 0; }

const char* ecoauth_account_list_key(const ecoauth_account_list* accounts, size_t index) {
  return accounts && index < accounts->names.size() ? accounts->names[index].c_str() : nullptr;
}

void ecoauth_account_list_free(ecoauth_account_list* accounts) { delete accounts; }
