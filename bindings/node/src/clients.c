/* Clients: their options, events and end.
 * SPDX-License-Identifier: MIT */
#include "addon.h"

#include <stdlib.h>
#include <string.h>

/* --- Handles
 * -------------------------------------------------------------------------------------------------------------- */

void end_handle(struct handle* handle) {
  struct instance* instance = handle->instance;
  if (handle->account) lib.account_close(handle->account);
  if (handle->client) {
    lib.client_close_start(handle->client, NULL); /* what runs on pool threads comes back */
    pthread_mutex_lock(&instance->lock);
    while (handle->running) pthread_cond_wait(&instance->changed, &instance->lock);
    pthread_mutex_unlock(&instance->lock);
    lib.client_free(handle->client);
  }
  handle->account = NULL;
  handle->client = NULL;
}

/** The safety net: for clients that have begun nothing, and for all that is left when an environment ends. */
static void collected(napi_env env, void* data, void* hint) {
  (void)env, (void)hint;
  struct handle* handle = data;
  end_handle(handle);
  struct instance* instance = handle->instance;
  free(handle);
  instance_release(instance);
}

napi_value new_handle(struct instance* instance, ecoauth_client* client, ecoauth_account* account) {
  struct handle* handle = calloc(1, sizeof *handle);
  if (!handle) {
    lib.account_close(account);
    lib.client_free(client);
    throw_text(instance->env, "out of memory");
    return NULL;
  }
  *handle = (struct handle){.instance = instance, .client = client, .account = account};
  pthread_mutex_lock(&instance->lock);
  ++instance->users;
  pthread_mutex_unlock(&instance->lock);
  napi_value value = NULL;
  if (napi_create_external(instance->env, handle, collected, NULL, &value) != napi_ok)
    collected(instance->env, handle, NULL);
  return value;
}

static struct handle* handle_of(struct instance* instance, napi_value value, bool account) {
  void* data = NULL;
  if (napi_get_value_external(instance->env, value, &data) != napi_ok) {
    napi_throw_type_error(instance->env, NULL, "a handle is expected");
    return NULL;
  }
  struct handle* handle = data;
  if (account ? handle->account != NULL : handle->client != NULL) return handle;
  throw_error(instance, ECOAUTH_ERROR_CLOSED, NULL);
  return NULL;
}

struct handle* client_of(struct instance* instance, napi_value value) {
  return handle_of(instance, value, false);
}
struct handle* account_of(struct instance* instance, napi_value value) {
  return handle_of(instance, value, true);
}

/* --- Options: what a setter refuses, client_new() refuses, and says why
 * -------------------------------------------------------------------------------------------------------------- */

/** The value of an option, if it was given. */
static bool given(napi_env env, napi_value object, const char* name, napi_value* value) {
  return napi_get_named_property(env, object, name, value) == napi_ok && !is_nothing(env, *value);
}

static void set_texts(napi_env env, napi_value object, ecoauth_options* options) {
  const struct {
    const char* name;
    int32_t (*set)(ecoauth_options*, const char*);
  } texts[] = {{"clientId", lib.options_set_client_id},
               {"scope", lib.options_set_scope},
               {"baseUrl", lib.options_set_base_url},
               {"caFile", lib.options_set_ca_file},
               {"proxy", lib.options_set_proxy},
               {"userAgent", lib.options_set_user_agent},
               {"tokenFormat", lib.options_set_token_format},
               {"verificationUrl", lib.options_set_verification_url}};
  for (size_t i = 0; i < sizeof texts / sizeof *texts; ++i) {
    napi_value value = NULL;
    if (!given(env, object, texts[i].name, &value)) continue;
    char* text = text_of(env, value);
    texts[i].set(options, text);
    free_text(text);
  }
}

