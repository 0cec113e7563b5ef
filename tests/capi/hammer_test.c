/* Many threads on one account at once: everything is served, one refresh serves all, nothing is torn. */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "capi_test.h"

enum { thread_count = 8, rounds = 150 };

struct shared {
  ecoauth_client* client;
  ecoauth_account* account;
  pthread_barrier_t start;
  int completed, started; /* operations */
};

/* A token as it is copied: whole, and of a generation that never goes back. */
static void copy_token(const struct shared* shared, int64_t* newest) {
  char text[8192], header[8192];
  size_t needed = 0;
  int64_t generation = 0;
  if (ecoauth_account_copy_token(shared->account, text, sizeof text, &needed, &generation) == ECOAUTH_OK) {
    CHECK_NUMBER(needed, strlen(text) + 1);
    CHECK(strlen(text) > 20 &&
          strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.~+/=") == strlen(text));
    CHECK(generation >= *newest);
    *newest = generation;
  }
  if (ecoauth_account_authorization_header(shared->account, header, sizeof header, NULL, NULL) == ECOAUTH_OK)
    CHECK(strncmp(header, "Bearer ", 7) == 0);
  generation = ecoauth_account_generation(shared->account);
  CHECK(generation >= *newest || generation == ECOAUTH_ERROR_CLOSED);
}

static void get_token(const struct shared* shared) {
  ecoauth_token* token = NULL;
  CHECK_RESULT(ECOAUTH_OK, ecoauth_account_get_token(shared->account, 0, LONG_MS, &token, NULL));
  CHECK(strlen(ecoauth_token_access_token(token)) > 20 && ecoauth_token_generation(token) >= 1);
  ecoauth_token_free(token);
}

static void open_another(const struct shared* shared) {
  ecoauth_account* same = NULL;
  ecoauth_status* status = NULL;
  CHECK_RESULT(ECOAUTH_OK, ecoauth_account_open(shared->client, NULL, &same, NULL));
  CHECK_RESULT(ECOAUTH_OK, ecoauth_account_status(same, &status, NULL));
  CHECK_NUMBER(ECOAUTH_GRANT_ACTIVE, ecoauth_status_grant_state(status));
  ecoauth_status_free(status);
  ecoauth_account_close(same);
}

static void start_and_perhaps_cancel(struct shared* shared, int round) {
  int64_t operation = 0;
  CHECK_RESULT(ECOAUTH_OK, round % 3 == 0 ? ecoauth_account_wait_start(shared->account, INT64_MAX, &operation, NULL)
                                          : ecoauth_account_get_token_start(shared->account, 0, &operation, NULL));
  add_one(&shared->started);
  if (round % 2 == 0) {
    int32_t result = ecoauth_client_cancel(shared->client, operation);
    CHECK(result == ECOAUTH_OK || result == ECOAUTH_ERROR_NOT_FOUND);
  }
}

static void report_and_refresh(const struct shared* shared, int round) {
  ecoauth_error* error = NULL;
  int32_t result = ecoauth_account_report_rejected(shared->account, 1, NULL);
  CHECK(result == ECOAUTH_OK || result == ECOAUTH_ALREADY_DONE);
  if (round % 50 != 0) return;
  result = ecoauth_account_refresh(shared->account, LONG_MS, &error);
  CHECK(result == ECOAUTH_OK || result == ECOAUTH_ERROR_RATE_LIMITED);
  ecoauth_error_free(error);
}

static void* hammer(void* argument) {
  struct shared* shared = argument;
  int64_t newest = 0;
  pthread_barrier_wait(&shared->start);
  for (int round = 1; round <= rounds; ++round) {
    copy_token(shared, &newest);
    get_token(shared);
    if (round % 5 == 0) open_another(shared);
    start_and_perhaps_cancel(shared, round);
    report_and_refresh(shared, round);
  }
  return NULL;
}

static void* drain(void* argument) {
  struct shared* shared = argument;
  for (;;) {
    ecoauth_event* event = NULL;
    if (ecoauth_client_next_event(shared->client, LONG_MS, &event, NULL) != ECOAUTH_OK) return NULL;
    if (ecoauth_event_kind(event) == ECOAUTH_EVENT_COMPLETED) add_one(&shared->completed);
    ecoauth_event_free(event);
  }
}

static void one_account(void) {
  struct shared shared = {0};
  pthread_t threads[thread_count], reader[2];
  shared.client = client_of(authorized_options(ECOAUTH_DISPATCH_POLL));
  shared.account = account_of(shared.client);
  CHECK_RESULT(ECOAUTH_OK, ecoauth_account_wait(shared.account, 0, LONG_MS, NULL));
  pthread_barrier_init(&shared.start, NULL, thread_count);
  for (int i = 0; i < 2; ++i) CHECK(pthread_create(&reader[i], NULL, drain, &shared) == 0);
  for (int i = 0; i < thread_count; ++i) CHECK(pthread_create(&threads[i], NULL, hammer, &shared) == 0);
  for (int i = 0; i < thread_count; ++i) pthread_join(threads[i], NULL);
  CHECK_NUMBER(2, ecoauth_account_generation(shared.account)); /* one refresh for all, and then the limit */
  CHECK_NUMBER(1, sandbox_requests(test_sandbox(), "token"));
  CHECK_RESULT(ECOAUTH_OK, ecoauth_client_close_start(shared.client, NULL));
  for (int i = 0; i < 2; ++i) pthread_join(reader[i], NULL);
  CHECK_NUMBER(shared.started, shared.completed);
  CHECK_NUMBER(thread_count * rounds, shared.started);
  pthread_barrier_destroy(&shared.start);
  ecoauth_account_close(shared.account);
  ecoauth_client_free(shared.client);
}

static void* use_until_closed(void* argument) {
  struct shared* shared = argument;
  int64_t operation = 0, newest = 0;
  pthread_barrier_wait(&shared->start);
  for (;;) {
    ecoauth_token* token = NULL;
    int32_t result = ecoauth_account_get_token(shared->account, 0, LONG_MS, &token, NULL);
    ecoauth_token_free(token);
    if (result == ECOAUTH_ERROR_CLOSED) break;
    CHECK(result == ECOAUTH_OK || result == ECOAUTH_ERROR_CANCELLED);
    result = ecoauth_account_wait_start(shared->account, INT64_MAX, &operation, NULL);
    CHECK(result == ECOAUTH_OK || result == ECOAUTH_ERROR_CLOSED);
    copy_token(shared, &newest);
    /* Without a limit of time, however close to the end it begins. */
    ecoauth_status* status = NULL;
    if (ecoauth_account_status(shared->account, &status, NULL) != ECOAUTH_OK) continue;
    result = ecoauth_account_wait(shared->account, ecoauth_status_revision(status), ECOAUTH_WAIT_FOREVER, NULL);
    CHECK(result == ECOAUTH_OK || result == ECOAUTH_ERROR_CANCELLED || result == ECOAUTH_ERROR_CLOSED);
    ecoauth_status_free(status);
  }
  CHECK_RESULT(ECOAUTH_ERROR_CLOSED, ecoauth_account_wait(shared->account, 0, ECOAUTH_WAIT_FOREVER, NULL));
  return NULL;
}

/* The client ends while its account is in full use. */
static void closed_under_load(void) {
  for (int round = 0; round < 20; ++round) {
    struct shared shared = {0};
    pthread_t threads[thread_count];
    ecoauth_options* options = authorized_options(ECOAUTH_DISPATCH_POLL);
    CHECK_RESULT(ECOAUTH_OK, ecoauth_options_set_log_level(options, ECOAUTH_LOG_TRACE));
    shared.client = client_of(options);
    shared.account = account_of(shared.client);
    CHECK_RESULT(ECOAUTH_OK, ecoauth_account_wait(shared.account, 0, LONG_MS, NULL));
    pthread_barrier_init(&shared.start, NULL, thread_count + 1);
    for (int i = 0; i < thread_count; ++i) CHECK(pthread_create(&threads[i], NULL, use_until_closed, &shared) == 0);
    pthread_barrier_wait(&shared.start);
    sleep_ms(round / 4);
    ecoauth_client_free(shared.client);
    for (int i = 0; i < thread_count; ++i) pthread_join(threads[i], NULL);
    pthread_barrier_destroy(&shared.start);
    ecoauth_account_close(shared.account);
  }
}

int main(int argc, char** argv) {
  static const struct test_case cases[] = {
      {"one account", one_account},
      {"closed under load", closed_under_load},
  };
  return RUN_CASES(argc, argv, cases);
}
