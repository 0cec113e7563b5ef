/* ecoauth: result codes, actions, and the error object.
 * SPDX-License-Identifier: MIT */
#ifndef ECOAUTH_ERROR_H
#define ECOAUTH_ERROR_H

#include <stdint.h>

#include <ecoauth/export.h>

ECOAUTH_BEGIN_DECLS

/*
 * Result codes
 * ------------
 * Every function that can fail returns int32_t: 0 is success, negative is failure, positive is success with something to
 * tell. Numbers are given once and never reused; later releases may add codes. Treat an unknown negative code like
 * ECOAUTH_ERROR_INTERNAL and look at ecoauth_error_action(), an unknown positive code like ECOAUTH_OK.
 */

/** Success. */
#define ECOAUTH_OK 0
/** Nothing had to be done: it was already so. */
#define ECOAUTH_ALREADY_DONE 1
/** Accepted and under way; not finished. */
#define ECOAUTH_PENDING 2
/** The token is good, but the newest token pair could not be saved yet; the library keeps trying and an
 *  ECOAUTH_EVENT_UNSAVED event carries the record. */
#define ECOAUTH_UNSAVED_BUT_USABLE 3

/* general: -1 ... */
/** An argument is NULL, malformed or out of range. Nothing was changed. */
#define ECOAUTH_ERROR_INVALID_ARGUMENT (-1)
/** Not possible in the present state (for example check_now() without a pending PIN). */
#define ECOAUTH_ERROR_WRONG_STATE (-2)
/** Out of memory. Nothing that was stored is lost. */
#define ECOAUTH_ERROR_NO_MEMORY (-3)
/** A defect in the library. Please report it with the text. */
#define ECOAUTH_ERROR_INTERNAL (-4)
/** Ended by ecoauth_client_cancel() or by closing. */
#define ECOAUTH_ERROR_CANCELLED (-5)
/** The time given to the call is over. A token request past its first byte goes on in the background and is saved. */
#define ECOAUTH_ERROR_TIMEOUT (-6)
/** A blocking call was made from inside a callback. Use the _start form there. */
#define ECOAUTH_ERROR_REENTRANT (-7)
/** The process forked after the client was made; the child cannot use the parent's handles. Make a new client. */
#define ECOAUTH_ERROR_FORKED (-8)
/** The client of this handle has been closed. */
#define ECOAUTH_ERROR_CLOSED (-9)
/** This build cannot do it (see ecoauth_has_feature()). */
#define ECOAUTH_ERROR_UNSUPPORTED (-10)
/** There is no such thing: no token in memory, no error so far, no record. */
#define ECOAUTH_ERROR_NOT_FOUND (-11)
/** The buffer is too small; *needed says how many bytes it takes. */
#define ECOAUTH_ERROR_BUFFER_TOO_SMALL (-12)

/* authorization server and API: -100 ... */
/** There is no grant, or the server refuses the stored one for good: a person has to authorize again. */
#define ECOAUTH_ERROR_NEEDS_AUTHORIZATION (-100)
/** The PIN was not approved in time. */
#define ECOAUTH_ERROR_PIN_EXPIRED (-101)
/** The user said no. */
#define ECOAUTH_ERROR_DECLINED (-102)
/** The server refuses the client id (ecobee: application key). */
#define ECOAUTH_ERROR_INVALID_CLIENT (-103)
/** The client id may not use this kind of authorization. */
#define ECOAUTH_ERROR_UNAUTHORIZED_CLIENT (-104)
/** The server refuses the scope. */
#define ECOAUTH_ERROR_SCOPE (-105)
/** The server calls the request malformed or unsupported: a defect in the library or in the server. */
#define ECOAUTH_ERROR_REJECTED (-106)
/** The user's account is locked for a while. */
#define ECOAUTH_ERROR_ACCOUNT_LOCKED (-107)
/** The user's account is disabled. */
#define ECOAUTH_ERROR_ACCOUNT_DISABLED (-108)
/** The server failed, or what answered is not the authorization server. */
#define ECOAUTH_ERROR_SERVER (-109)
/** The server asks for fewer requests. */
#define ECOAUTH_ERROR_RATE_LIMITED (-110)
/** The user removed the application, or the application was revoked. */
#define ECOAUTH_ERROR_REVOKED (-111)
/** The server's answer breaks the protocol (success without what it must contain). */
#define ECOAUTH_ERROR_PROTOCOL (-112)

/* network: -200 ... */
/** Name resolution, connection or transfer failed. */
#define ECOAUTH_ERROR_NETWORK (-200)
/** The server could not prove who it is, or no common TLS version was found. */
#define ECOAUTH_ERROR_TLS (-201)
/** The certificate is outside its validity period while the local clock looks wrong. */
#define ECOAUTH_ERROR_CLOCK (-202)

/* storage and host: -300 ... */
/** A callback of the host failed. */
#define ECOAUTH_ERROR_CALLBACK (-300)
/** The store failed for now (I/O error, no space, ...). */
#define ECOAUTH_ERROR_STORE (-301)
/** The store is not readable or writable by this user, or is readable by others. */
#define ECOAUTH_ERROR_STORE_PERMISSION (-302)
/** Another process holds the account's lock. */
#define ECOAUTH_ERROR_STORE_LOCKED (-303)
/** The record is damaged. It was left untouched. */
#define ECOAUTH_ERROR_STORE_CORRUPT (-304)
/** The record was written by a later version. It was left untouched. */
#define ECOAUTH_ERROR_STORE_NEWER (-305)
/** The record belongs to another account, server or client id. It was left untouched. */
#define ECOAUTH_ERROR_STORE_FOREIGN (-306)
/** A token pair is in memory but not on disk. */
#define ECOAUTH_ERROR_UNSAVED (-307)

