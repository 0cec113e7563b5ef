/* Accounts: operations are started here and end as events.
 * SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "addon.h"

#include <stdlib.h>
#include <string.h>

/** openAccount(client, key) */
static napi_value open_account(napi_env env, napi_callback_info info) {
  napi_value values[2];
  struct instance* instance = arguments(env, info, 2, values);
  struct handle* handle = client_of(instance, values[0]);
  char* key = handle ? text_of(env, values[1]) : NULL;
  if (!handle || pending(env)) return NULL;
  ecoauth_account* account = NULL;
  ecoauth_error* error = NULL;
  int32_t result = lib.account_open(handle->client, key, &account, &error);
  free_text(key);
  return result < 0 ? throw_error(instance, result, error) : new_handle(instance, NULL, account);
}

static napi_value close_account(napi_env env, napi_callback_info info) {
  napi_value values[1];
  struct instance* instance = arguments(env, info, 1, values);
  struct handle* handle = account_of(instance, values[0]);
  if (handle) end_handle(handle);
  return NULL;
}

/** start(account, name of the operation, its arguments ...): the operation's number. */
static napi_value start(napi_env env, napi_callback_info info) {
  napi_value values[8];
  struct instance* instance = arguments(env, info, 8, values);
  struct handle* handle = account_of(instance, values[0]);
  char* name = handle ? text_of(env, values[1]) : NULL;
  if (!name) return NULL;
  ecoauth_account* account = handle->account;
  ecoauth_error* error = NULL;
  int64_t operation = 0, number = 0;
  int32_t result = ECOAUTH_ERROR_INVALID_ARGUMENT;
  char* texts[4] = {NULL, NULL, NULL, NULL};
#define IS(text) (strcmp(name, text) == 0)
  if (IS("authorizePin")) {
    result = lib.account_authorize_pin_start(account, &operation, &error);
  } else if (IS("refresh")) {
    result = lib.account_refresh_start(account, &operation, &error);
  } else if (IS("signOut")) {
    result = lib.account_sign_out_start(account, &operation, &error);
  } else if (IS("getToken") || IS("wait")) {
    number = number_of(env, values[2]);
    if (!pending(env))
      result = IS("wait") ? lib.account_wait_start(account, number, &operation, &error)
                          : lib.account_get_token_start(account, number, &operation, &error);
  } else if (IS("authorizeUrl")) {
    number = number_of(env, values[2]);
    texts[0] = text_of(env, values[3]);
    if (!pending(env)) result = lib.account_authorize_url_start(account, (int32_t)number, texts[0], &operation, &error);
  } else if (IS("completeRedirect") || IS("import")) {
    texts[0] = text_of(env, values[2]);
    if (!pending(env))
      result = IS("import") ? lib.account_import_start(account, texts[0], &operation, &error)
                            : lib.account_complete_redirect_start(account, texts[0], &operation, &error);
  } else if (IS("request")) {
    size_t size_bytes = 0;
    const void* data = bytes_of(env, values[4], &size_bytes);
    texts[0] = text_of(env, values[2]);
    texts[1] = pending(env) ? NULL : text_of(env, values[3]);
    texts[2] = pending(env) ? NULL : text_of(env, values[5]);
    texts[3] = pending(env) ? NULL : text_of(env, values[6]);
    number = pending(env) ? 0 : number_of(env, values[7]);
    if (!pending(env))
      result = lib.account_request_with_start(account, texts[0], texts[1], texts[3], data, size_bytes, texts[2], number,
                                              &operation, &error);
  }
#undef IS
  free_text(name);
  for (size_t i = 0; i < 4; ++i) free_text(texts[i]);
  if (pending(env)) return NULL;
  return result < 0 ? throw_error(instance, result, error) : js_number(env, operation);
}

static napi_value check_now(napi_env env, napi_callback_info info) {
  napi_value values[1];
  struct instance* instance = arguments(env, info, 1, values);
  struct handle* handle = account_of(instance, values[0]);
  ecoauth_error* error = NULL;
  int32_t result = handle ? lib.account_check_now(handle->account, &error) : ECOAUTH_OK;
  return result < 0 ? throw_error(instance, result, error) : NULL;
}

/** reportRejected(account, generation): the result. */
static napi_value report_rejected(napi_env env, napi_callback_info info) {
  napi_value values[2];
  struct instance* instance = arguments(env, info, 2, values);
  struct handle* handle = account_of(instance, values[0]);
  int64_t generation = handle ? number_of(env, values[1]) : 0;
  if (!handle || pending(env)) return NULL;
  ecoauth_error* error = NULL;
  int32_t result = lib.account_report_rejected(handle->account, generation, &error);
  return result < 0 ? throw_error(instance, result, error) : js_number(env, result);
}

/** copyToken(account): null when there is none in memory. */
static napi_value copy_token(napi_env env, napi_callback_info info) {
  napi_value values[1];
  struct instance* instance = arguments(env, info, 1, values);
  struct handle* handle = account_of(instance, values[0]);
  if (!handle) return NULL;
  char buffer[16385]; /* a token has up to 16 KiB */
  size_t needed = 0;
  int32_t result = lib.account_copy_token(handle->account, buffer, sizeof buffer, &needed, NULL);
  if (result < 0 && result != ECOAUTH_ERROR_NOT_FOUND) return throw_error(instance, result, NULL);
  napi_value token = js_text(env, result < 0 ? NULL : buffer);
  explicit_bzero(buffer, sizeof buffer);
  return token;
}

static napi_value generation(napi_env env, napi_callback_info info) {
  napi_value values[1];
  struct instance* instance = arguments(env, info, 1, values);
  struct handle* handle = account_of(instance, values[0]);
  if (!handle) return NULL;
  int64_t number = lib.account_generation(handle->account);
  return number < 0 ? throw_error(instance, (int32_t)number, NULL) : js_number(env, number);
}

static napi_value status(napi_env env, napi_callback_info info) {
  napi_value values[1];
  struct instance* instance = arguments(env, info, 1, values);
  struct handle* handle = account_of(instance, values[0]);
  if (!handle) return NULL;
  ecoauth_status* status = NULL;
  ecoauth_error* error = NULL;
  int32_t result = lib.account_status(handle->account, &status, &error);
  if (result < 0) return throw_error(instance, result, error);
  napi_value object = js_status(env, status);
  lib.status_free(status);
  return object;
}

/** lastError(account): an Error, null when there is none. */
static napi_value last_error(napi_env env, napi_callback_info info) {
  napi_value values[1];
  struct instance* instance = arguments(env, info, 1, values);
  struct handle* handle = account_of(instance, values[0]);
  if (!handle) return NULL;
  ecoauth_error* error = NULL;
  int32_t result = lib.account_last_error(handle->account, &error);
  if (result == ECOAUTH_ERROR_NOT_FOUND) {
    if (error) lib.error_free(error);
    return js_text(env, NULL);
  }
  if (result < 0) return throw_error(instance, result, error);
  napi_value made = js_error(instance, ECOAUTH_ERROR_INTERNAL, error);
  if (error) lib.error_free(error);
  return made;
}

void define_accounts(napi_env env, napi_value exports) {
  define(env, exports, "openAccount", open_account);
  define(env, exports, "closeAccount", close_account);
  define(env, exports, "start", start);
  define(env, exports, "checkNow", check_now);
  define(env, exports, "reportRejected", report_rejected);
  define(env, exports, "copyToken", copy_token);
  define(env, exports, "generation", generation);
  define(env, exports, "status", status);
  define(env, exports, "lastError", last_error);
}
