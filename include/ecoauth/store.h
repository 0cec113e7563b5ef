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
 * OK means durable: after a power cut the new record is there. After RETRY the same save comes again; what the first has left
 * behind must not make it a CONFLICT. OK, CONFLICT, RETRY or FATAL.
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
 * Lets a file store refresh on a network file system (NFS, SMB, 9p, FUSE, ...), which it otherwise only reads there: its locks
 * may not keep another machine from refreshing at the same time. Allow it only when one machine uses the store. Returns OK, or
 * INVALID_ARGUMENT for NULL and for stores of another kind.
 *  **State** Before ecoauth_options_set_store(). **Blocking** No. **Threads** One at a time. **Ownership** Borrows the store.
 *  **Since** 0.1
 */
ECOAUTH_EXPORT int32_t ecoauth_store_allow_network(ecoauth_store *store);

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

/*
 * Sealing: with a key, records are encrypted and bound to their account (AES-256-GCM) before any store sees them; without
 * one they are plain, and ecoauth_status_seal() says so. Each function below names a source of 32-byte keys and does nothing
 * else: keys are fetched on a library worker when a record is read or saved. They take effect when the store is given to the
 * options; a later call replaces an earlier one.
 *
 * The first (current) key seals; the others only open what was sealed earlier. Records that are plain, or sealed with
 * another key than the current one, are sealed anew soon after they have been read, and then no trace of the older seal is
 * left in the store. Whoever loses the key loses the tokens: keep a copy where nobody who reads the store gets at it.
 *
 * A key that is not to be had is an error, never a reason to save in plain: nothing is refreshed, no PIN is shown, what is
 * stored stays untouched; a token in memory is still handed out. The error is STORE, STORE_PERMISSION when others may know
 * the key, or CALLBACK, and says what to do. A key that was had once serves until the client ends, also while its source
 * fails.
 */

/**
 * Hands a key, 32 random bytes, to `out`: the current one when `key_id` is NULL, else the one of this id (16 hex digits that
 * the record names; src/store/FORMAT.md 3.4 says how they follow from the key). OK, NOT_FOUND, RETRY or FATAL.
 * **Called** On a library worker, for several accounts at once, about once a minute at most but for older keys. May block.
 * **May call** As store callbacks.
 */
typedef int32_t (*ecoauth_seal_key_fn)(void *user_data, const char *key_id, ecoauth_blob *out);

/**
 * Seals with keys that the host hands over. Returns OK or INVALID_ARGUMENT.
 *  **Blocking** No. **Threads** As the store: one at a time.
 *  **Ownership** Borrows the store. `finalizer` ends `user_data` when the store is gone, a later call replaces it, or this
 *  call fails. **Since** 0.1
 */
ECOAUTH_EXPORT int32_t ecoauth_store_seal_with_callback(ecoauth_store *store, ecoauth_seal_key_fn seal_key, void *user_data,
                                                        ecoauth_finalizer_fn finalizer);

/**
 * Seals with keys that are read from a descriptor, once, when first needed: 1 to 16 keys, each a line of 64 hex digits, or
 * each 32 bytes. A file is read from its beginning and must not be open to other users; of a pipe or socket all is read until
 * the writer closes it, for which it has a minute. Returns OK or INVALID_ARGUMENT.
 *  **Blocking** No. **Threads** As the store: one at a time.
 *  **Ownership** Borrows the store. Keeps a copy of the descriptor until it has been read; `fd` stays the caller's.
 *  **Since** 0.1
 */
ECOAUTH_EXPORT int32_t ecoauth_store_seal_with_fd(ecoauth_store *store, int32_t fd);

/**
 * Seals with keys that are read from a file whenever they are needed, of the same form. It must be a regular file of this
 * user or of root that no other user can read, in a folder in which no other user can replace it; a credential of systemd
 * (the file "$CREDENTIALS_DIRECTORY/NAME") is one. A relative name is made absolute now. Returns OK or INVALID_ARGUMENT.
 *  **Blocking** No. **Threads** As the store: one at a time.
 *  **Ownership** Borrows the store. Copies the name. **Since** 0.1
 */
ECOAUTH_EXPORT int32_t ecoauth_store_seal_with_file(ecoauth_store *store, const char *path);

/**
 * Seals with a key that the user's keyring keeps (the Secret Service: GNOME Keyring, KeePassXC, KWallet), in its default
 * collection under `label`; NULL means "default". When there is none, one is made with the first save; when there are
 * several, the newest is the current one. Nobody is asked for a password: a locked keyring is an error, and so is one that
 * does not answer within 2 seconds. `bus_address` is where the session's message bus is, the value of
 * DBUS_SESSION_BUS_ADDRESS, which the library does not read by itself; NULL means "unix:path=/run/user/UID/bus", where
 * systemd puts it. Returns OK, INVALID_ARGUMENT, or UNSUPPORTED in builds without it (ecoauth_has_feature()
 * "seal-secret-service").
 *  **Blocking** No. **Threads** As the store: one at a time.
 *  **Ownership** Borrows the store. Copies the texts. **Since** 0.1
 */
ECOAUTH_EXPORT int32_t ecoauth_store_seal_with_secret_service(ecoauth_store *store, const char *label,
                                                              const char *bus_address);

/** Releases a store that no options have taken. NULL does nothing.
 *  **Blocking** No. **Threads** Any, once. **Ownership** Takes the store; its finalizer runs now. **Since** 0.1 */
ECOAUTH_EXPORT void ecoauth_store_free(ecoauth_store *store);

ECOAUTH_END_DECLS

#endif
