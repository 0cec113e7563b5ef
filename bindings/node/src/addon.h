/* What the files of the addon share. Plain C over napi_*: statuses of Node's calls are ignored on purpose where nothing
 * can be done, for they fail while a worker is being torn down, and that must not end the process.
 * SPDX-License-Identifier: MIT */
#ifndef ECOAUTH_NODE_ADDON_H
#define ECOAUTH_NODE_ADDON_H

#define NAPI_VERSION 8
#include <node_api.h>

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include <ecoauth/ecoauth.h>

/* --- library.c: the loaded library, one for the process
 * ---------------------------------------------------------------- */

/** Every function that the addon calls. */
#define ECOAUTH_NODE_FUNCTIONS(X)                                                                                      \
  X(version)                                                                                                           \
  X(version_string)                                                                                                    \
  X(has_feature)                                                                                                       \
  X(runtime_info) X(result_name) X(action_name) X(state_name) X(error_code) X(error_message) X(error_advice) X(        \
      error_action) X(error_retry_after_ms) X(error_oauth_error) X(error_oauth_description) X(error_oauth_uri)         \
      X(error_http_status) X(error_api_status) X(error_free) X(options_new) X(options_free) X(                         \
          options_set_client_id) X(options_set_scope) X(options_set_base_url) X(options_set_store)                     \
          X(options_set_log_level) X(options_set_dispatch) X(options_set_user_agent) X(options_set_ca_file) X(         \
              options_set_proxy) X(options_set_request_timeout_ms) X(options_set_connect_timeout_ms)                   \
              X(options_set_shutdown_timeout_ms) X(options_set_advisory_window) X(options_set_mandatory_window) X(     \
                  options_set_keep_fresh) X(options_set_role) X(options_set_polling) X(options_set_parameter_style)    \
                  X(options_set_token_format) X(options_set_verification_url) X(store_new_memory) X(store_new_file) X( \
                      store_new_callbacks) X(store_allow_network) X(store_free) X(blob_set)                            \
                      X(store_seal_with_callback) X(store_seal_with_fd) X(store_seal_with_file) X(                     \
                          store_seal_with_secret_service) X(client_new) X(client_free) X(client_close_start)           \
                          X(client_quiesce) X(client_next_event) X(client_wakeup_fd) X(client_cancel) X(               \
                              client_accounts) X(account_list_size) X(account_list_key) X(account_list_free)           \
                              X(account_open) X(account_close) X(account_authorize_pin_start) X(account_check_now) X(  \
                                  account_authorize_url_start) X(account_complete_redirect_start)                      \
                                  X(account_get_token_start) X(account_copy_token) X(account_generation) X(            \
                                      account_report_rejected) X(account_refresh_start) X(account_request_with_start)  \
                                      X(account_import_start) X(account_sign_out_start) X(account_status) X(           \
                                          account_last_error) X(account_wait_start) X(event_kind) X(event_account_key) \
                                          X(event_operation) X(event_result) X(event_error) X(event_token) X(          \
                                              event_response) X(event_pin) X(event_verification_url)                   \
                                              X(event_remaining_ms) X(event_state) X(event_flags) X(event_generation)  \
                                                  X(event_text) X(event_log_level) X(event_dropped) X(event_data) X(   \
                                                      event_data_bytes) X(event_free) X(token_access_token)            \
                                                      X(token_authorization_header) X(token_generation) X(             \
                                                          token_valid_ms) X(token_scope) X(response_http_status)       \
                                                          X(response_api_status) X(response_body) X(                   \
                                                              response_body_bytes) X(response_content_type)            \
                                                              X(status_revision) X(status_grant_state) X(              \
                                                                  status_reason) X(status_flags) X(status_generation)  \
                                                                  X(status_token_valid_ms) X(status_token_age_ms)      \
                                                                      X(status_next_try_ms) X(status_pin_valid_ms) X(  \
                                                                          status_scope_granted) X(status_scope_asked)  \
                                                                          X(status_scope_satisfied)                    \
                                                                              X(status_account_key) X(status_origin)   \
                                                                                  X(status_client_fingerprint)         \
                                                                                      X(status_store) X(status_seal)   \
                                                                                          X(status_free)

