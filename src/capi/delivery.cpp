#include "capi/delivery.hpp"

#include <utility>

#include "capi/guard.hpp"

namespace ecoauth::capi {

Delivery::Delivery(const ecoauth_options& options) : callbacks_{options.pin, options.event, options.log} {}

Delivery::Callbacks Delivery::callback_for(int32_t kind) {
  std::lock_guard lock(mutex_);
  if (kind == ECOAUTH_EVENT_PIN && callbacks_.pin) return {callbacks_.pin, {}, {}};
  if (kind == ECOAUTH_EVENT_LOG && callbacks_.log) return {{}, {}, callbacks_.log};
  return {{}, callbacks_.event, {}};
}

void Delivery::deliver(Event& event) {
  const int32_t kind = event.kind;
  const Callbacks callback = callback_for(kind);
  std::optional<Error> failure;
  if (callback.pin) {
    failure = call_host("pin", [&] {
      callback.pin(event.account_key.c_str(), event.pin.reveal_c_str(), event.verification_url.c_str(),
                   event.remaining_ms);
    });
  } else if (callback.log) {
    failure = call_host("log", [&] { callback.log(event.log_level, event.text.c_str()); });
  } else if (callback.event) {
    ecoauth_event handle(std::move(event));
    failure = call_host("event", [&] { callback.event(&handle); });
  }
  // Of a log line that could not be delivered there is no other log line: it would not end.
  if (failure && kind != ECOAUTH_EVENT_LOG) complain(*failure);
}

void Delivery::let_go() {
  Callbacks gone;  // user data ends without the lock
  std::lock_guard lock(mutex_);
  std::swap(gone, callbacks_);
}

void Delivery::complain(const Error& failure) const {
  if (auto client = client_.lock())
    client->runtime().logger.log(LogLevel::error, result_name(failure.code), ": ", failure.message);
}

}  // namespace ecoauth::capi
