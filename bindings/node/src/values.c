/* Between the library's values and JavaScript's: everything is copied into plain objects.
 * SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "addon.h"

#include <stdlib.h>
#include <string.h>

napi_value js_undefined(napi_env env) {
  napi_value value = NULL;
  napi_get_undefined(env, &value);
  return value;
}

napi_value js_text(napi_env env, const char* text) {
  napi_value value = NULL;
  if (!text || napi_create_string_utf8(env, text, NAPI_AUTO_LENGTH, &value) != napi_ok) napi_get_null(env, &value);
  return value;
}

napi_value js_number(napi_env env, int64_t number) {
  napi_value value = NULL;
  napi_create_int64(env, number, &value);
  return value;
}

napi_value js_bytes(napi_env env, const void* data, size_t size_bytes) {
  napi_value value = NULL;
  napi_create_buffer_copy(env, size_bytes, size_bytes ? data : "", NULL, &value);
  return value;
}

void set_text(napi_env env, napi_value object, const char* name, const char* text) {
  napi_set_named_property(env, object, name, js_text(env, text));
}

void set_number(napi_env env, napi_value object, const char* name, int64_t number) {
  napi_set_named_property(env, object, name, js_number(env, number));
}

bool is_nothing(napi_env env, napi_value value) {
  napi_valuetype type = napi_undefined;
  napi_typeof(env, value, &type);
  return type == napi_undefined || type == napi_null;
}

bool pending(napi_env env) {
  bool is = true;
  napi_is_exception_pending(env, &is);
  return is;
}

char* text_of(napi_env env, napi_value value) {
  size_t length = 0, copied = 0;
  if (is_nothing(env, value)) return NULL;
  if (napi_get_value_string_utf8(env, value, NULL, 0, &length) != napi_ok) {
    napi_throw_type_error(env, NULL, "a text is expected");
    return NULL;
  }
  char* text = malloc(length + 1);
  if (!text) {
    throw_text(env, "out of memory");
    return NULL;
  }
  napi_get_value_string_utf8(env, value, text, length + 1, &copied);
  if (strlen(text) != length) {
    explicit_bzero(text, length);
    free(text);
    napi_throw_type_error(env, NULL, "a text holds a NUL");
    return NULL;
  }
  return text;
}

void free_text(char* text) {
  if (text) explicit_bzero(text, strlen(text));
  free(text);
}

int64_t number_of(napi_env env, napi_value value) {
  int64_t number = 0;
  if (napi_get_value_int64(env, value, &number) != napi_ok) napi_throw_type_error(env, NULL, "a number is expected");
  return number;
}

const void* bytes_of(napi_env env, napi_value value, size_t* size_bytes) {
  bool is = false;
  void* data = NULL;
  *size_bytes = 0;
  napi_is_buffer(env, value, &is);
  if (is) napi_get_buffer_info(env, value, &data, size_bytes);
  return data;
}

napi_value js_error(struct instance* instance, int32_t result, const ecoauth_error* error) {
  napi_env env = instance->env;
  napi_value plain = NULL, make = NULL, made = NULL;
  napi_create_object(env, &plain);
  set_number(env, plain, "number", error ? lib.error_code(error) : result);
  if (error) {
    set_text(env, plain, "message", lib.error_message(error));
    set_text(env, plain, "advice", lib.error_advice(error));
    set_number(env, plain, "action", lib.error_action(error));
    set_number(env, plain, "retryAfterMs", lib.error_retry_after_ms(error));
    set_text(env, plain, "oauthError", lib.error_oauth_error(error));
    set_text(env, plain, "oauthDescription", lib.error_oauth_description(error));
    set_text(env, plain, "oauthUri", lib.error_oauth_uri(error));
    set_number(env, plain, "httpStatus", lib.error_http_status(error));
    set_number(env, plain, "apiStatus", lib.error_api_status(error));
  }
  napi_get_reference_value(env, instance->make_error, &make);
  if (napi_call_function(env, js_undefined(env), make, 1, &plain, &made) != napi_ok) return NULL;
  return made;
}

napi_value throw_error(struct instance* instance, int32_t result, ecoauth_error* error) {
  napi_value made = js_error(instance, result, error);
  if (error) lib.error_free(error);
  if (made) napi_throw(instance->env, made);
  return NULL;
}

static napi_value js_token(napi_env env, const ecoauth_token* token) {
  napi_value object = NULL;
  napi_create_object(env, &object);
  set_text(env, object, "accessToken", lib.token_access_token(token));
  set_text(env, object, "authorizationHeader", lib.token_authorization_header(token));
  set_number(env, object, "generation", lib.token_generation(token));
  set_number(env, object, "validMs", lib.token_valid_ms(token));
  set_text(env, object, "scope", lib.token_scope(token));
  return object;
}

static napi_value js_response(napi_env env, const ecoauth_response* response) {
  napi_value object = NULL;
  napi_create_object(env, &object);
  set_number(env, object, "httpStatus", lib.response_http_status(response));
  set_number(env, object, "apiStatus", lib.response_api_status(response));
  set_text(env, object, "contentType", lib.response_content_type(response));
  napi_set_named_property(env, object, "body",
                          js_bytes(env, lib.response_body(response), lib.response_body_bytes(response)));
  return object;
}

napi_value js_event(struct instance* instance, const ecoauth_event* event) {
  napi_env env = instance->env;
  napi_value object = NULL;
  napi_create_object(env, &object);
  set_number(env, object, "kind", lib.event_kind(event));
  set_text(env, object, "account", lib.event_account_key(event));
  set_number(env, object, "operation", lib.event_operation(event));
  set_number(env, object, "result", lib.event_result(event));
  set_text(env, object, "pin", lib.event_pin(event));
  set_text(env, object, "verificationUrl", lib.event_verification_url(event));
  set_number(env, object, "remainingMs", lib.event_remaining_ms(event));
  set_number(env, object, "state", lib.event_state(event));
  set_number(env, object, "flags", lib.event_flags(event));
  set_number(env, object, "generation", lib.event_generation(event));
  set_text(env, object, "text", lib.event_text(event));
  set_number(env, object, "level", lib.event_log_level(event));
  set_number(env, object, "dropped", lib.event_dropped(event));
  const ecoauth_error* error = lib.event_error(event);
  const ecoauth_token* token = lib.event_token(event);
  const ecoauth_response* response = lib.event_response(event);
  const void* data = lib.event_data(event);
  if (error || lib.event_result(event) < 0)
    napi_set_named_property(env, object, "error", js_error(instance, lib.event_result(event), error));
  if (token) napi_set_named_property(env, object, "token", js_token(env, token));
  if (response) napi_set_named_property(env, object, "response", js_response(env, response));
  if (data) napi_set_named_property(env, object, "record", js_bytes(env, data, lib.event_data_bytes(event)));
  return object;
}

napi_value js_status(napi_env env, const ecoauth_status* status) {
  napi_value object = NULL;
  napi_create_object(env, &object);
  set_text(env, object, "account", lib.status_account_key(status));
  set_number(env, object, "state", lib.status_grant_state(status));
  set_text(env, object, "reason", lib.status_reason(status));
  set_number(env, object, "flags", lib.status_flags(status));
  set_number(env, object, "revision", lib.status_revision(status));
  set_number(env, object, "generation", lib.status_generation(status));
  set_number(env, object, "tokenValidMs", lib.status_token_valid_ms(status));
  set_number(env, object, "tokenAgeMs", lib.status_token_age_ms(status));
  set_number(env, object, "nextTryMs", lib.status_next_try_ms(status));
  set_number(env, object, "pinValidMs", lib.status_pin_valid_ms(status));
  set_text(env, object, "scopeGranted", lib.status_scope_granted(status));
  set_text(env, object, "scopeAsked", lib.status_scope_asked(status));
  set_number(env, object, "scopeSatisfied", lib.status_scope_satisfied(status));
  set_text(env, object, "origin", lib.status_origin(status));
  set_text(env, object, "clientFingerprint", lib.status_client_fingerprint(status));
  set_text(env, object, "store", lib.status_store(status));
  set_text(env, object, "seal", lib.status_seal(status));
  return object;
}
