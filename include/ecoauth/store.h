/* ecoauth: where tokens are kept.
 * SPDX-License-Identifier: MIT */
#ifndef ECOAUTH_STORE_H
#define ECOAUTH_STORE_H

#include <ecoauth/types.h>

ECOAUTH_BEGIN_DECLS

/*
 * A store keeps one record per grant identity: (account key, server, fingerprint of the client id). A record is a secret.
 * ecoauth_options_set_store() takes the store; one store serves one client.
 */

/** Results of store callbacks. Anything else counts as ECOAUTH_STORE_FATAL. */
#define ECOAUTH_STORE_OK 0
/** load: there is no such record. */
#define ECOAUTH_STORE_NOT_FOUND 1
/** save: the stored sequence number is not `expected_seq`. lock: somebody else holds it. */
#define ECOAUTH_STORE_CONFLICT 2
/** Failed for now; the library tries again. Nothing was changed. */
#define ECOAUTH_STORE_RETRY 3
/** Failed; a person has to look. Nothing was changed. */
#define ECOAUTH_STORE_FATAL 4

/**
 * Hands bytes to the library through a sink that it lent to a callback. A second call replaces the first.
 *  **State** Only inside the callback that was given the blob. **Blocking** No. **Threads** The callback's.
 *  **Ownership** Copies the bytes before it returns. `data` may be NULL when `size_bytes` is 0.
 *  **Errors** INVALID_ARGUMENT, NO_MEMORY. **Since** 0.1
 */
ECOAUTH_EXPORT int32_t ecoauth_blob_set(ecoauth_blob *blob, const void *data, size_t size_bytes);

/*
 * Store callbacks. **Called** On a library worker, one at a time per account, without locks held; they may block, and a hung
 * one stops only its account. **Arguments live until** the callback returns. **May call** anything of this library that does
 * not block. They must not throw or longjmp. `key` is a name of letters, digits, '.', '_' and '-', at most 100.
 */

/** Hands the record under `key` to `out`. OK, NOT_FOUND, RETRY or FATAL. Damage must be FATAL, never NOT_FOUND. */
typedef int32_t (*ecoauth_store_load_fn)(void *user_data, const char *key, ecoauth_blob *out);

/**
 * Replaces the record if the stored one was saved with `expected_seq` (0: there is none), and keeps `new_seq` with it.
 * OK means durable: after a power cut the new record is there. OK, CONFLICT, RETRY or FATAL.
 */
typedef int32_t (*ecoauth_store_save_fn)(void *user_data, const char *key, int64_t expected_seq, const void *data,
                                         size_t size_bytes, int64_t new_seq);

/** Forgets the record, durably; OK also when there is none. OK, RETRY or FATAL. */
typedef int32_t (*ecoauth_store_erase_fn)(void *user_data, const char *key);

/** Hands the keys that have a record to `out`, separated by line feeds. OK, RETRY or FATAL. */
typedef int32_t (*ecoauth_store_list_fn)(void *user_data, ecoauth_blob *out);

/** Takes the right to refresh this record for this process, waiting at most `timeout_ms` (0: try once). It must end when the
 *  process dies. OK, CONFLICT (held by another), RETRY or FATAL. */
typedef int32_t (*ecoauth_store_lock_fn)(void *user_data, const char *key, int64_t timeout_ms);

/** Gives it back. */
typedef void (*ecoauth_store_unlock_fn)(void *user_data, const char *key);

/**
 * A store that lasts as long as the client: for tests, and for hosts that keep nothing on purpose.
 *  **Blocking** No. **Threads** Any. **Ownership** The caller owns it until ecoauth_options_set_store() takes it.
 *  **Errors** NULL when out of memory. **Since** 0.1
 */
ECOAUTH_EXPORT ecoauth_store *ecoauth_store_new_memory(void);

/**
 * A folder with one file per record: mode 0600 in a folder of mode 0700, safe against crashes and power cuts, shared safely
 * between processes of one machine (src/store/FORMAT.md). Nothing is created before the first save. A relative folder is
 * made absolute now.
 *  **Blocking** No. **Threads** Any. **Ownership** Copies the name. The caller owns the store until
 *  ecoauth_options_set_store() takes it. **Errors** NULL when out of memory or when `folder` is NULL, empty or not UTF-8.
 *  **Since** 0.1
 */
ECOAUTH_EXPORT ecoauth_store *ecoauth_store_new_file(const char *folder);

/**
 * The host's own store. `load`, `save` and `erase` are needed; `list` may be NULL; `lock` and `unlock` may both be NULL, then
 * only one process may use an account.
 *  **Blocking** No. **Threads** Any. **Ownership** `finalizer` ends `user_data` when the store is gone, and at once when this
 *  call fails. The caller owns the store until ecoauth_options_set_store() takes it.
 *  **Errors** NULL when out of memory, when a needed callback is NULL, or when only one of `lock` and `unlock` is.
 *  **Since** 0.1
 */
ECOAUTH_EXPORT ecoauth_store *ecoauth_store_new_callbacks(void *user_data, ecoauth_finalizer_fn finalizer,
                                                          ecoauth_store_load_fn load, ecoauth_store_save_fn save,
                                                          ecoauth_store_erase_fn erase, ecoauth_store_list_fn list,
                                                          ecoauth_store_lock_fn lock, ecoauth_store_unlock_fn unlock);

/** Releases a store that no options have taken. NULL does nothing.
 *  **Blocking** No. **Threads** Any, once. **Ownership** Takes the store; its finalizer runs now. **Since** 0.1 */
ECOAUTH_EXPORT void ecoauth_store_free(ecoauth_store *store);

ECOAUTH_END_DECLS

#endif
