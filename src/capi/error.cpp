#include <ecoauth/error.h>

#include "capi/handles.hpp"

// What only reads a value cannot throw and needs no guard.

int32_t ecoauth_error_code(const ecoauth_error* error) {
  return error ? error->value.code : ECOAUTH_ERROR_INVALID_ARGUMENT;
}

const char* ecoauth_error_message(const ecoauth_error* error) { return error ? error->value.message.c_str() : ""; }

const char* ecoauth_error_advice(const ecoauth_error* error) { return error ? error->value.advice.c_str() : ""; }

int32_t ecoauth_error_action(const ecoauth_error* error) { return error ? error->value.action : ECOAUTH_ACTION_NONE; }

int64_t ecoauth_error_retry_after_ms(const ecoauth_error* error) { return error ? error->value.retry_after_ms : 0; }

const char* ecoauth_error_oauth_error(const ecoauth_error* error) {
  return error ? error->value.oauth_error.c_str() : "";
}

const char* ecoauth_error_oauth_description(const ecoauth_error* error) {
  return error ? error->value.oauth_description.c_str() : "";
}

const char* ecoauth_error_oauth_uri(const ecoauth_error* error) { return error ? error->value.oauth_uri.c_str() : ""; }

int32_t ecoauth_error_http_status(const ecoauth_error* error) { return error ? error->value.http_status : 0; }

int32_t ecoauth_error_api_status(const ecoauth_error* error) { return error ? error->value.api_status : -1; }

void ecoauth_error_free(ecoauth_error* error) { delete error; }

const char* ecoauth_result_name(int32_t result) { return ecoauth::result_name(result); }

const char* ecoauth_action_name(int32_t action) { return ecoauth::action_name(action); }
