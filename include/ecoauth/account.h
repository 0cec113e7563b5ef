/* ecoauth: one user's grant: authorizing it, keeping it, using it.
 * SPDX-License-Identifier: MIT */
#ifndef ECOAUTH_ACCOUNT_H
#define ECOAUTH_ACCOUNT_H

#include <ecoauth/response.h>
#include <ecoauth/status.h>
#include <ecoauth/token.h>
#include <ecoauth/types.h>

ECOAUTH_BEGIN_DECLS

/*
 * Whatever may wait has two forms. The blocking one takes `timeout_ms` (ECOAUTH_WAIT_FOREVER allowed) and answers TIMEOUT
 * when it is over. The `_start` one returns at once with an operation number in *operation and ends in exactly one
 * ECOAUTH_EVENT_COMPLETED with that number, its result and its error; ecoauth_client_cancel() ends it early. `_start` forms
 * may be called inside callbacks. A time-out or cancel past the first byte of a token request ends the call, not the
 * exchange: the library finishes it and saves what came.
 *
 * All functions borrow the account and copy their texts before they return. Every function can answer INVALID_ARGUMENT (NULL
 * where something is needed), NO_MEMORY, FORKED and CLOSED, every blocking one also TIMEOUT, CANCELLED (the client is being
 * closed) and REENTRANT (inside a callback); "Errors" names the rest. "Store errors" are STORE, STORE_PERMISSION,
 * STORE_CORRUPT, STORE_NEWER, STORE_FOREIGN and CALLBACK. "Server errors" are SERVER, RATE_LIMITED, NETWORK, TLS, CLOCK,
 * PROTOCOL, INVALID_CLIENT, UNAUTHORIZED_CLIENT, SCOPE, REJECTED, ACCOUNT_LOCKED and ACCOUNT_DISABLED.
 */

/** Ways of authorizing by a browser, for ecoauth_account_authorize_url(). CODE: an authorization code (RFC 6749 section 4.1,
 *  docs/code.md). CODE_PKCE: the same bound to this client by a challenge (S256 of RFC 7636; ecobee does not document it).
 *  UTILITY: the implicit grant (RFC 6749 section 4.2) for ecobee's utility accounts, without scope and without refresh token.
 *  ecobee publishes no parameters for it: it is built by the RFC, and nobody outside of a contract with ecobee can try it. */
#define ECOAUTH_FLOW_CODE 1
#define ECOAUTH_FLOW_CODE_PKCE 2
#define ECOAUTH_FLOW_UTILITY 3

/**
 * Opens a handle on the account `key`: 1 to 200 bytes of UTF-8, "default" for NULL. Starts, reads and sends nothing; the
 * first call that needs the record reads it. Several handles on one key share everything.
 *  **Blocking** No. **Threads** Any. **Ownership** *account is the caller's, to be ended by ecoauth_account_close(). It keeps
 *  the client's core alive and may be closed before or after the client is freed.
 *  **Errors** Only the general ones. **Since** 0.1
 */
ECOAUTH_EXPORT int32_t ecoauth_account_open(ecoauth_client *client, const char *key, ecoauth_account **account,
                                            ecoauth_error **error);

/** Ends a handle; the grant, its record and running operations are not touched. NULL does nothing.
 *  **Blocking** No. **Threads** Any, once. **Ownership** Takes the handle. **Since** 0.1 */
ECOAUTH_EXPORT void ecoauth_account_close(ecoauth_account *account);

