/* ecoauth: the opaque types. No struct is public, so none can ever change under a program.
 * SPDX-License-Identifier: MIT */
#ifndef ECOAUTH_TYPES_H
#define ECOAUTH_TYPES_H

#include <stddef.h>
#include <stdint.h>

#include <ecoauth/error.h>
#include <ecoauth/export.h>

ECOAUTH_BEGIN_DECLS

/** One application: client id, server, store, callbacks, scheduler, workers. Thread-safe. See client.h. */
typedef struct ecoauth_client ecoauth_client;

/** One user's grant under a name. Thread-safe; many per client. See account.h. */
typedef struct ecoauth_account ecoauth_account;

/** A builder for the settings of a client. One thread at a time. See options.h. */
typedef struct ecoauth_options ecoauth_options;

/** Where tokens are kept. Made by ecoauth_store_new_*(), given to the options. See store.h. */
typedef struct ecoauth_store ecoauth_store;

/** A place lent by the library inside a callback, for the host's bytes. See store.h. */
typedef struct ecoauth_blob ecoauth_blob;

/** An access token with what is known about it. Immutable. See token.h. */
typedef struct ecoauth_token ecoauth_token;

/** What an account looked like at one moment. Immutable. See status.h. */
typedef struct ecoauth_status ecoauth_status;

/** The API's answer to one request. Immutable. See response.h. */
typedef struct ecoauth_response ecoauth_response;

/** Something that happened. Immutable. See event.h. */
typedef struct ecoauth_event ecoauth_event;

/** The names of the accounts in a store. Immutable. See client.h. */
typedef struct ecoauth_account_list ecoauth_account_list;

/**
 * Ends the life of a `user_data` pointer. NULL is allowed wherever one is asked for.
 *
 * **Called** Exactly once for every call that took it, also when that call failed; after the last callback that gets the
 * same `user_data`. On the thread that made the failing or freeing call, or on a library worker when the last user was one.
 * No locks are held. **May call** Anything that does not block. It must not throw or longjmp. **Since** 0.1
 */
typedef void (*ecoauth_finalizer_fn)(void *user_data);

/** Time-outs are in milliseconds. ECOAUTH_WAIT_FOREVER waits without limit; 0 does not wait. */
#define ECOAUTH_WAIT_FOREVER ((int64_t)-1)

ECOAUTH_END_DECLS

#endif
