#include "capi/delivery.hpp"

#include "capi/guard.hpp"

namespace ecoauth::capi {

Delivery::Delivery(const ecoauth_options& options) : pin_(options.pin), event_(options.event), log_(options.log) {}

void Delivery::deliver(Event& event) const {
  std::optional<Error> failure;
  if (event.kind == ECOAUTH_EVENT_LOG && log_) {
    // A log callback that fails is not told so by another log line.
    call_host("log", [&] { log_(event.log_level, event.text.c_str()); });
  } else if (event.kind == ECOAUTH_EVENT_PIN && pin_) {
    failure = call_host("pin", [&] {
      pin_(event.account_key.c_str(), event.pin.reveal_c_str(), event.verification_url.c_str(), event.remaining_ms);
    });
  } else if (event_) {
    bool is_log = event.kind == ECOAUTH_EVENT_LOG;
    ecoauth_event handle(std::move(event));
    failure = call_host("event", [&] { event_(&handle); });
    if (is_log) return;
  }
  if (failure) complain(*failure);
}

void Delivery::complain(const Error& failure) const {
  if (auto client = client_.lock())
    client->runtime().logger.log(LogLevel::error, result_name(failure.code), ": ", failure.message);
}

}  // namespace ecoauth::capi