/**
 * Authorizes with a PIN (docs/pin.md): gets a PIN, saves it, shows it through the pin callback or ECOAUTH_EVENT_PIN, polls by
 * the server's rules until the user has approved, and saves the tokens. A PIN that is still valid from before, also of an
 * earlier process, is shown again instead of a new one. An existing grant stays as it is until the new one has been saved. An
 * authorization by a browser that has been begun is given up.
 * With ECOAUTH_POLLING_ON_DEMAND it polls only on ecoauth_account_check_now().
 *  **Blocking** Until approved, declined or expired, up to `timeout_ms`; the PIN itself stays pending after a TIMEOUT.
 *  **Threads** Any; a second call joins the first. **Ownership** *operation is set before any event of it is delivered.
 *  **Errors** PIN_EXPIRED, DECLINED, store errors, server errors; INVALID_ARGUMENT without a client id. **Since** 0.1
 */
ECOAUTH_EXPORT int32_t ecoauth_account_authorize_pin(ecoauth_account *account, int64_t timeout_ms, ecoauth_error **error);
ECOAUTH_EXPORT int32_t ecoauth_account_authorize_pin_start(ecoauth_account *account, int64_t *operation,
                                                           ecoauth_error **error);

/**
 * The user says "done": polls as soon as the interval allows, never earlier (RFC 8628 section 3.5).
 *  **Blocking** No; the answer comes with the running authorization. **Threads** Any. **Ownership** Borrows the account.
 *  **Errors** WRONG_STATE when no PIN is pending. **Since** 0.1
 */
ECOAUTH_EXPORT int32_t ecoauth_account_check_now(ecoauth_account *account, ecoauth_error **error);

/**
 * The address to open in a browser (docs/code.md; RFC 6749 sections 4.1.1 and 4.2.1; RFC 7636). Its `state` is drawn from
 * the system's random source and saved first, with all that ecoauth_account_complete_redirect() will need, also in a later
 * process; it waits for 30 minutes, beside whatever grant there is. Asked again within half of that, with the same arguments,
 * the same address is given. `flow` is one of ECOAUTH_FLOW_*. `redirect_uri` is the one registered for the client id: https,
 * no port, no query, at most 255 characters; towards a server on this machine also with a port, and http to this machine. The
 * address holds the client id. A PIN that nobody waits for is replaced.
 *  **Blocking** For the save, up to `timeout_ms`. **Threads** Any. **Ownership** Writes at most `size_bytes` with the
 *  terminating NUL to `buffer`; *needed_bytes (optional) says how many it takes, also on BUFFER_TOO_SMALL (ask again with a
 *  larger one). The _start form delivers it as the COMPLETED event's text.
 *  **Errors** INVALID_ARGUMENT (which rule the redirect_uri breaks; no client id), BUFFER_TOO_SMALL, WRONG_STATE (a PIN, a code
 *  or an import of this account is being waited for), store errors. **Since** 0.1
 */
ECOAUTH_EXPORT int32_t ecoauth_account_authorize_url(ecoauth_account *account, int32_t flow, const char *redirect_uri,
                                                     int64_t timeout_ms, char *buffer, size_t size_bytes,
                                                     size_t *needed_bytes, ecoauth_error **error);
ECOAUTH_EXPORT int32_t ecoauth_account_authorize_url_start(ecoauth_account *account, int32_t flow,
                                                           const char *redirect_uri, int64_t *operation,
                                                           ecoauth_error **error);

/**
 * Takes the whole address to which the browser was sent back, as it stands there or was pasted by a person; what it says may
 * be in its query or its fragment. Its `state` is checked first. A code is saved, exchanged (RFC 6749 section 4.1.3), and the
 * tokens are saved; if the server cannot be reached, the library goes on by itself, also in a later process, until the 30 minutes of
 * ecoauth_account_authorize_url() are over. An existing grant stays as it is until the new one has been saved.
 * A utility account's token is taken from the address itself. It cannot be refreshed: before it ends, a person is asked again
 * by ECOAUTH_EVENT_STATE with ECOAUTH_GRANT_NEEDS_REAUTHORIZATION and the error NEEDS_AUTHORIZATION; it serves to its end.
 *  **Blocking** Up to `timeout_ms`. **Threads** Any. **Ownership** Copies the address.
 *  **Errors** DECLINED (the user's decision), NEEDS_AUTHORIZATION (the code is used, too old or not for this redirect_uri).
 *  Nothing was changed, and the right address may still come: INVALID_ARGUMENT (no web address, not at the redirect_uri, or
 *  without code), WRONG_STATE (nothing was begun, or too long ago, or the `state` is another's). Store errors, server errors.
 *  **Since** 0.1
 */