static void set_numbers(napi_env env, napi_value object, ecoauth_options* options) {
  const struct {
    const char* name;
    int32_t (*set)(ecoauth_options*, int32_t);
    int32_t (*set_ms)(ecoauth_options*, int64_t);
  } numbers[] = {{"logLevel", lib.options_set_log_level, NULL},
                 {"keepFresh", lib.options_set_keep_fresh, NULL},
                 {"role", lib.options_set_role, NULL},
                 {"polling", lib.options_set_polling, NULL},
                 {"parameterStyle", lib.options_set_parameter_style, NULL},
                 {"requestTimeoutMs", NULL, lib.options_set_request_timeout_ms},
                 {"connectTimeoutMs", NULL, lib.options_set_connect_timeout_ms},
                 {"shutdownTimeoutMs", NULL, lib.options_set_shutdown_timeout_ms}};
  for (size_t i = 0; i < sizeof numbers / sizeof *numbers; ++i) {
    napi_value value = NULL;
    if (!given(env, object, numbers[i].name, &value)) continue;
    int64_t number = number_of(env, value);
    if (numbers[i].set)
      numbers[i].set(options, (int32_t)number);
    else
      numbers[i].set_ms(options, number);
  }
}

/** A window is an array of two numbers. */
static void set_windows(napi_env env, napi_value object, ecoauth_options* options) {
  napi_value value = NULL, first = NULL, second = NULL;
  if (given(env, object, "advisoryWindow", &value)) {
    napi_get_element(env, value, 0, &first);
    napi_get_element(env, value, 1, &second);
    lib.options_set_advisory_window(options, (int32_t)number_of(env, first), (int32_t)number_of(env, second));
  }
  if (given(env, object, "mandatoryWindow", &value)) {
    napi_get_element(env, value, 0, &first);
    napi_get_element(env, value, 1, &second);
    lib.options_set_mandatory_window(options, number_of(env, first), (int32_t)number_of(env, second));
  }
}

/** newClient(options, description of the store) */
static napi_value new_client(napi_env env, napi_callback_info info) {
  napi_value values[2];
  struct instance* instance = arguments(env, info, 2, values);
  ecoauth_options* options = lib.options_new();
  if (!options) return throw_error(instance, ECOAUTH_ERROR_NO_MEMORY, NULL);
  lib.options_set_store(options, make_store(instance, values[1]));
  lib.options_set_dispatch(options, ECOAUTH_DISPATCH_POLL);
  set_texts(env, values[0], options);
  set_numbers(env, values[0], options);
  set_windows(env, values[0], options);
  if (pending(env)) {
    lib.options_free(options);
    return NULL;
  }
  ecoauth_client* client = NULL;
  ecoauth_error* error = NULL;
  int32_t result = lib.client_new(options, &client, &error);
  return result < 0 ? throw_error(instance, result, error) : new_handle(instance, client, NULL);
}

/* --- Calls that return at once
 * -------------------------------------------------------------------------------------------- */

static napi_value free_client(napi_env env, napi_callback_info info) {
  napi_value values[1];
  struct instance* instance = arguments(env, info, 1, values);
  struct handle* handle = client_of(instance, values[0]);
  if (handle) end_handle(handle);
  return NULL;
}

static napi_value close_start(napi_env env, napi_callback_info info) {
  napi_value values[1];
  struct instance* instance = arguments(env, info, 1, values);
  struct handle* handle = client_of(instance, values[0]);
  ecoauth_error* error = NULL;
  int32_t result = handle ? lib.client_close_start(handle->client, &error) : ECOAUTH_OK;
  return result < 0 ? throw_error(instance, result, error) : NULL;
}

/** nextEvent(client): a plain object, undefined when none waits. */
static napi_value next_event(napi_env env, napi_callback_info info) {
  napi_value values[1];
  struct instance* instance = arguments(env, info, 1, values);
  struct handle* handle = client_of(instance, values[0]);
  if (!handle) return NULL;
  ecoauth_event* event = NULL;
  ecoauth_error* error = NULL;
  int32_t result = lib.client_next_event(handle->client, 0, &event, &error);
  if (result < 0 && result != ECOAUTH_ERROR_TIMEOUT) return throw_error(instance, result, error);
  if (error) lib.error_free(error);
  if (!event) return NULL;
  napi_value object = js_event(instance, event);
  lib.event_free(event);
  return object;
}

