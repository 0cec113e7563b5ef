/* What the tests of the C interface have in common: checks, cases, clients. They see the public headers only. */
#ifndef CAPI_TEST_H
#define CAPI_TEST_H

#include <ecoauth/ecoauth.h>
#include <stdbool.h>
#include <stdio.h>

#include "records.h"
#include "support/sandbox_process.h"

#ifdef __cplusplus
extern "C" {
#endif

#define TEST_CLIENT_ID "abcdefghijklmnopqrstuvwxyz012345"
/* Longer than anything in a test may take; waiting for it means that something was lost. */
#define LONG_MS 20000

/* Each ends the test program with a message when it does not hold. */
#define CHECK(condition) ((condition) ? (void)0 : check_failed(__FILE__, __LINE__, #condition))
#define CHECK_NUMBER(expected, actual) check_number(__FILE__, __LINE__, #actual, (int64_t)(expected), (int64_t)(actual))
#define CHECK_RESULT(expected, actual) check_result(__FILE__, __LINE__, #actual, (expected), (actual))
#define CHECK_TEXT(expected, actual) check_text(__FILE__, __LINE__, #actual, (expected), (actual))
/* The call returns `expected`, and explains a failure in *error, which is freed here. */
#define CHECK_EXPLAINED(expected, actual, error) \
  check_explained(__FILE__, __LINE__, #actual, (expected), (actual), &(error))

void check_failed(const char* file, int line, const char* what) __attribute__((noreturn));
void check_number(const char* file, int line, const char* what, int64_t expected, int64_t actual);
void check_result(const char* file, int line, const char* what, int32_t expected, int32_t actual);
void check_text(const char* file, int line, const char* what, const char* expected, const char* actual);
void check_explained(const char* file, int line, const char* what, int32_t expected, int32_t actual,
                     ecoauth_error** error);

struct test_case {
  const char* name;
  void (*run)(void);
};

/* Runs all cases, or those that the arguments behind the sandbox's program name. The result is main()'s. */
int run_cases(int argc, char** argv, const struct test_case* cases, size_t count);
#define RUN_CASES(argc, argv, cases) run_cases(argc, argv, cases, sizeof(cases) / sizeof *(cases))

/* The sandbox of the program: started by the first call, approves PINs at once, wants to be polled once a second, gives
 * out tokens that may be refreshed at will. Its faults and log are cleared before every case. */
const struct sandbox* test_sandbox(void);
/* For tests that start another one. */
const char* sandbox_program(void);

/* Options for the sandbox with a memory store, to be changed by the test. */
ecoauth_options* sandbox_options(int32_t dispatch);
/* Options for an address at which nobody listens. */
ecoauth_options* offline_options(int32_t dispatch);
ecoauth_client* client_of(ecoauth_options* options);
ecoauth_account* account_of(ecoauth_client* client);

/* The record of an authorized account, made once: with it a client need not wait for a PIN. */
ecoauth_store* authorized_store(void);
/* The same record in the test's own, empty store. */
void authorize_records(struct records* records);
/* Options for the sandbox with such a store. */
ecoauth_options* authorized_options(int32_t dispatch);

/* ECOAUTH_DISPATCH_POLL: fetches events until one is the end of `operation`; other events are dropped. */
ecoauth_event* await_completed(ecoauth_client* client, int64_t operation);
/* Fetches events until one is of this kind. */
ecoauth_event* await_event(ecoauth_client* client, int32_t kind);

int64_t now_ms(void);
void sleep_ms(int64_t ms);
/* Waits until *counter is at least `value`; ends the test after LONG_MS. */
void await_count(const int* counter, int value);
/* Counters for callbacks. */
void add_one(int* counter);
int read_count(const int* counter);

#ifdef __cplusplus
}
#endif

#endif