ECOAUTH_EXPORT int32_t ecoauth_account_complete_redirect(ecoauth_account *account, const char *redirected_url,
                                                         int64_t timeout_ms, ecoauth_error **error);
ECOAUTH_EXPORT int32_t ecoauth_account_complete_redirect_start(ecoauth_account *account, const char *redirected_url,
                                                               int64_t *operation, ecoauth_error **error);

/**
 * An access token valid for at least `min_valid_ms` more (0: for the mandatory window). Served from memory when it can be,
 * otherwise after one refresh that all callers share. While a token is still valid, failing refreshes are not errors of this
 * call.
 *  **Blocking** Not when served from memory; else up to `timeout_ms`. **Threads** Any. **Ownership** *token is the caller's, to
 *  be ended by ecoauth_token_free(); NULL on failure. The _start form delivers it with the COMPLETED event.
 *  **Errors** OK or UNSAVED_BUT_USABLE on success; NEEDS_AUTHORIZATION, REVOKED, STORE_LOCKED, store errors, server errors.
 *  **Since** 0.1
 */
ECOAUTH_EXPORT int32_t ecoauth_account_get_token(ecoauth_account *account, int64_t min_valid_ms, int64_t timeout_ms,
                                                 ecoauth_token **token, ecoauth_error **error);
ECOAUTH_EXPORT int32_t ecoauth_account_get_token_start(ecoauth_account *account, int64_t min_valid_ms, int64_t *operation,
                                                       ecoauth_error **error);

/**
 * Copies the access token in memory, if one is there and has not expired, into the caller's buffer: for hot paths. Takes no
 * lock, allocates nothing, starts nothing, never refreshes.
 *  **Blocking** No. **Threads** Any, callbacks too. **Ownership** Writes at most `size_bytes` with the terminating NUL to
 *  `buffer`; *needed_bytes and *generation are optional. On failure the buffer's content is undefined.
 *  **Errors** NOT_FOUND (none in memory, or expired: call ecoauth_account_get_token()), BUFFER_TOO_SMALL (*needed_bytes
 *  says how many it takes). **Since** 0.1
 */
ECOAUTH_EXPORT int32_t ecoauth_account_copy_token(ecoauth_account *account, char *buffer, size_t size_bytes,
                                                  size_t *needed_bytes, int64_t *generation);

/** The generation of the token pair in memory, 0 without one: "has it changed?" in about a nanosecond. Negative: a result code.
 *  **Blocking** No. **Threads** Any, callbacks too; no lock. **Ownership** Borrows the account. **Since** 0.1 */
ECOAUTH_EXPORT int64_t ecoauth_account_generation(ecoauth_account *account);

/** The same as ecoauth_account_copy_token(), with "Bearer " before it: the value of an `Authorization` header (RFC 6750
 *  section 2.1). **Blocking** No. **Threads** Any, callbacks too. **Ownership**, **Errors** As there. **Since** 0.1 */
ECOAUTH_EXPORT int32_t ecoauth_account_authorization_header(ecoauth_account *account, char *buffer, size_t size_bytes,
                                                            size_t *needed_bytes, int64_t *generation);

/**
 * The API refused the token of this generation (ecobee: status 14; others: HTTP 401). Only when it is still the newest is it
 * refreshed before it is handed out again; when a newer one exists, just take that. Retry the API call once. An API that refuses
 * new tokens as well uses up the limit of six refreshes in an hour: then the newest is handed out again every two minutes, in case
 * the API is well again.
 *  **Blocking** No. **Threads** Any, callbacks too. **Ownership** Borrows the account.
 *  **Errors** ALREADY_DONE (positive): it is not the token in memory; a newer one is there, or none has been read yet. Take
 *  what ecoauth_account_get_token() gives. **Since** 0.1
 */
