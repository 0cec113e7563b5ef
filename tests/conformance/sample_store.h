/* A sample of a host's own store: a folder with one file per record. To be copied and changed.
 * SPDX-License-Identifier: MIT */
#ifndef SAMPLE_STORE_H
#define SAMPLE_STORE_H

#include <ecoauth/store.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The user_data of the callbacks below; `folder` exists. NULL when out of memory. */
void* sample_store_open(const char* folder);
void sample_store_close(void* store);

int32_t sample_store_load(void* store, const char* key, ecoauth_blob* out);
int32_t sample_store_save(void* store, const char* key, int64_t expected_seq, const void* data, size_t size_bytes,
                          int64_t new_seq);
int32_t sample_store_erase(void* store, const char* key);
int32_t sample_store_list(void* store, ecoauth_blob* out);
int32_t sample_store_lock(void* store, const char* key, int64_t timeout_ms);
void sample_store_unlock(void* store, const char* key);

#ifdef __cplusplus
}
#endif

#endif
