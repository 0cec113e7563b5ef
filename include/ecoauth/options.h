/* ecoauth: the settings of a client.
 * SPDX-License-Identifier: MIT */
#ifndef ECOAUTH_OPTIONS_H
#define ECOAUTH_OPTIONS_H

#include <ecoauth/types.h>

ECOAUTH_BEGIN_DECLS

/*
 * A builder: make one, set what differs from the defaults, give it to ecoauth_client_new(), which consumes it whether it
 * succeeds or fails. Every setter returns ECOAUTH_OK, or INVALID_ARGUMENT or NO_MEMORY and then leaves the old value. A value
 * that was refused makes ecoauth_client_new() fail, too, with the reason, unless the same setter was called again and took
 * another one: it is enough to look there. Texts are UTF-8 and copied. NULL options give INVALID_ARGUMENT. No setter blocks.
 * One thread at a time.
 */

/** How events reach the host (ecoauth.h, "Events"). */
#define ECOAUTH_DISPATCH_WORKER 0
#define ECOAUTH_DISPATCH_CALLER 1
#define ECOAUTH_DISPATCH_POLL 2

/** ON_DEMAND: refreshes happen when somebody asks for a token, plus one whenever a grant has not been refreshed for 7 days.
 *  ALWAYS: at every advisory point; and the store is read once a minute, so that what other processes do to the account is
 *  noticed. Both begin with the first call that uses the account. */
#define ECOAUTH_KEEP_FRESH_ON_DEMAND 0
#define ECOAUTH_KEEP_FRESH_ALWAYS 1

/** OWNER refreshes. FOLLOWER never does; it only follows what another process saves. Until that has saved a newer token,
 *  one that has expired or was refused is WRONG_STATE with the action RETRY. What a person decides (authorizing, importing,
 *  signing out) it does like an OWNER. */
#define ECOAUTH_ROLE_OWNER 0
#define ECOAUTH_ROLE_FOLLOWER 1

/** AUTO polls while a PIN waits. ON_DEMAND asks only when the host calls ecoauth_account_check_now(). */
#define ECOAUTH_POLLING_AUTO 0
#define ECOAUTH_POLLING_ON_DEMAND 1

/** Where the parameters of POST /token travel. QUERY puts secrets into the URL: only for servers that insist. */
#define ECOAUTH_PARAMETERS_BODY 0
#define ECOAUTH_PARAMETERS_QUERY 1

/**
 * A PIN for the user. `pin` is shown exactly as given. `remaining_ms` is how long it stays valid.
 *  **Called** For every new or resumed PIN, where event callbacks are called. **Arguments live until** it returns.
 *  **May call** anything that does not block. It must not throw or longjmp.
 */
typedef void (*ecoauth_pin_fn)(void *user_data, const char *account_key, const char *pin, const char *verification_url,
                               int64_t remaining_ms);

/**
 * An event of any kind for which there is no callback of its own.
 *  **Called** WORKER: on a library thread; CALLER: inside ecoauth_client_dispatch(). Never two at a time, in order, without
 *  locks held. **Arguments live until** it returns. **May call** anything that does not block; ecoauth_client_free() is
 *  deferred until it returns. It must not throw or longjmp.
 */
typedef void (*ecoauth_event_fn)(void *user_data, const ecoauth_event *event);

/** A log line. It never holds a secret. **Called** where event callbacks are called. **Arguments live until** it returns. **May
 *  call** as they. */
typedef void (*ecoauth_log_fn)(void *user_data, int32_t level, const char *line);

/**
 * "The event queue is no longer empty." For hosts with an event loop, beside or instead of the wakeup fd.
 *  **Called** On any thread, also inside a call of the host. **May call** nothing of this library; it must return at once.
 */
typedef void (*ecoauth_wakeup_fn)(void *user_data);

/** New options with every default. NULL when out of memory.
 *  **Blocking** No. **Threads** Any. **Ownership** The caller's, until ecoauth_client_new() takes them. **Since** 0.1 */