/*
 * Actions
 * -------
 * What a program can do about an error without reading its text. Treat an unknown action like ECOAUTH_ACTION_USER_ACTION.
 */

/** Nothing to do. */
#define ECOAUTH_ACTION_NONE 0
/** Go on waiting; the library does it by itself. */
#define ECOAUTH_ACTION_WAIT 1
/** Try again, not before ecoauth_error_retry_after_ms(). */
#define ECOAUTH_ACTION_RETRY 2
/** A person must authorize again. */
#define ECOAUTH_ACTION_REAUTHORIZE 3
/** A person must do what ecoauth_error_advice() says. */
#define ECOAUTH_ACTION_USER_ACTION 4
/** The configuration is wrong. */
#define ECOAUTH_ACTION_FIX_CONFIG 5
/** The store needs attention. */
#define ECOAUTH_ACTION_FIX_STORAGE 6
/** A defect: report it. */
#define ECOAUTH_ACTION_BUG 7

/**
 * A failed call, explained. Immutable; owned by whoever received it.
 *
 * Functions take an optional last argument `ecoauth_error **error`. When it is not NULL, *error is set to NULL on success
 * (zero and positive results) and to an owned error on failure; release it with ecoauth_error_free(). Pass NULL when the code
 * is enough. When there is no memory for the error object, *error stays NULL although the call failed.
 *
 * No text of an error contains a secret; bytes that came from a server are filtered and cut to 256.
 *
 * **Threads** An error may be read from any number of threads at once. **Since** 0.1.
 */
typedef struct ecoauth_error ecoauth_error;

/** The result code, one of ECOAUTH_ERROR_*. ECOAUTH_ERROR_INVALID_ARGUMENT for NULL.
 *  **Blocking** No. **Threads** Any. **Ownership** Borrows the error. **Since** 0.1 */
ECOAUTH_EXPORT int32_t ecoauth_error_code(const ecoauth_error *error);

/** What happened, one line. Never NULL; empty for NULL.
 *  **Blocking** No. **Threads** Any. **Ownership** The text lives as long as the error. **Since** 0.1 */
ECOAUTH_EXPORT const char *ecoauth_error_message(const ecoauth_error *error);

/** What to do about it, one line for a person. Never NULL; empty for NULL.
 *  **Blocking** No. **Threads** Any. **Ownership** The text lives as long as the error. **Since** 0.1 */
ECOAUTH_EXPORT const char *ecoauth_error_advice(const ecoauth_error *error);

/** What to do about it, for a program: one of ECOAUTH_ACTION_*. ECOAUTH_ACTION_NONE for NULL.
 *  **Blocking** No. **Threads** Any. **Ownership** Borrows the error. **Since** 0.1 */
ECOAUTH_EXPORT int32_t ecoauth_error_action(const ecoauth_error *error);

/** The earliest time for the next try, in milliseconds from when the error was made; 0 when none is known: then choose a
 *  pause of your own.
 *  Source: the table of answers, `Retry-After` of RFC 9110 section 10.2.3.
 *  **Blocking** No. **Threads** Any. **Ownership** Borrows the error. **Since** 0.1 */
ECOAUTH_EXPORT int64_t ecoauth_error_retry_after_ms(const ecoauth_error *error);

/** The server's `error` member as received (RFC 6749 section 5.2), filtered; empty when there was none.
 *  **Blocking** No. **Threads** Any. **Ownership** The text lives as long as the error. **Since** 0.1 */
ECOAUTH_EXPORT const char *ecoauth_error_oauth_error(const ecoauth_error *error);

/** The server's `error_description` (RFC 6749 section 5.2), or the message of an API status, filtered; empty when there was
 *  none. **Blocking** No. **Threads** Any. **Ownership** The text lives as long as the error. **Since** 0.1 */
ECOAUTH_EXPORT const char *ecoauth_error_oauth_description(const ecoauth_error *error);

/** The server's `error_uri` (RFC 6749 section 5.2), filtered; empty when there was none.
 *  **Blocking** No. **Threads** Any. **Ownership** The text lives as long as the error. **Since** 0.1 */
ECOAUTH_EXPORT const char *ecoauth_error_oauth_uri(const ecoauth_error *error);

/** The HTTP status, or 0 when no answer was received.
 *  **Blocking** No. **Threads** Any. **Ownership** Borrows the error. **Since** 0.1 */
ECOAUTH_EXPORT int32_t ecoauth_error_http_status(const ecoauth_error *error);

/** The thermostat API's `status.code`, or -1 when there was none.
 *  **Blocking** No. **Threads** Any. **Ownership** Borrows the error. **Since** 0.1 */
ECOAUTH_EXPORT int32_t ecoauth_error_api_status(const ecoauth_error *error);

/** Releases an error. NULL is allowed and does nothing.
 *  **Blocking** No. **Threads** Any, once. **Ownership** Takes the error; its texts end with it. **Since** 0.1 */
ECOAUTH_EXPORT void ecoauth_error_free(ecoauth_error *error);

/** The name of a result code as written above without the `ECOAUTH_` or `ECOAUTH_ERROR_` prefix ("PIN_EXPIRED"); "UNKNOWN"
 *  for a number this release does not know. **Blocking** No. **Threads** Any. **Ownership** A constant. **Since** 0.1 */
ECOAUTH_EXPORT const char *ecoauth_result_name(int32_t result);

/** The name of an action without its prefix ("REAUTHORIZE"); "UNKNOWN" for a number this release does not know.
 *  **Blocking** No. **Threads** Any. **Ownership** A constant. **Since** 0.1 */
ECOAUTH_EXPORT const char *ecoauth_action_name(int32_t action);

ECOAUTH_END_DECLS

#endif
