/* ecoauth: what an account looks like.
 * SPDX-License-Identifier: MIT */
#ifndef ECOAUTH_STATUS_H
#define ECOAUTH_STATUS_H

#include <ecoauth/types.h>

ECOAUTH_BEGIN_DECLS

/*
 * States of a grant. Later releases may add some: treat an unknown state like ECOAUTH_GRANT_SUSPECT.
 */

/** No grant, or not known yet (ecoauth_status_revision() is 0 until the store has been read). */
#define ECOAUTH_GRANT_NONE 0
/** All is well. */
#define ECOAUTH_GRANT_ACTIVE 1
/** The server refused the refresh token, which proves nothing yet; the library goes on trying. */
#define ECOAUTH_GRANT_SUSPECT 2
/** Repeated refusals over time: a person should authorize again. The record is kept and still probed. */
#define ECOAUTH_GRANT_NEEDS_REAUTHORIZATION 3
/** The server refuses the client id or the account; see ecoauth_status_reason(). Retried rarely. */
#define ECOAUTH_GRANT_BLOCKED 4

/*
 * Flags, to be combined. Later releases may add some.
 */

/** An authorization is under way, beside whatever grant there is. */
#define ECOAUTH_FLAG_AUTHORIZING 1
/** A refresh is under way. */
#define ECOAUTH_FLAG_REFRESHING 2
/** A refresh was sent and its answer never came. */
#define ECOAUTH_FLAG_AMBIGUOUS 4
/** The newest token pair is in memory only. */
#define ECOAUTH_FLAG_UNSAVED 8
/** The store does not work as it should. */
#define ECOAUTH_FLAG_DEGRADED 16
/** The machine's clock looks wrong. */
#define ECOAUTH_FLAG_CLOCK_SUSPECT 32

/** The name of a state without its prefix ("ACTIVE"); "UNKNOWN" for a number this release does not know.
 *  **Blocking** No. **Threads** Any. **Ownership** A constant. **Since** 0.1 */
ECOAUTH_EXPORT const char *ecoauth_state_name(int32_t state);

/** Grows by one with every visible change of the account; 0 while the store has not been read. -1 for NULL.
 *  **Blocking** No. **Threads** Any. **Ownership** Borrows the status. **Since** 0.1 */
ECOAUTH_EXPORT int64_t ecoauth_status_revision(const ecoauth_status *status);

/** The grant's state, one of ECOAUTH_GRANT_*.
 *  **Blocking** No. **Threads** Any. **Ownership** Borrows the status. **Since** 0.1 */
ECOAUTH_EXPORT int32_t ecoauth_status_grant_state(const ecoauth_status *status);

/** Why the grant is SUSPECT, NEEDS_REAUTHORIZATION or BLOCKED: the name of a result code, else empty.
 *  **Blocking** No. **Threads** Any. **Ownership** The text lives as long as the status. **Since** 0.1 */
ECOAUTH_EXPORT const char *ecoauth_status_reason(const ecoauth_status *status);

/** ECOAUTH_FLAG_* combined.
 *  **Blocking** No. **Threads** Any. **Ownership** Borrows the status. **Since** 0.1 */
ECOAUTH_EXPORT int32_t ecoauth_status_flags(const ecoauth_status *status);

/** The generation of the newest token pair, 0 without one.
 *  **Blocking** No. **Threads** Any. **Ownership** Borrows the status. **Since** 0.1 */
ECOAUTH_EXPORT int64_t ecoauth_status_generation(const ecoauth_status *status);

/** Milliseconds the access token is still valid for; 0 when there is none or it has expired.
 *  **Blocking** No. **Threads** Any. **Ownership** Borrows the status. **Since** 0.1 */
ECOAUTH_EXPORT int64_t ecoauth_status_token_valid_ms(const ecoauth_status *status);

/** Milliseconds since the newest token pair was received, -1 when unknown.
 *  **Blocking** No. **Threads** Any. **Ownership** Borrows the status. **Since** 0.1 */
ECOAUTH_EXPORT int64_t ecoauth_status_token_age_ms(const ecoauth_status *status);

/** Milliseconds until the next try that the library plans by itself, -1 when it plans none.
 *  **Blocking** No. **Threads** Any. **Ownership** Borrows the status. **Since** 0.1 */
ECOAUTH_EXPORT int64_t ecoauth_status_next_try_ms(const ecoauth_status *status);

/** Milliseconds until the pending PIN expires, 0 without one.
 *  **Blocking** No. **Threads** Any. **Ownership** Borrows the status. **Since** 0.1 */
ECOAUTH_EXPORT int64_t ecoauth_status_pin_valid_ms(const ecoauth_status *status);

/** The scope that was granted, as the server wrote it; empty without a grant.
 *  **Blocking** No. **Threads** Any. **Ownership** The text lives as long as the status. **Since** 0.1 */
ECOAUTH_EXPORT const char *ecoauth_status_scope_granted(const ecoauth_status *status);

/** The scope that is asked for, in CSV: by the options; when they name none, the one that the grant there is was asked for with,
 *  else "smartRead".
 *  **Blocking** No. **Threads** Any. **Ownership** The text lives as long as the status. **Since** 0.1 */
ECOAUTH_EXPORT const char *ecoauth_status_scope_asked(const ecoauth_status *status);

/** 1 when every scope asked for was granted (compared as sets, smartWrite being smartRead too; utility accounts
 *  have none and need none), 0 when one is missing ("authorized, but read-only"), -1 without a grant.
 *  **Blocking** No. **Threads** Any. **Ownership** Borrows the status. **Since** 0.1 */
ECOAUTH_EXPORT int32_t ecoauth_status_scope_satisfied(const ecoauth_status *status);

/** The account's name.
 *  **Blocking** No. **Threads** Any. **Ownership** The text lives as long as the status. **Since** 0.1 */
ECOAUTH_EXPORT const char *ecoauth_status_account_key(const ecoauth_status *status);

/** The server's address: scheme, host and port.
 *  **Blocking** No. **Threads** Any. **Ownership** The text lives as long as the status. **Since** 0.1 */
ECOAUTH_EXPORT const char *ecoauth_status_origin(const ecoauth_status *status);

/** 16 hex digits that tell client ids apart without showing one; empty when none is known.
 *  **Blocking** No. **Threads** Any. **Ownership** The text lives as long as the status. **Since** 0.1 */
ECOAUTH_EXPORT const char *ecoauth_status_client_fingerprint(const ecoauth_status *status);

/** The kind and place of the store: "memory", "file:/folder", "callbacks".
 *  **Blocking** No. **Threads** Any. **Ownership** The text lives as long as the status. **Since** 0.1 */
ECOAUTH_EXPORT const char *ecoauth_status_store(const ecoauth_status *status);

/** How the record is protected at rest: "none" (plain, mode 0600) or the name of the seal.
 *  **Blocking** No. **Threads** Any. **Ownership** The text lives as long as the status. **Since** 0.1 */
ECOAUTH_EXPORT const char *ecoauth_status_seal(const ecoauth_status *status);

/** Releases a status. NULL does nothing.
 *  **Blocking** No. **Threads** Any, once. **Ownership** Takes the status; its texts end with it. **Since** 0.1 */
ECOAUTH_EXPORT void ecoauth_status_free(ecoauth_status *status);

ECOAUTH_END_DECLS

#endif
