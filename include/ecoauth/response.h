/* ecoauth: the API's answer to an authorized request, as a value.
 * SPDX-License-Identifier: MIT */
#ifndef ECOAUTH_RESPONSE_H
#define ECOAUTH_RESPONSE_H

#include <ecoauth/types.h>

ECOAUTH_BEGIN_DECLS

/*
 * Received from ecoauth_account_request() (owned) or ecoauth_event_response() (borrowed from the event).
 */

/** The HTTP status. 0 for NULL.
 *  **Blocking** No. **Threads** Any. **Ownership** Borrows the response. **Since** 0.1 */
ECOAUTH_EXPORT int32_t ecoauth_response_http_status(const ecoauth_response *response);

/** The API's `status.code` (ecobee: 0 is success), or -1 when the body has none.
 *  **Blocking** No. **Threads** Any. **Ownership** Borrows the response. **Since** 0.1 */
ECOAUTH_EXPORT int32_t ecoauth_response_api_status(const ecoauth_response *response);

/** The body, also NUL-terminated behind its last byte; it may hold any bytes. Never NULL.
 *  **Blocking** No. **Threads** Any. **Ownership** The bytes live as long as the response. **Since** 0.1 */
ECOAUTH_EXPORT const char *ecoauth_response_body(const ecoauth_response *response);

/** Length of the body in bytes. 0 for NULL.
 *  **Blocking** No. **Threads** Any. **Ownership** Borrows the response. **Since** 0.1 */
ECOAUTH_EXPORT size_t ecoauth_response_body_bytes(const ecoauth_response *response);

/** The `Content-Type`, empty when there was none. Never NULL.
 *  **Blocking** No. **Threads** Any. **Ownership** The text lives as long as the response. **Since** 0.1 */
ECOAUTH_EXPORT const char *ecoauth_response_content_type(const ecoauth_response *response);

/** Releases a response from ecoauth_account_request(). NULL does nothing. Never free a borrowed one.
 *  **Blocking** No. **Threads** Any, once. **Ownership** Takes the response. **Since** 0.1 */
ECOAUTH_EXPORT void ecoauth_response_free(ecoauth_response *response);

ECOAUTH_END_DECLS

#endif
