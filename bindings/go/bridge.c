// SPDX-License-Identifier: MIT
#define _DEFAULT_SOURCE
#include "bridge.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "_cgo_export.h"

/* A dynamically linked POCO has blocked SIGPIPE in the thread that loaded it. Go hands that thread's mask on to the programs it
 * starts, so it is taken back here: after the libraries were loaded, before Go begins. */
__attribute__((constructor)) static void restore_sigpipe(void) {
  sigset_t only;
  sigemptyset(&only);
  sigaddset(&only, SIGPIPE);
  pthread_sigmask(SIG_UNBLOCK, &only, NULL);
}

static void finalize(void *user_data) { ecoauthGoFinalize((uintptr_t)user_data); }

static int32_t load(void *user_data, const char *key, ecoauth_blob *out) {
  return ecoauthGoLoad((uintptr_t)user_data, (char *)key, out);
}

static int32_t save(void *user_data, const char *key, int64_t expected_seq, const void *data, size_t size_bytes, int64_t new_seq) {
  return ecoauthGoSave((uintptr_t)user_data, (char *)key, expected_seq, (void *)data, size_bytes, new_seq);
}

static int32_t erase(void *user_data, const char *key) { return ecoauthGoErase((uintptr_t)user_data, (char *)key); }

static int32_t list(void *user_data, ecoauth_blob *out) { return ecoauthGoList((uintptr_t)user_data, out); }

static int32_t lock(void *user_data, const char *key, int64_t timeout_ms) {
  return ecoauthGoLock((uintptr_t)user_data, (char *)key, timeout_ms);
}

static void unlock(void *user_data, const char *key) { ecoauthGoUnlock((uintptr_t)user_data, (char *)key); }

static int32_t seal_key(void *user_data, const char *key_id, ecoauth_blob *out) {
  return ecoauthGoSealKey((uintptr_t)user_data, (char *)key_id, out);
}

ecoauth_store *ecoauth_go_new_store(uintptr_t handle, int lists, int locks) {
  return ecoauth_store_new_callbacks((void *)handle, finalize, load, save, erase, lists ? list : NULL, locks ? lock : NULL,
                                     locks ? unlock : NULL);
}

int32_t ecoauth_go_seal_with_callback(ecoauth_store *store, uintptr_t handle) {
  return ecoauth_store_seal_with_callback(store, seal_key, (void *)handle, finalize);
}

void ecoauth_go_wipe_and_free(char *text) {
  if (text) explicit_bzero(text, strlen(text));
  free(text);
}