ECOAUTH_EXPORT ecoauth_options *ecoauth_options_new(void);

/** Releases options that no client has taken, with the store and the user data they hold. NULL does nothing.
 *  **Blocking** No. **Threads** Any, once. **Ownership** Takes the options; finalizers run now. **Since** 0.1 */
ECOAUTH_EXPORT void ecoauth_options_free(ecoauth_options *options);

/** The client id (ecobee: application key), 1 to 200 printable ASCII characters. A secret. Without it the client id of the
 *  stored record is used; authorizing for the first time needs it. **Since** 0.1 */
ECOAUTH_EXPORT int32_t ecoauth_options_set_client_id(ecoauth_options *options, const char *client_id);

/** The scope to ask for, separated by commas or blanks (ecobee: smartRead, smartWrite, ems). Default "smartRead". **Since** 0.1 */
ECOAUTH_EXPORT int32_t ecoauth_options_set_scope(ecoauth_options *options, const char *scope);

/** The server: scheme, host and port. Default "https://api.ecobee.com". Plain http only to this machine. **Since** 0.1 */
ECOAUTH_EXPORT int32_t ecoauth_options_set_base_url(ecoauth_options *options, const char *base_url);

/** Where tokens are kept; there is no default, ecoauth_client_new() refuses options without a store.
 *  **Ownership** Takes the store, also when it fails; a store set before is released. **Since** 0.1 */
ECOAUTH_EXPORT int32_t ecoauth_options_set_store(ecoauth_options *options, ecoauth_store *store);

/** Who shows PINs. Without it they come as ECOAUTH_EVENT_PIN.
 *  **Ownership** `finalizer` ends `user_data` when the client is gone, a later call replaces it, or this call fails.
 *  **Since** 0.1 */
ECOAUTH_EXPORT int32_t ecoauth_options_set_pin_callback(ecoauth_options *options, ecoauth_pin_fn callback, void *user_data,
                                                        ecoauth_finalizer_fn finalizer);

/** Who gets events. Not together with ECOAUTH_DISPATCH_POLL.
 *  **Ownership** As for ecoauth_options_set_pin_callback(). **Since** 0.1 */
ECOAUTH_EXPORT int32_t ecoauth_options_set_event_callback(ecoauth_options *options, ecoauth_event_fn callback,
                                                          void *user_data, ecoauth_finalizer_fn finalizer);

/** Who gets log lines, up to `most_verbose` (ECOAUTH_LOG_*). Without it, and with a level set by
 *  ecoauth_options_set_log_level(), they come as ECOAUTH_EVENT_LOG.
 *  **Ownership** As for ecoauth_options_set_pin_callback(). **Since** 0.1 */
ECOAUTH_EXPORT int32_t ecoauth_options_set_log_callback(ecoauth_options *options, int32_t most_verbose,
                                                        ecoauth_log_fn callback, void *user_data,
                                                        ecoauth_finalizer_fn finalizer);

/** Up to which level log lines are made, ECOAUTH_LOG_NONE to ECOAUTH_LOG_TRACE. Default NONE. **Since** 0.1 */
ECOAUTH_EXPORT int32_t ecoauth_options_set_log_level(ecoauth_options *options, int32_t most_verbose);

/** Who is told that the queue is no longer empty.
 *  **Ownership** As for ecoauth_options_set_pin_callback(). **Since** 0.1 */
ECOAUTH_EXPORT int32_t ecoauth_options_set_wakeup_callback(ecoauth_options *options, ecoauth_wakeup_fn callback,
                                                           void *user_data, ecoauth_finalizer_fn finalizer);

/** How events are delivered, ECOAUTH_DISPATCH_*. Default WORKER. **Since** 0.1 */
ECOAUTH_EXPORT int32_t ecoauth_options_set_dispatch(ecoauth_options *options, int32_t dispatch);