ECOAUTH_EXPORT int32_t ecoauth_account_report_rejected(ecoauth_account *account, int64_t generation, ecoauth_error **error);

/**
 * Refreshes now, whatever the token's age, within the limits of one refresh in 60 s and six in an hour per account; callers
 * share a refresh that is under way.
 *  **Blocking** Up to `timeout_ms`. **Threads** Any. **Ownership** Borrows the account.
 *  **Errors** RATE_LIMITED (its retry_after_ms says when), and those of ecoauth_account_get_token(). **Since** 0.1
 */
ECOAUTH_EXPORT int32_t ecoauth_account_refresh(ecoauth_account *account, int64_t timeout_ms, ecoauth_error **error);
ECOAUTH_EXPORT int32_t ecoauth_account_refresh_start(ecoauth_account *account, int64_t *operation, ecoauth_error **error);

/**
 * An authorized API request. `target` is path and query, beginning with "/"; it goes to the client's server and nowhere
 * else. `method` is any but "CONNECT" and "TRACE", in capitals. `data` is a body of `size_bytes` (NULL for none) of
 * `content_type` (NULL: "application/json;charset=UTF-8").
 * A refused access token is refreshed and the request repeated once.
 *  **Blocking** Up to `timeout_ms`. **Threads** Any. **Ownership** *response is the caller's, to be ended by
 *  ecoauth_response_free(). The _start form delivers it with the COMPLETED event.
 *  **Errors** Any answer of the API is OK, but REVOKED and NEEDS_AUTHORIZATION; those of ecoauth_account_get_token().
 *  PROTOCOL: the answer is larger than 4 MiB. **Since** 0.1
 */
ECOAUTH_EXPORT int32_t ecoauth_account_request(ecoauth_account *account, const char *method, const char *target,
                                               const void *data, size_t size_bytes, const char *content_type,
                                               int64_t timeout_ms, ecoauth_response **response, ecoauth_error **error);
ECOAUTH_EXPORT int32_t ecoauth_account_request_start(ecoauth_account *account, const char *method, const char *target,
                                                     const void *data, size_t size_bytes, const char *content_type,
                                                     int64_t *operation, ecoauth_error **error);

/**
 * The same with headers of the caller's, and with another limit of the answer. `headers` (NULL for none) is one text, at most
 * 16 KiB: "Name: value" in lines that end with a line feed, the last one's being optional; names of letters, digits, "-" and "_",
 * values of printable ASCII. Whoever makes it of parts must not let a line feed pass in one. Refused are Authorization and whatever
 * else the library sends itself or concerns the connection: Host, User-Agent, Content-Type (that is `content_type`),
 * Content-Length, Transfer-Encoding, Connection, Accept-Encoding, Expect, Keep-Alive, Proxy-Authorization, Proxy-Connection,
 * TE, Trailer, Upgrade. They are sent with the repetition, too. `max_response_bytes` is 1 byte to 64 MiB, or 0 for 4 MiB.
 *  **Blocking** Up to `timeout_ms`. **Threads** Any. **Ownership** As there; copies the headers.
 *  **Errors** As there; PROTOCOL with the action FIX_CONFIG: the body is larger than `max_response_bytes`. **Since** 0.1
 */
ECOAUTH_EXPORT int32_t ecoauth_account_request_with(ecoauth_account *account, const char *method, const char *target,
                                                    const char *headers, const void *data, size_t size_bytes,
                                                    const char *content_type, int64_t max_response_bytes,
                                                    int64_t timeout_ms, ecoauth_response **response,
                                                    ecoauth_error **error);