struct library {
#define X(name) __typeof__(&ecoauth_##name) name;
  ECOAUTH_NODE_FUNCTIONS(X)
#undef X
};

/** Filled by load_library(); no call is made before. */
extern struct library lib;

/** Loads `path` unless a library is loaded already. NULL, or why it could not be done: a text that the next call
 * replaces. */
const char* load_library(const char* path);

/* --- addon.c: one instance per Node environment (the main thread, and each worker)
 * --------------------------------------- */

struct store_call;

struct instance {
  napi_env env;
  napi_ref make_error;  /* JavaScript: plain object -> Error */
  napi_ref serve_store; /* JavaScript: (number of the call, id of the store, method, ...) */

  /* Guards what follows; library workers come here too. */
  pthread_mutex_t lock;
  pthread_cond_t changed;
  int users;                     /* the environment, and every store the library still holds */
  napi_threadsafe_function wake; /* NULL once the environment is going */
  struct store_call* calls;      /* oldest first */
  int64_t last_call;
};

struct instance* instance_of(napi_env env);
void instance_release(struct instance* instance);

/** The arguments of a call, at most `count`; those that were not given are undefined. The instance. */
struct instance* arguments(napi_env env, napi_callback_info info, size_t count, napi_value* values);

void throw_text(napi_env env, const char* text);

/* --- values.c: between the library's values and JavaScript's
 * -------------------------------------------------------------- */

napi_value js_undefined(napi_env env);
napi_value js_text(napi_env env, const char* text); /* null for NULL */
napi_value js_number(napi_env env, int64_t number);
void set_text(napi_env env, napi_value object, const char* name, const char* text);
void set_number(napi_env env, napi_value object, const char* name, int64_t number);
napi_value js_bytes(napi_env env, const void* data, size_t size_bytes);

/** A copy, NULL for undefined and null; NULL with an exception pending when it holds a NUL or is no string. End with
 * free_text(). */
char* text_of(napi_env env, napi_value value);
void free_text(char* text); /* wiped first: it may have been a secret */
int64_t number_of(napi_env env, napi_value value);
bool is_nothing(napi_env env, napi_value value);
bool pending(napi_env env);
/** The bytes of a Buffer or another view; NULL for undefined, null and empty ones. */
const void* bytes_of(napi_env env, napi_value value, size_t* size_bytes);

napi_value js_error(struct instance* instance, int32_t result, const ecoauth_error* error);
napi_value js_event(struct instance* instance, const ecoauth_event* event);
napi_value js_status(napi_env env, const ecoauth_status* status);

/** Throws what a failed call gave, and releases it. NULL, to be returned. */
napi_value throw_error(struct instance* instance, int32_t result, ecoauth_error* error);

/* --- stores.c: stores written in JavaScript
 * ------------------------------------------------------------------------------- */

/** The library's store for a description in JavaScript; NULL with an exception pending. */
ecoauth_store* make_store(struct instance* instance, napi_value description);
napi_value answer_store(napi_env env, napi_callback_info info);
napi_value serve_stores(napi_env env, napi_callback_info info);
/** Hands waiting calls to JavaScript; called by the thread-safe function too. */
void deliver_store_calls(struct instance* instance);
/** Every call that waits, and every later one, fails for now. */
void end_stores(struct instance* instance);

/* --- clients.c, accounts.c: handles
 * --------------------------------------------------------------------------------------- */

/** A client or an account as JavaScript holds it. Used and ended on its environment's thread only. */
struct handle {
  struct instance* instance;
  ecoauth_client* client;   /* NULL once ended */
  ecoauth_account* account; /* likewise */
  int running;              /* calls on pool threads that use it; guarded by the instance's lock */
};

napi_value new_handle(struct instance* instance, ecoauth_client* client, ecoauth_account* account);
/** NULL with CLOSED thrown when it has ended. */
struct handle* client_of(struct instance* instance, napi_value value);
struct handle* account_of(struct instance* instance, napi_value value);
void end_handle(struct handle* handle);

void define_clients(napi_env env, napi_value exports);
void define_accounts(napi_env env, napi_value exports);
void define(napi_env env, napi_value exports, const char* name, napi_callback function);

#endif