static napi_value wakeup_fd(napi_env env, napi_callback_info info) {
  napi_value values[1];
  struct instance* instance = arguments(env, info, 1, values);
  struct handle* handle = client_of(instance, values[0]);
  if (!handle) return NULL;
  int32_t fd = -1;
  ecoauth_error* error = NULL;
  int32_t result = lib.client_wakeup_fd(handle->client, &fd, &error);
  return result < 0 ? throw_error(instance, result, error) : js_number(env, fd);
}

static napi_value cancel(napi_env env, napi_callback_info info) {
  napi_value values[2];
  struct instance* instance = arguments(env, info, 2, values);
  struct handle* handle = client_of(instance, values[0]);
  if (handle) lib.client_cancel(handle->client, number_of(env, values[1])); /* it may have ended */
  return NULL;
}

/* --- Calls that wait, on a thread of Node's pool
 * -------------------------------------------------------------------------- */

struct work {
  struct handle* handle;
  napi_ref keeps; /* the handle, from the garbage collector */
  napi_deferred deferred;
  napi_async_work work;
  bool lists; /* accounts(), else quiesce() */
  int64_t timeout_ms;
  int32_t result;
  ecoauth_error* error;
  ecoauth_account_list* list;
};

static void work_execute(napi_env env, void* data) {
  (void)env;
  struct work* work = data;
  struct handle* handle = work->handle;
  work->result = work->lists ? lib.client_accounts(handle->client, work->timeout_ms, &work->list, &work->error)
                             : lib.client_quiesce(handle->client, work->timeout_ms, &work->error);
  pthread_mutex_lock(&handle->instance->lock);
  --handle->running;
  pthread_cond_broadcast(&handle->instance->changed);
  pthread_mutex_unlock(&handle->instance->lock);
}

static void work_complete(napi_env env, napi_status status, void* data) {
  struct work* work = data;
  struct instance* instance = work->handle->instance;
  if (status == napi_ok && work->result < 0) {
    napi_reject_deferred(env, work->deferred, js_error(instance, work->result, work->error));
  } else if (status == napi_ok) {
    napi_value keys = NULL;
    napi_create_array(env, &keys);
    for (size_t i = 0; i < lib.account_list_size(work->list); ++i)
      napi_set_element(env, keys, (uint32_t)i, js_text(env, lib.account_list_key(work->list, i)));
    napi_resolve_deferred(env, work->deferred, keys);
  }
  if (work->error) lib.error_free(work->error);
  lib.account_list_free(work->list);
  napi_delete_async_work(env, work->work);
  napi_delete_reference(env, work->keeps);
  free(work);
}

static napi_value start_work(napi_env env, napi_callback_info info, bool lists) {
  napi_value values[2], promise = NULL;
  struct instance* instance = arguments(env, info, 2, values);
  struct handle* handle = client_of(instance, values[0]);
  if (!handle) return NULL;
  struct work* work = calloc(1, sizeof *work);
  if (!work) return throw_error(instance, ECOAUTH_ERROR_NO_MEMORY, NULL);
  work->handle = handle;
  work->lists = lists;
  work->timeout_ms = number_of(env, values[1]);
  napi_create_reference(env, values[0], 1, &work->keeps);
  napi_create_promise(env, &work->deferred, &promise);
  napi_create_async_work(env, NULL, js_text(env, "ecoauth"), work_execute, work_complete, work, &work->work);
  pthread_mutex_lock(&instance->lock);
  ++handle->running;
  pthread_mutex_unlock(&instance->lock);
  napi_queue_async_work(env, work->work);
  return promise;
}

static napi_value accounts(napi_env env, napi_callback_info info) { return start_work(env, info, true); }
static napi_value quiesce(napi_env env, napi_callback_info info) { return start_work(env, info, false); }

void define_clients(napi_env env, napi_value exports) {
  define(env, exports, "newClient", new_client);
  define(env, exports, "freeClient", free_client);
  define(env, exports, "closeStart", close_start);
  define(env, exports, "nextEvent", next_event);
  define(env, exports, "wakeupFd", wakeup_fd);
  define(env, exports, "cancel", cancel);
  define(env, exports, "accounts", accounts);
  define(env, exports, "quiesce", quiesce);
}
