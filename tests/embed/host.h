/* What the embedding tests have in common: a host program that loads the library at run time, by its path, and knows
 * nothing of it but the public headers; servers as processes of their own; temporary folders; looking at the process.
 * SPDX-License-Identifier: MIT */
#ifndef EMBED_HOST_H
#define EMBED_HOST_H

#include <ecoauth/ecoauth.h>
#include <stdbool.h>
#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The functions these tests call. */
#define EMBED_FUNCTIONS(X)                   \
  X(ecoauth_account_authorize_pin)           \
  X(ecoauth_account_authorize_pin_start)     \
  X(ecoauth_account_close)                   \
  X(ecoauth_account_copy_token)              \
  X(ecoauth_account_generation)              \
  X(ecoauth_account_get_token)               \
  X(ecoauth_account_open)                    \
  X(ecoauth_account_refresh)                 \
  X(ecoauth_account_refresh_start)           \
  X(ecoauth_account_request)                 \
  X(ecoauth_account_status)                  \
  X(ecoauth_account_wait)                    \
  X(ecoauth_client_cancel)                   \
  X(ecoauth_client_free)                     \
  X(ecoauth_client_new)                      \
  X(ecoauth_client_next_event)               \
  X(ecoauth_client_wakeup_fd)                \
  X(ecoauth_error_advice)                    \
  X(ecoauth_error_code)                      \
  X(ecoauth_error_free)                      \
  X(ecoauth_error_message)                   \
  X(ecoauth_event_error)                     \
  X(ecoauth_event_free)                      \
  X(ecoauth_event_kind)                      \
  X(ecoauth_event_operation)                 \
  X(ecoauth_event_result)                    \
  X(ecoauth_options_new)                     \
  X(ecoauth_options_set_base_url)            \
  X(ecoauth_options_set_ca_file)             \
  X(ecoauth_options_set_client_id)           \
  X(ecoauth_options_set_dispatch)            \
  X(ecoauth_options_set_event_callback)      \
  X(ecoauth_options_set_shutdown_timeout_ms) \
  X(ecoauth_options_set_store)               \
  X(ecoauth_response_body)                   \
  X(ecoauth_response_free)                   \
  X(ecoauth_response_http_status)            \
  X(ecoauth_result_name)                     \
  X(ecoauth_status_free)                     \
  X(ecoauth_status_grant_state)              \
  X(ecoauth_status_scope_granted)            \
  X(ecoauth_store_new_file)                  \
  X(ecoauth_store_new_memory)                \
  X(ecoauth_token_access_token)              \
  X(ecoauth_token_free)                      \
  X(ecoauth_token_valid_ms)                  \
  X(ecoauth_version)

struct library {
#ifdef __cplusplus
#define EMBED_MEMBER(name) decltype(::name)* name;
#else
#define EMBED_MEMBER(name) __typeof__(name)* name;
#endif
  EMBED_FUNCTIONS(EMBED_MEMBER)
#undef EMBED_MEMBER
  void* handle;
};

/* Where failures are told: stderr, unless a test redirects that. */
extern int check_fd;
/* Fails the test when `condition` does not hold, saying where. */
#define CHECK(condition) ((condition) ? (void)0 : check_failed(__FILE__, __LINE__, #condition, "%s", ""))
#define CHECK_SAYING(condition, ...) ((condition) ? (void)0 : check_failed(__FILE__, __LINE__, #condition, __VA_ARGS__))
#ifdef __cplusplus
[[noreturn]]
#else
_Noreturn
#endif
void check_failed(const char *file, int line, const char *condition, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* Fails, with the error's texts, unless `result` is a success. Takes the error. */
void check_result(const struct library* eco, const char* file, int line, int32_t result, ecoauth_error* error);
#define CHECK_OK(eco, result, error) check_result(eco, __FILE__, __LINE__, result, error)

/* dlopen(path, RTLD_NOW | RTLD_LOCAL) and every function above. The mask of the calling thread is put back afterwards:
 * loading a dynamic POCO blocks SIGPIPE in it, as ecoauth.h says. */
struct library library_load(const char* path);
/* The same without putting anything back. */
struct library library_load_plainly(const char* path);
void library_unload(struct library* eco);

/* --- Servers
 * ------------------------------------------------------------------------------------------------------------- */

struct server {
  pid_t process;
  int out; /* what it prints after its first line */
  char url[128];
};

/* Starts a program whose first line of output ends in its address. It dies with the test. */
struct server server_start(char* const arguments[]);
/* A sandbox that approves PINs at once, polls each second, and gives tokens that may be refreshed at will. `ca_file`
 * NULL: plain http; else https under a CA that is written there. */
struct server sandbox_start(const char* program, const char* ca_file);
/* Waits for one line, at most 20 s. The peer prints one whenever a request (or its first bytes) has come. */
void server_await_line(const struct server* server);
void server_stop(struct server* server);

/* --- Clients
 * ------------------------------------------------------------------------------------------------------------- */

#define EMBED_CLIENT_ID "EmbedTestsEmbedTestsEmbedTests32"

/* Options for that server; `folder` NULL: a memory store; `ca_file` may be NULL. */
ecoauth_options* host_options(const struct library* eco, const char* url, const char* ca_file, const char* folder);
ecoauth_client* host_client(const struct library* eco, ecoauth_options* options);
ecoauth_account* host_account(const struct library* eco, ecoauth_client* client);
/* A PIN authorization, blocking, then a token; both must work. */
void host_login(const struct library* eco, ecoauth_account* account);
/* Starts a PIN authorization at a peer and returns its operation when the peer has got the request: a worker is in it
 * now. */
int64_t host_start(const struct library* eco, ecoauth_account* account, const struct server* peer);
/* A token from memory or by refresh; must work. */
void host_use(const struct library* eco, ecoauth_account* account);

/* --- The process around
 * -------------------------------------------------------------------------------------------------- */

/* A new folder, removed with all in it when the test ends. */
const char* temporary_folder(void);
/* "FOLDER/name"; lives as long as the process. */
const char* temporary_path(const char* name);
int64_t now_ms(void);
/* Threads, and open descriptors, of this process. */
int thread_count(void);
int descriptor_count(void);
/* Waits, at most 10 s, for the number of threads to become `expected`; a thread that has been joined or has ended may
 * be listed for a moment more. */
void await_threads(int expected);
/* The child's wait status; fails when it has not ended within `timeout_ms`, after killing it. */
int await_child(pid_t child, int64_t timeout_ms);
/* Forks a child that runs `body` and must end with exit code 0 in time. */
void in_child(void (*body)(void*), void* argument, int64_t timeout_ms);

#ifdef __cplusplus
}
#endif

#endif
