/* ecoauth: the client, its events and its end.
 * SPDX-License-Identifier: MIT */
#ifndef ECOAUTH_CLIENT_H
#define ECOAUTH_CLIENT_H

#include <ecoauth/options.h>
#include <ecoauth/types.h>

ECOAUTH_BEGIN_DECLS

/**
 * Makes a client. Nothing is started, opened or sent yet.
 *  **Blocking** No. **Threads** Any. **Ownership** Consumes `options` in success and failure (NULL fails). On success
 *  *client is the caller's, to be ended by ecoauth_client_free(); on failure it is NULL.
 *  **Errors** INVALID_ARGUMENT (which option, and why), NO_MEMORY. **Since** 0.1
 */
ECOAUTH_EXPORT int32_t ecoauth_client_new(ecoauth_options *options, ecoauth_client **client, ecoauth_error **error);

/**
 * Ends a client: starts nothing new, lets running exchanges finish and saves, all bounded by the shutdown time-out; then
 * releases it. After it returns no callback runs and every finalizer has run; a worker stuck in a callback of the host or in
 * name resolution past the bound is cut off and keeps what it needs. Account handles stay valid and answer CLOSED.
 * NULL does nothing, and so does a forked child: what its parent made stays in memory.
 *  **Blocking** Up to the shutdown time-out. Inside a callback it returns at once and happens when the callback has returned.
 *  **Threads** Any, once. **Ownership** Takes the client. **Since** 0.1
 */
ECOAUTH_EXPORT void ecoauth_client_free(ecoauth_client *client);

/**
 * Begins what ecoauth_client_free() does, without waiting: a last ECOAUTH_EVENT_CLOSED tells when it is done; then
 * ecoauth_client_free() returns at once.
 *  **Blocking** No. **Threads** Any, callbacks too. **Ownership** Borrows the client.
 *  **Errors** ALREADY_DONE (positive), FORKED. **Since** 0.1
 */
ECOAUTH_EXPORT int32_t ecoauth_client_close_start(ecoauth_client *client, ecoauth_error **error);

/**
 * Starts nothing new from now on, and waits until running exchanges have finished and everything is saved. Tokens in memory
 * are still served. For SIGTERM: quiesce(8000), then free.
 *  **Blocking** Up to `timeout_ms`. **Threads** Any. **Ownership** Borrows the client.
 *  **Errors** TIMEOUT, UNSAVED (its text names the accounts), REENTRANT, FORKED, CLOSED. **Since** 0.1
 */
ECOAUTH_EXPORT int32_t ecoauth_client_quiesce(ecoauth_client *client, int64_t timeout_ms, ecoauth_error **error);

/**
 * ECOAUTH_DISPATCH_CALLER: calls the callbacks for the events that wait; when none does, waits up to `timeout_ms` for one.
 *  **Blocking** Up to `timeout_ms`, and as long as the callbacks take. **Threads** Any; one at a time, a second one waits.
 *  **Ownership** Borrows the client. **Errors** The number of delivered events is returned (0 or more); WRONG_STATE in
 *  another dispatch mode, REENTRANT, FORKED, CLOSED (after the CLOSED event). **Since** 0.1
 */
ECOAUTH_EXPORT int32_t ecoauth_client_dispatch(ecoauth_client *client, int64_t timeout_ms, ecoauth_error **error);

/**
 * ECOAUTH_DISPATCH_POLL: hands out the next event; when there is none, waits up to `timeout_ms` for one.
 *  **Blocking** Up to `timeout_ms`. **Threads** Any. **Ownership** *event is the caller's, to be ended by
 *  ecoauth_event_free(); NULL when there was none.
 *  **Errors** TIMEOUT when none came in time; WRONG_STATE in another dispatch mode, REENTRANT, FORKED, CLOSED (after the
 *  CLOSED event was handed out). **Since** 0.1
 */
ECOAUTH_EXPORT int32_t ecoauth_client_next_event(ecoauth_client *client, int64_t timeout_ms, ecoauth_event **event,
                                                 ecoauth_error **error);

/**
 * Makes a socket that becomes readable when events wait: one byte whenever the queue becomes non-empty, and again when
 * next_event() or dispatch() returns while events are left; a wakeup is never lost. Drain it before you fetch events. Every call makes its own
 * pair; it is a stream socket, not an eventfd, which some hosts refuse.
 *  **Blocking** No. **Threads** Any. **Ownership** *fd is the caller's to drain and to close(); it is close-on-exec and
 *  non-blocking, and reads end-of-file once the client is gone.
 *  **Errors** INVALID_ARGUMENT, INTERNAL (no descriptor to be had), FORKED, CLOSED. **Since** 0.1
 */
ECOAUTH_EXPORT int32_t ecoauth_client_wakeup_fd(ecoauth_client *client, int32_t *fd, ecoauth_error **error);

/**
 * Ends one operation: it completes with CANCELLED, unless it has ended already. A token request past its first byte is
 * finished and saved in the background. Others that wait for the same refresh are not disturbed.
 *  **Blocking** No. **Threads** Any, callbacks too. **Ownership** Borrows the client.
 *  **Errors** NOT_FOUND (no such operation, or it has ended), INVALID_ARGUMENT, FORKED, CLOSED. **Since** 0.1
 */
ECOAUTH_EXPORT int32_t ecoauth_client_cancel(ecoauth_client *client, int64_t operation);

/**
 * The accounts that the store has records of, for this client's server and, if it has one, client id; sorted, without those
 * that have signed out. A record that cannot be read is left out, and logged.
 *  **Blocking** Up to `timeout_ms`. **Threads** Any. **Ownership** *accounts is the caller's, to be ended by
 *  ecoauth_account_list_free(). **Errors** UNSUPPORTED (a store that cannot list), STORE..., TIMEOUT, CANCELLED (the
 *  client is being closed), REENTRANT, FORKED, CLOSED. **Since** 0.1
 */
ECOAUTH_EXPORT int32_t ecoauth_client_accounts(ecoauth_client *client, int64_t timeout_ms, ecoauth_account_list **accounts,
                                               ecoauth_error **error);

/** How many names the list has. **Blocking** No. **Threads** Any. **Ownership** Borrows the list. **Since** 0.1 */
ECOAUTH_EXPORT size_t ecoauth_account_list_size(const ecoauth_account_list *accounts);

/** The name at `index`, NULL past the end.
 *  **Blocking** No. **Threads** Any. **Ownership** The text lives as long as the list. **Since** 0.1 */
ECOAUTH_EXPORT const char *ecoauth_account_list_key(const ecoauth_account_list *accounts, size_t index);

/** Releases a list. NULL does nothing.
 *  **Blocking** No. **Threads** Any, once. **Ownership** Takes the list. **Since** 0.1 */
ECOAUTH_EXPORT void ecoauth_account_list_free(ecoauth_account_list *accounts);

ECOAUTH_END_DECLS

#endif