/** The `User-Agent`, printable ASCII, at most 200. Default "ecoauth/VERSION". **Since** 0.1 */
ECOAUTH_EXPORT int32_t ecoauth_options_set_user_agent(ecoauth_options *options, const char *user_agent);

/** A file or hashed folder of CA certificates to trust instead of the system's. **Since** 0.1 */
ECOAUTH_EXPORT int32_t ecoauth_options_set_ca_file(ecoauth_options *options, const char *ca_file);

/** An HTTP proxy, "http://[user:password@]host:port", reached by CONNECT (RFC 9110 section 9.3.6). The environment and the
 *  host's own settings are never looked at. **Since** 0.1 */
ECOAUTH_EXPORT int32_t ecoauth_options_set_proxy(ecoauth_options *options, const char *proxy);

/** How long one request may take as a whole, 1,000 to 600,000 ms. Default 20,000. **Since** 0.1 */
ECOAUTH_EXPORT int32_t ecoauth_options_set_request_timeout_ms(ecoauth_options *options, int64_t timeout_ms);

/** How long name resolution, connection, proxy and TLS may take of it, 100 to 600,000 ms. Default 8,000. **Since** 0.1 */
ECOAUTH_EXPORT int32_t ecoauth_options_set_connect_timeout_ms(ecoauth_options *options, int64_t timeout_ms);

/** How long ecoauth_client_free() and the end of the process may wait for running exchanges, 0 to 600,000 ms.
 *  Default 8,000 (container hosts grant 10 s). **Since** 0.1 */
ECOAUTH_EXPORT int32_t ecoauth_options_set_shutdown_timeout_ms(ecoauth_options *options, int64_t timeout_ms);

/** The advisory point is drawn uniformly between these percentages of a token's life: from it on a caller is served at once
 *  and somebody refreshes in the background. 10 to 95, first at most second. Default 70 and 85. **Since** 0.1 */
ECOAUTH_EXPORT int32_t ecoauth_options_set_advisory_window(ecoauth_options *options, int32_t first_percent,
                                                           int32_t last_percent);

/** From max(`min_left_ms`, `left_percent` of the life) before its end a token is not handed out without a refresh.
 *  0 to 600,000 ms, 0 to 50 percent. Default 60,000 and 5. **Since** 0.1 */
ECOAUTH_EXPORT int32_t ecoauth_options_set_mandatory_window(ecoauth_options *options, int64_t min_left_ms,
                                                            int32_t left_percent);

/** ECOAUTH_KEEP_FRESH_*. Default ON_DEMAND. **Since** 0.1 */
ECOAUTH_EXPORT int32_t ecoauth_options_set_keep_fresh(ecoauth_options *options, int32_t keep_fresh);

/** ECOAUTH_ROLE_*. Default OWNER. **Since** 0.1 */
ECOAUTH_EXPORT int32_t ecoauth_options_set_role(ecoauth_options *options, int32_t role);

/** ECOAUTH_POLLING_*. Default AUTO. **Since** 0.1 */
ECOAUTH_EXPORT int32_t ecoauth_options_set_polling(ecoauth_options *options, int32_t polling);

/** ECOAUTH_PARAMETERS_*. Default BODY. **Since** 0.1 */
ECOAUTH_EXPORT int32_t ecoauth_options_set_parameter_style(ecoauth_options *options, int32_t style);

/** The parameter `ecobee_type`, the form of access tokens; empty: not sent. Default "jwt". **Since** 0.1 */
ECOAUTH_EXPORT int32_t ecoauth_options_set_token_format(ecoauth_options *options, const char *token_format);

/** The portal's address to show with a PIN. Default: ecobee's portal for ecobee's server, else "BASE_URL/consumerportal/index.html".
 *  **Since** 0.1 */
ECOAUTH_EXPORT int32_t ecoauth_options_set_verification_url(ecoauth_options *options, const char *verification_url);

ECOAUTH_END_DECLS

#endif