ECOAUTH_EXPORT int32_t ecoauth_account_request_with_start(ecoauth_account *account, const char *method,
                                                          const char *target, const char *headers, const void *data,
                                                          size_t size_bytes, const char *content_type,
                                                          int64_t max_response_bytes, int64_t *operation,
                                                          ecoauth_error **error);

/**
 * Brings a refresh token from elsewhere under the library's care: saves it, proves it by one refresh, and then puts what came
 * in the place of the grant there was. Until then, and when it is refused, that grant stays as it is. If the server cannot be
 * reached, the library goes on by itself for a day, also in a later process. Whoever had the token must not use it any more. Import
 * it once, not at each start: a server may take a token that was used before for a stolen one, and end the grant that came of it
 * (RFC 9700 section 4.14.2).
 *  **Blocking** Up to `timeout_ms`. **Threads** Any. **Ownership** Copies the token.
 *  **Errors** NEEDS_AUTHORIZATION (the server refuses the token), INVALID_ARGUMENT (no refresh token looks like that; no client
 *  id), WRONG_STATE (as for ecoauth_account_authorize_url()), store errors, server errors. **Since** 0.1
 */
ECOAUTH_EXPORT int32_t ecoauth_account_import(ecoauth_account *account, const char *refresh_token, int64_t timeout_ms,
                                              ecoauth_error **error);
ECOAUTH_EXPORT int32_t ecoauth_account_import_start(ecoauth_account *account, const char *refresh_token, int64_t *operation,
                                                    ecoauth_error **error);

/**
 * Forgets the grant and any pending authorization, on disk too. ecobee has no revocation endpoint: the user
 * removes the application in the portal, under My Apps.
 *  **Blocking** Up to `timeout_ms`. **Threads** Any. **Ownership** Borrows the account.
 *  **Errors** ALREADY_DONE (positive): there was nothing. Store errors, STORE_LOCKED. **Since** 0.1
 */
ECOAUTH_EXPORT int32_t ecoauth_account_sign_out(ecoauth_account *account, int64_t timeout_ms, ecoauth_error **error);
ECOAUTH_EXPORT int32_t ecoauth_account_sign_out_start(ecoauth_account *account, int64_t *operation, ecoauth_error **error);

/**
 * What the account looks like now, as far as it is known in memory. To have the store read first, use
 * ecoauth_account_wait() with revision 0.
 *  **Blocking** No. **Threads** Any, callbacks too. **Ownership** *status is the caller's, to be ended by
 *  ecoauth_status_free(). **Errors** Only the general ones. **Since** 0.1
 */
ECOAUTH_EXPORT int32_t ecoauth_account_status(ecoauth_account *account, ecoauth_status **status, ecoauth_error **error);

/**
 * The account's most recent failure, in foreground or background; a success clears it. It is what this call hands out: OK
 * comes with *error set.
 *  **Blocking** No. **Threads** Any, callbacks too. **Ownership** *error is the caller's, to be ended by
 *  ecoauth_error_free(). **Errors** NOT_FOUND when there is none. **Since** 0.1
 */
ECOAUTH_EXPORT int32_t ecoauth_account_last_error(ecoauth_account *account, ecoauth_error **error);

/**
 * Waits until the account's revision (ecoauth_status_revision()) differs from `seen_revision`. With 0: until the store has been
 * read; a store that cannot be read is this call's error.
 *  **Blocking** Up to `timeout_ms`. **Threads** Any. **Ownership** Borrows the account.
 *  **Errors** Store errors (with revision 0). **Since** 0.1
 */
ECOAUTH_EXPORT int32_t ecoauth_account_wait(ecoauth_account *account, int64_t seen_revision, int64_t timeout_ms,
                                            ecoauth_error **error);
ECOAUTH_EXPORT int32_t ecoauth_account_wait_start(ecoauth_account *account, int64_t seen_revision, int64_t *operation,
                                                  ecoauth_error **error);

ECOAUTH_END_DECLS

#endif
