#include <ecoauth/event.h>

#include "capi/handles.hpp"

int32_t ecoauth_event_kind(const ecoauth_event* event) { return event ? event->value.kind : 0; }

const char* ecoauth_event_account_key(const ecoauth_event* event) {
  return event ? event->value.account_key.c_str() : "";
}

int64_t ecoauth_event_operation(const ecoauth_event* event) { return event ? event->value.operation : 0; }

int32_t ecoauth_event_result(const ecoauth_event* event) { return event ? event->value.outcome.result : 0; }

const ecoauth_error* ecoauth_event_error(const ecoauth_event* event) {
  return event && event->error ? &*event->error : nullptr;
}

const ecoauth_token* ecoauth_event_token(const ecoauth_event* event) {
  return event && event->token.value ? &event->token : nullptr;
}

const ecoauth_response* ecoauth_event_response(const ecoauth_event* event) {
  return event && event->response.value ? &event->response : nullptr;
}

const char* ecoauth_event_pin(const ecoauth_event* event) { return event ? event->value.pin.reveal_c_str() : ""; }

const char* ecoauth_event_verification_url(const ecoauth_event* event) {
  return event ? event->value.verification_url.c_str() : "";
}

int64_t ecoauth_event_remaining_ms(const ecoauth_event* event) { return event ? event->value.remaining_ms : 0; }

int32_t ecoauth_event_state(const ecoauth_event* event) { return event ? event->value.state : 0; }

int32_t ecoauth_event_flags(const ecoauth_event* event) { return event ? event->value.flags : 0; }

int64_t ecoauth_event_generation(const ecoauth_event* event) { return event ? event->value.generation : 0; }

const char* ecoauth_event_text(const ecoauth_event* event) {
  if (!event) return "";
  const ecoauth::Secret& address = event->value.outcome.address;
  return address.empty() ? event->value.text.c_str() : address.reveal_c_str();
}

int32_t ecoauth_event_log_level(const ecoauth_event* event) { return event ? event->value.log_level : 0; }

int64_t ecoauth_event_dropped(const ecoauth_event* event) { return event ? event->value.dropped : 0; }

const void* ecoauth_event_data(const ecoauth_event* event) {
  return event && !event->value.data.empty() ? event->value.data.reveal_c_str() : nullptr;
}

size_t ecoauth_event_data_bytes(const ecoauth_event* event) { return event ? event->value.data.size() : 0; }

void ecoauth_event_free(ecoauth_event* event) { delete event; }
