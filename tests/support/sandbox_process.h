/* A local authorization server as a process of its own, and its control API, for tests in C.
 * SPDX-License-Identifier: MIT */
#ifndef TESTS_SANDBOX_PROCESS_H
#define TESTS_SANDBOX_PROCESS_H

#include <stddef.h>
#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif

struct sandbox {
  pid_t process;
  int output; /* its stdout */
  int port;
  char url[64]; /* "http://127.0.0.1:PORT" */
};

/* Starts `program` with further arguments (ended by NULL, or NULL for none) and waits until it serves. It ends with the
 * test. Any failure ends the test with a message. */
void sandbox_start(struct sandbox* sandbox, const char* program, const char* const* arguments);
void sandbox_stop(struct sandbox* sandbox);

/* POST /sandbox/`what` with a form; the sandbox must accept it. */
void sandbox_control(const struct sandbox* sandbox, const char* what, const char* form);
/* The same; the JSON text of the answer is the caller's to free(). */
char* sandbox_post(const struct sandbox* sandbox, const char* what, const char* form);
/* DELETE /sandbox/`what`: "fault" or "log". */
void sandbox_delete(const struct sandbox* sandbox, const char* what);
/* GET /sandbox/`what`; the JSON text is the caller's to free(). */
char* sandbox_get(const struct sandbox* sandbox, const char* what);

/* How many requests have come to an endpoint: "authorize", "token" or "api". */
int sandbox_requests(const struct sandbox* sandbox, const char* endpoint);
/* Waits until there were at least `count`; ends the test after 20 s. */
void sandbox_await_requests(const struct sandbox* sandbox, const char* endpoint, int count);

#ifdef __cplusplus
}
#endif

#endif
