/* ecoauth: an access token as a value.
 * SPDX-License-Identifier: MIT */
#ifndef ECOAUTH_TOKEN_H
#define ECOAUTH_TOKEN_H

#include <ecoauth/types.h>

ECOAUTH_BEGIN_DECLS

/*
 * Received from ecoauth_account_get_token() (owned) or ecoauth_event_token() (borrowed from the event). The library wipes
 * its copy of the bytes when the token is freed. Never print or log it.
 */

/** The access token itself, NUL-terminated printable ASCII, up to 16 KiB (ecobee: up to 7 KB). Empty for NULL.
 *  **Blocking** No. **Threads** Any. **Ownership** The text lives as long as the token. **Since** 0.1 */
ECOAUTH_EXPORT const char *ecoauth_token_access_token(const ecoauth_token *token);

/** The whole value of an `Authorization` header: "Bearer " and the access token (RFC 6750 section 2.1). Empty for NULL.
 *  **Blocking** No. **Threads** Any. **Ownership** The text lives as long as the token. **Since** 0.1 */
ECOAUTH_EXPORT const char *ecoauth_token_authorization_header(const ecoauth_token *token);

/** Counts the token pairs of the account, from 1: give it to ecoauth_account_report_rejected() when the API refuses this
 *  token. 0 for NULL. **Blocking** No. **Threads** Any. **Ownership** Borrows the token. **Since** 0.1 */
ECOAUTH_EXPORT int64_t ecoauth_token_generation(const ecoauth_token *token);

/** Milliseconds the token was still valid for when it was handed out, by the boot clock (suspend counts). 0 for NULL.
 *  **Blocking** No. **Threads** Any. **Ownership** Borrows the token. **Since** 0.1 */
ECOAUTH_EXPORT int64_t ecoauth_token_valid_ms(const ecoauth_token *token);

/** The scope the server granted, in the server's own order and separators. Empty for NULL.
 *  **Blocking** No. **Threads** Any. **Ownership** The text lives as long as the token. **Since** 0.1 */
ECOAUTH_EXPORT const char *ecoauth_token_scope(const ecoauth_token *token);

/** Wipes and releases a token from ecoauth_account_get_token(). NULL does nothing. Never free a borrowed one.
 *  **Blocking** No. **Threads** Any, once. **Ownership** Takes the token; its texts end with it. **Since** 0.1 */
ECOAUTH_EXPORT void ecoauth_token_free(ecoauth_token *token);

ECOAUTH_END_DECLS

#endif
