/* Stores written in JavaScript. The library calls on a worker of its own: the call is put into a list, a thread-safe
 * function wakes the environment's thread, and the worker sleeps until JavaScript has answered, now or after a Promise.
 * SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "addon.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

/** What the library gets as user_data: which store of which environment. */
struct store_id {
  struct instance* instance;
  int64_t id;
};

/** One call. It lies on the worker's stack, but for "gone", for which nobody waits. */
struct store_call {
  struct store_call* next;
  int64_t number;
  int64_t store;
  const char* method;
  const char* key;
  int64_t first, second; /* expected_seq and new_seq; timeout_ms */
  const void* data;
  size_t size_bytes;
  ecoauth_blob* out;
  bool delivered, answered;
  int32_t result;
};

static void append(struct instance* instance, struct store_call* call) {
  struct store_call** end = &instance->calls;
  while (*end) end = &(*end)->next;
  *end = call;
  call->number = ++instance->last_call;
  napi_call_threadsafe_function(instance->wake, NULL, napi_tsfn_nonblocking);
  pthread_cond_broadcast(&instance->changed);
}

static void take_out(struct instance* instance, struct store_call* call) {
  for (struct store_call** each = &instance->calls; *each; each = &(*each)->next)
    if (*each == call) {
      *each = call->next;
      return;
    }
}

/** On a library worker. */
static int32_t ask(void* user_data, struct store_call call) {
  struct store_id* id = user_data;
  struct instance* instance = id->instance;
  call.store = id->id;
  call.result = ECOAUTH_STORE_RETRY;
  pthread_mutex_lock(&instance->lock);
  if (instance->wake) {
    append(instance, &call);
    while (!call.answered && instance->wake) pthread_cond_wait(&instance->changed, &instance->lock);
    take_out(instance, &call);
  }
  pthread_mutex_unlock(&instance->lock);
  return call.result;
}

static int32_t on_load(void* user_data, const char* key, ecoauth_blob* out) {
  return ask(user_data, (struct store_call){.method = "load", .key = key, .out = out});
}

static int32_t on_save(void* user_data, const char* key, int64_t expected_seq, const void* data, size_t size_bytes,
                       int64_t new_seq) {
  return ask(user_data, (struct store_call){.method = "save",
                                            .key = key,
                                            .first = expected_seq,
                                            .second = new_seq,
                                            .data = data,
                                            .size_bytes = size_bytes});
}

static int32_t on_erase(void* user_data, const char* key) {
  return ask(user_data, (struct store_call){.method = "erase", .key = key});
}

static int32_t on_list(void* user_data, ecoauth_blob* out) {
  return ask(user_data, (struct store_call){.method = "list", .out = out});
}

static int32_t on_lock(void* user_data, const char* key, int64_t timeout_ms) {
  return ask(user_data, (struct store_call){.method = "lock", .key = key, .first = timeout_ms});
}

static void on_unlock(void* user_data, const char* key) {
  ask(user_data, (struct store_call){.method = "unlock", .key = key});
}

static int32_t on_seal_key(void* user_data, const char* key_id, ecoauth_blob* out) {
  return ask(user_data, (struct store_call){.method = "sealKey", .key = key_id, .out = out});
}

/** On any thread, after the last call: JavaScript forgets the store. */
static void on_gone(void* user_data) {
  struct store_id* id = user_data;
  struct instance* instance = id->instance;
  struct store_call* call = calloc(1, sizeof *call);
  pthread_mutex_lock(&instance->lock);
  if (call && instance->wake) {
    call->method = "gone";
    call->store = id->id;
    append(instance, call);
    call = NULL;
  }
  pthread_mutex_unlock(&instance->lock);
  free(call);
  free(id);
  instance_release(instance);
}

static struct store_call* undelivered(struct instance* instance) {
  struct store_call* call = instance->calls;
  while (call && call->delivered) call = call->next;
  return call;
}

/** Takes the next call that JavaScript has not seen. Only this thread ends calls, so it may be read without the lock.
 */
static struct store_call* next_call(struct instance* instance, bool* gone) {
  pthread_mutex_lock(&instance->lock);
  struct store_call* call = undelivered(instance);
  if (call) call->delivered = true;
  *gone = call && strcmp(call->method, "gone") == 0;
  if (*gone) take_out(instance, call);
  pthread_mutex_unlock(&instance->lock);
  return call;
}

static void answer(struct instance* instance, struct store_call* call, int32_t result) {
  pthread_mutex_lock(&instance->lock);
  call->result = result;
  call->answered = true;
  pthread_cond_broadcast(&instance->changed);
  pthread_mutex_unlock(&instance->lock);
}

/** The arguments of JavaScript's serve_store. Made without the lock: collecting garbage may come back here. */
static void describe(napi_env env, const struct store_call* call, napi_value values[7]) {
  values[0] = js_number(env, call->number);
  values[1] = js_number(env, call->store);
  values[2] = js_text(env, call->method);
  values[3] = js_text(env, call->key);
  values[4] = js_number(env, call->first);
  values[5] = js_number(env, call->second);
  values[6] = call->data ? js_bytes(env, call->data, call->size_bytes) : js_undefined(env);
}

void deliver_store_calls(struct instance* instance) {
  napi_env env = instance->env;
  bool going_on = true;
  while (going_on) {
    napi_handle_scope scope;
    if (napi_open_handle_scope(env, &scope) != napi_ok) return;
    bool gone = false;
    struct store_call* call = next_call(instance, &gone);
    going_on = call != NULL;
    if (call) {
      napi_value values[7], serve = NULL;
      describe(env, call, values);
      if (gone) free(call);
      /* JavaScript catches all by itself: a call that fails means that a worker is being terminated. */
      bool served = napi_get_reference_value(env, instance->serve_store, &serve) == napi_ok &&
                    napi_call_function(env, js_undefined(env), serve, 7, values, NULL) == napi_ok;
      if (!served && !gone) answer(instance, call, ECOAUTH_STORE_RETRY);
    }
    napi_close_handle_scope(env, scope);
  }
}

