/* The addon: one instance per environment, its beginning and its end.
 * SPDX-License-Identifier: MIT */
#include "addon.h"

#include <stdlib.h>

struct instance* instance_of(napi_env env) {
  void* data = NULL;
  napi_get_instance_data(env, &data);
  return data;
}

void instance_release(struct instance* instance) {
  pthread_mutex_lock(&instance->lock);
  bool last = --instance->users == 0;
  pthread_mutex_unlock(&instance->lock);
  if (!last) return;
  pthread_mutex_destroy(&instance->lock);
  pthread_cond_destroy(&instance->changed);
  free(instance);
}

struct instance* arguments(napi_env env, napi_callback_info info, size_t count, napi_value* values) {
  napi_get_cb_info(env, info, &count, values, NULL, NULL); /* fills up with undefined */
  return instance_of(env);
}

void throw_text(napi_env env, const char* text) { napi_throw_error(env, NULL, text); }

void define(napi_env env, napi_value exports, const char* name, napi_callback function) {
  napi_value made = NULL;
  if (napi_create_function(env, name, NAPI_AUTO_LENGTH, function, NULL, &made) == napi_ok)
    napi_set_named_property(env, exports, name, made);
}

/* --- What is running
 * ------------------------------------------------------------------------------------------------------ */

static napi_value load(napi_env env, napi_callback_info info) {
  napi_value values[1];
  arguments(env, info, 1, values);
  char* path = text_of(env, values[0]);
  if (!path) return NULL;
  const char* problem = load_library(path);
  free_text(path);
  if (problem) throw_text(env, problem);
  return NULL;
}

/** setUp(make_error, serve_store) */
static napi_value set_up(napi_env env, napi_callback_info info) {
  napi_value values[2];
  struct instance* instance = arguments(env, info, 2, values);
  napi_create_reference(env, values[0], 1, &instance->make_error);
  napi_create_reference(env, values[1], 1, &instance->serve_store);
  return NULL;
}

static napi_value version(napi_env env, napi_callback_info info) {
  (void)info;
  return js_text(env, lib.version_string());
}

static napi_value has_feature(napi_env env, napi_callback_info info) {
  napi_value values[1], value = NULL;
  arguments(env, info, 1, values);
  char* name = text_of(env, values[0]);
  if (pending(env)) return NULL;
  napi_get_boolean(env, name && lib.has_feature(name) == 1, &value);
  free_text(name);
  return value;
}

static napi_value runtime_info(napi_env env, napi_callback_info info) {
  napi_value values[1];
  arguments(env, info, 1, values);
  char* what = text_of(env, values[0]);
  if (pending(env)) return NULL;
  napi_value value = js_text(env, what ? lib.runtime_info(what) : NULL);
  free_text(what);
  return value;
}

/** name(kind, number): "result", "action" or "state", as the library calls it. */
static napi_value name(napi_env env, napi_callback_info info) {
  napi_value values[2];
  arguments(env, info, 2, values);
  char* kind = text_of(env, values[0]);
  if (!kind) return NULL;
  int32_t number = (int32_t)number_of(env, values[1]);
  const char* found = kind[0] == 'r'   ? lib.result_name(number)
                      : kind[0] == 'a' ? lib.action_name(number)
                                       : lib.state_name(number);
  free_text(kind);
  return pending(env) ? NULL : js_text(env, found);
}

/* --- Beginning and end
 * ---------------------------------------------------------------------------------------------------- */

static void woken(napi_env env, napi_value function, void* context, void* data) {
  (void)function, (void)data;
  if (env) deliver_store_calls(context); /* without an environment it is on its way out */
}

/** The environment ends: a worker was terminated, or the process ends. Nobody answers calls of stores any more, so
 * nothing may wait for JavaScript from here on. Runs before Node ends the thread-safe function and finalizes the
 * handles, which were made known earlier. */
static void environment_ends(void* data) {
  struct instance* instance = data;
  end_stores(instance);
  instance_release(instance);
}

NAPI_MODULE_INIT() {
  struct instance* instance = calloc(1, sizeof *instance);
  if (!instance) {
    throw_text(env, "out of memory");
    return exports;
  }
  instance->env = env;
  instance->users = 1;
  pthread_mutex_init(&instance->lock, NULL);
  pthread_cond_init(&instance->changed, NULL);
  napi_set_instance_data(env, instance, NULL, NULL);
  napi_create_threadsafe_function(env, NULL, NULL, js_text(env, "ecoauth"), 0, 1, NULL, NULL, instance, woken,
                                  &instance->wake);
  napi_unref_threadsafe_function(env, instance->wake);
  napi_add_env_cleanup_hook(env, environment_ends, instance);
  define(env, exports, "load", load);
  define(env, exports, "setUp", set_up);
  define(env, exports, "version", version);
  define(env, exports, "hasFeature", has_feature);
  define(env, exports, "runtimeInfo", runtime_info);
  define(env, exports, "name", name);
  define(env, exports, "answerStore", answer_store);
  define(env, exports, "serveStores", serve_stores);
  define_clients(env, exports);
  define_accounts(env, exports);
  return exports;
}
