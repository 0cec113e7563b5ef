/* ecoauth: events.
 * SPDX-License-Identifier: MIT */
#ifndef ECOAUTH_EVENT_H
#define ECOAUTH_EVENT_H

#include <ecoauth/types.h>

ECOAUTH_BEGIN_DECLS

/*
 * One queue per client. Completions have their place reserved when the operation starts and are never dropped. STATE, TOKEN
 * and PROGRESS are coalesced: at most one of each per account waits, with the newest content. LOG lines beyond 256 are
 * dropped oldest first and counted. Nothing else is ever dropped.
 *
 * Kinds; ignore those you do not know.
 */

/** A PIN to show: account_key, operation (one of those that wait for it), pin, verification_url, remaining_ms, scope. */
#define ECOAUTH_EVENT_PIN 1
/** A pending PIN is still waiting: account_key, operation, remaining_ms. After every poll, at most one per account waits. */
#define ECOAUTH_EVENT_PROGRESS 2
/** The grant's state or a flag changed: account_key, state, flags, error when there is one. */
#define ECOAUTH_EVENT_STATE 3
/** A new token pair is saved and in use: account_key, generation. */
#define ECOAUTH_EVENT_TOKEN 4
/** An operation ended: operation, account_key, result, error, and token, response or text by the kind of operation. */
#define ECOAUTH_EVENT_COMPLETED 5
/** A log line: log_level, text, dropped. */
#define ECOAUTH_EVENT_LOG 6
/** A token pair could not be saved: account_key, error, and data: the whole record, to be kept by the host if it can. Once for
 *  each record; docs/embedding.md says how to put it back. */
#define ECOAUTH_EVENT_UNSAVED 7
/** The last event of a client: everything has stopped. */
#define ECOAUTH_EVENT_CLOSED 8

/** Levels of log lines. No level ever shows a secret. */
#define ECOAUTH_LOG_NONE 0
#define ECOAUTH_LOG_ERROR 1
#define ECOAUTH_LOG_WARNING 2
#define ECOAUTH_LOG_INFO 3
#define ECOAUTH_LOG_DEBUG 4
#define ECOAUTH_LOG_TRACE 5

/** One of ECOAUTH_EVENT_*. 0 for NULL.
 *  **Blocking** No. **Threads** Any. **Ownership** Borrows the event. **Since** 0.1 */
ECOAUTH_EXPORT int32_t ecoauth_event_kind(const ecoauth_event *event);

/** The name of the account concerned, empty when none is. Never NULL.
 *  **Blocking** No. **Threads** Any. **Ownership** The text lives as long as the event. **Since** 0.1 */
ECOAUTH_EXPORT const char *ecoauth_event_account_key(const ecoauth_event *event);

/** The operation concerned, as the _start call returned it; 0 when none is.
 *  **Blocking** No. **Threads** Any. **Ownership** Borrows the event. **Since** 0.1 */
ECOAUTH_EXPORT int64_t ecoauth_event_operation(const ecoauth_event *event);

/** COMPLETED: the operation's result code, what its blocking form would have returned.
 *  **Blocking** No. **Threads** Any. **Ownership** Borrows the event. **Since** 0.1 */
ECOAUTH_EXPORT int32_t ecoauth_event_result(const ecoauth_event *event);

/** COMPLETED, STATE, UNSAVED: the error, NULL when there is none.
 *  **Blocking** No. **Threads** Any. **Ownership** Borrowed from the event: never free it. **Since** 0.1 */
ECOAUTH_EXPORT const ecoauth_error *ecoauth_event_error(const ecoauth_event *event);

/** COMPLETED of an operation on an account after which there is a token (get_token, refresh, authorize_pin, ...): the token. Else
 *  NULL.
 *  **Blocking** No. **Threads** Any. **Ownership** Borrowed from the event: never free it. **Since** 0.1 */
ECOAUTH_EXPORT const ecoauth_token *ecoauth_event_token(const ecoauth_event *event);