/** answerStore(number of the call, result, bytes for the library) */
napi_value answer_store(napi_env env, napi_callback_info info) {
  napi_value values[3];
  struct instance* instance = arguments(env, info, 3, values);
  int64_t number = number_of(env, values[0]), result = number_of(env, values[1]);
  size_t size_bytes = 0;
  const void* data = bytes_of(env, values[2], &size_bytes);
  pthread_mutex_lock(&instance->lock);
  for (struct store_call* call = instance->calls; call; call = call->next)
    if (call->number == number && !call->answered) {
      call->result = (int32_t)result;
      if (call->out && result == ECOAUTH_STORE_OK && lib.blob_set(call->out, data, size_bytes) != ECOAUTH_OK)
        call->result = ECOAUTH_STORE_RETRY;
      call->answered = true;
      pthread_cond_broadcast(&instance->changed);
      break;
    }
  pthread_mutex_unlock(&instance->lock);
  return NULL;
}

/** serveStores(wait_ms): for the end of the process, when the loop turns no more. Waits for a call and hands it to
 * JavaScript. */
napi_value serve_stores(napi_env env, napi_callback_info info) {
  napi_value values[1];
  struct instance* instance = arguments(env, info, 1, values);
  int64_t wait_ms = number_of(env, values[0]);
  struct timespec end;
  clock_gettime(CLOCK_REALTIME, &end);
  end.tv_nsec += (wait_ms % 1000) * 1000000;
  end.tv_sec += wait_ms / 1000 + end.tv_nsec / 1000000000;
  end.tv_nsec %= 1000000000;
  pthread_mutex_lock(&instance->lock);
  if (!undelivered(instance)) pthread_cond_timedwait(&instance->changed, &instance->lock, &end);
  pthread_mutex_unlock(&instance->lock);
  deliver_store_calls(instance);
  return NULL;
}

void end_stores(struct instance* instance) {
  pthread_mutex_lock(&instance->lock);
  instance->wake = NULL;
  struct store_call** each = &instance->calls;
  while (*each) {
    struct store_call* call = *each;
    if (strcmp(call->method, "gone") == 0) {
      *each = call->next;
      free(call);
    } else {
      each = &call->next;
    }
  }
  pthread_cond_broadcast(&instance->changed);
  pthread_mutex_unlock(&instance->lock);
}

static struct store_id* new_store_id(struct instance* instance, int64_t id) {
  struct store_id* made = malloc(sizeof *made);
  if (!made) return NULL;
  *made = (struct store_id){instance, id};
  pthread_mutex_lock(&instance->lock);
  ++instance->users;
  pthread_mutex_unlock(&instance->lock);
  return made;
}

static int64_t member_number(napi_env env, napi_value object, const char* name) {
  napi_value value = NULL;
  napi_get_named_property(env, object, name, &value);
  return is_nothing(env, value) ? 0 : number_of(env, value);
}

static char* member_text(napi_env env, napi_value object, const char* name) {
  napi_value value = NULL;
  napi_get_named_property(env, object, name, &value);
  return text_of(env, value);
}

/** { folder, allowNetwork } | { id, lists, locks } | {}; and sealFile | sealFd | sealId | keyring with label, bus */
ecoauth_store* make_store(struct instance* instance, napi_value description) {
  napi_env env = instance->env;
  ecoauth_store* store = NULL;
  int32_t result = ECOAUTH_OK;
  char *folder = member_text(env, description, "folder"), *seal_file = member_text(env, description, "sealFile");
  char *label = member_text(env, description, "label"), *bus = member_text(env, description, "bus");
  int64_t id = member_number(env, description, "id"), seal_id = member_number(env, description, "sealId");
  if (!pending(env)) {
    if (folder) {
      store = lib.store_new_file(folder);
      if (store && member_number(env, description, "allowNetwork")) lib.store_allow_network(store);
    } else if (id) {
      struct store_id* kept = new_store_id(instance, id);
      bool lists = member_number(env, description, "lists"), locks = member_number(env, description, "locks");
      if (kept)
        store = lib.store_new_callbacks(kept, on_gone, on_load, on_save, on_erase, lists ? on_list : NULL,
                                        locks ? on_lock : NULL, locks ? on_unlock : NULL);
    } else {
      store = lib.store_new_memory();
    }
    struct store_id* sealing = store && seal_id ? new_store_id(instance, seal_id) : NULL;
    if (!store)
      result = ECOAUTH_ERROR_INVALID_ARGUMENT;
    else if (seal_id)
      result = sealing ? lib.store_seal_with_callback(store, on_seal_key, sealing, on_gone) : ECOAUTH_ERROR_NO_MEMORY;
    else if (seal_file)
      result = lib.store_seal_with_file(store, seal_file);
    else if (member_number(env, description, "hasSealFd"))
      result = lib.store_seal_with_fd(store, (int32_t)member_number(env, description, "sealFd"));
    else if (member_number(env, description, "keyring"))
      result = lib.store_seal_with_secret_service(store, label, bus);
    if (result < 0) {
      lib.store_free(store);
      store = NULL;
      throw_error(instance, result, NULL);
    }
  }
  free_text(folder);
  free_text(seal_file);
  free_text(label);
  free_text(bus);
  return store;
}