/** COMPLETED of ecoauth_account_request_start(): the response, else NULL.
 *  **Blocking** No. **Threads** Any. **Ownership** Borrowed from the event: never free it. **Since** 0.1 */
ECOAUTH_EXPORT const ecoauth_response *ecoauth_event_response(const ecoauth_event *event);

/** PIN: the PIN exactly as the server sent it ("ABCD-EFGH", formerly 4 characters), for a person's eyes. Else empty. Never NULL.
 *  **Blocking** No. **Threads** Any. **Ownership** The text lives as long as the event. **Since** 0.1 */
ECOAUTH_EXPORT const char *ecoauth_event_pin(const ecoauth_event *event);

/** PIN: the address of the portal in which the user enters the PIN. Else empty. Never NULL.
 *  **Blocking** No. **Threads** Any. **Ownership** The text lives as long as the event. **Since** 0.1 */
ECOAUTH_EXPORT const char *ecoauth_event_verification_url(const ecoauth_event *event);

/** PIN, PROGRESS: milliseconds until the PIN expires, when the event was made. Else 0.
 *  **Blocking** No. **Threads** Any. **Ownership** Borrows the event. **Since** 0.1 */
ECOAUTH_EXPORT int64_t ecoauth_event_remaining_ms(const ecoauth_event *event);

/** STATE: the grant's state, one of ECOAUTH_GRANT_*. Else 0.
 *  **Blocking** No. **Threads** Any. **Ownership** Borrows the event. **Since** 0.1 */
ECOAUTH_EXPORT int32_t ecoauth_event_state(const ecoauth_event *event);

/** STATE: ECOAUTH_FLAG_* combined. Else 0.
 *  **Blocking** No. **Threads** Any. **Ownership** Borrows the event. **Since** 0.1 */
ECOAUTH_EXPORT int32_t ecoauth_event_flags(const ecoauth_event *event);

/** STATE, TOKEN: the generation of the newest token pair. Else 0.
 *  **Blocking** No. **Threads** Any. **Ownership** Borrows the event. **Since** 0.1 */
ECOAUTH_EXPORT int64_t ecoauth_event_generation(const ecoauth_event *event);

/** LOG: the line. COMPLETED of ecoauth_account_authorize_url_start(): the address. PIN: the scope asked for. Never NULL.
 *  **Blocking** No. **Threads** Any. **Ownership** The text lives as long as the event. **Since** 0.1 */
ECOAUTH_EXPORT const char *ecoauth_event_text(const ecoauth_event *event);

/** LOG: one of ECOAUTH_LOG_*. Else 0.
 *  **Blocking** No. **Threads** Any. **Ownership** Borrows the event. **Since** 0.1 */
ECOAUTH_EXPORT int32_t ecoauth_event_log_level(const ecoauth_event *event);

/** LOG: how many lines were dropped before this one. Else 0.
 *  **Blocking** No. **Threads** Any. **Ownership** Borrows the event. **Since** 0.1 */
ECOAUTH_EXPORT int64_t ecoauth_event_dropped(const ecoauth_event *event);

/** UNSAVED: the record, a secret, in the form the store would have got. NULL when the event has none.
 *  **Blocking** No. **Threads** Any. **Ownership** The bytes live as long as the event. **Since** 0.1 */
ECOAUTH_EXPORT const void *ecoauth_event_data(const ecoauth_event *event);

/** Length of ecoauth_event_data() in bytes.
 *  **Blocking** No. **Threads** Any. **Ownership** Borrows the event. **Since** 0.1 */
ECOAUTH_EXPORT size_t ecoauth_event_data_bytes(const ecoauth_event *event);

/** Releases an event from ecoauth_client_next_event(). NULL does nothing. Never free one that a callback was given.
 *  **Blocking** No. **Threads** Any, once. **Ownership** Takes the event with all it holds. **Since** 0.1 */
ECOAUTH_EXPORT void ecoauth_event_free(ecoauth_event *event);

ECOAUTH_END_DECLS

#endif
