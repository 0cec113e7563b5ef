/* ecoauth_client_cancel(), time-outs of blocking calls, and several callers of one refresh. */
#include <pthread.h>
#include <string.h>

#include "capi_test.h"

static int64_t start_request(ecoauth_account* account) {
  int64_t operation = 0;
  CHECK_RESULT(ECOAUTH_OK,
               ecoauth_account_request_start(account, "GET", "/1/thermostat", NULL, 0, NULL, &operation, NULL));
  return operation;
}

static void check_cancelled(ecoauth_client* client, int64_t operation) {
  ecoauth_event* event = await_completed(client, operation);
  CHECK_RESULT(ECOAUTH_ERROR_CANCELLED, ecoauth_event_result(event));
  CHECK_RESULT(ECOAUTH_ERROR_CANCELLED, ecoauth_error_code(ecoauth_event_error(event)));
  CHECK(ecoauth_event_token(event) == NULL && ecoauth_event_response(event) == NULL);
  ecoauth_event_free(event);
}

/* No second end of this operation comes. */
static void check_no_more_of(ecoauth_client* client, int64_t operation) {
  ecoauth_event* event = NULL;
  while (ecoauth_client_next_event(client, 50, &event, NULL) == ECOAUTH_OK) {
    CHECK(ecoauth_event_kind(event) != ECOAUTH_EVENT_COMPLETED || ecoauth_event_operation(event) != operation);
    ecoauth_event_free(event);
  }
}

static void once(void) {
  ecoauth_client* client = client_of(authorized_options(ECOAUTH_DISPATCH_POLL));
  ecoauth_account* account = account_of(client);
  sandbox_control(test_sandbox(), "fault", "name=delay&ms=5000&at=api");
  int64_t operation = start_request(account), before_ms = now_ms();
  sandbox_await_requests(test_sandbox(), "api", 1);
  CHECK_RESULT(ECOAUTH_OK, ecoauth_client_cancel(client, operation));
  check_cancelled(client, operation);
  CHECK(now_ms() - before_ms < 4000);
  CHECK_RESULT(ECOAUTH_ERROR_NOT_FOUND, ecoauth_client_cancel(client, operation));
  check_no_more_of(client, operation);
  /* One that has ended by itself. */
  operation = start_request(account);
  ecoauth_event* event = await_completed(client, operation);
  CHECK_RESULT(ECOAUTH_OK, ecoauth_event_result(event));
  ecoauth_event_free(event);
  CHECK_RESULT(ECOAUTH_ERROR_NOT_FOUND, ecoauth_client_cancel(client, operation));
  ecoauth_account_close(account);
  ecoauth_client_free(client);
}

static void an_authorization(void) {
  ecoauth_options* options = sandbox_options(ECOAUTH_DISPATCH_POLL);
  ecoauth_client* client = client_of(options);
  ecoauth_account* account = account_of(client);
  ecoauth_status* status = NULL;
  int64_t operation = 0;
  CHECK_RESULT(ECOAUTH_OK, ecoauth_account_authorize_pin_start(account, &operation, NULL));
  ecoauth_event_free(await_event(client, ECOAUTH_EVENT_PIN));
  CHECK_RESULT(ECOAUTH_OK, ecoauth_client_cancel(client, operation));
  check_cancelled(client, operation);
  CHECK_RESULT(ECOAUTH_OK, ecoauth_account_status(account, &status, NULL));
  CHECK_NUMBER(ECOAUTH_GRANT_NONE, ecoauth_status_grant_state(status));
  ecoauth_status_free(status);
  ecoauth_account_close(account);
  ecoauth_client_free(client);
}

/* Three wait for one refresh; cancelling one of them leaves the others theirs, and the refresh goes on. */
static void others_are_not_disturbed(void) {
  ecoauth_client* client = client_of(authorized_options(ECOAUTH_DISPATCH_POLL));
  ecoauth_account* account = account_of(client);
  int64_t operations[3] = {0};
  int completed = 0;
  CHECK_RESULT(ECOAUTH_OK, ecoauth_account_wait(account, 0, LONG_MS, NULL));
  sandbox_control(test_sandbox(), "fault", "name=delay&ms=400&at=token");
  for (int i = 0; i < 3; ++i) CHECK_RESULT(ECOAUTH_OK, ecoauth_account_refresh_start(account, &operations[i], NULL));
  CHECK(operations[0] != operations[1] && operations[1] != operations[2]);
  sandbox_await_requests(test_sandbox(), "token", 1);
  CHECK_RESULT(ECOAUTH_OK, ecoauth_client_cancel(client, operations[1]));
  check_cancelled(client, operations[1]);
  while (completed < 2) {
    ecoauth_event* event = await_event(client, ECOAUTH_EVENT_COMPLETED);
    CHECK_RESULT(ECOAUTH_OK, ecoauth_event_result(event));
    CHECK(ecoauth_event_operation(event) == operations[0] || ecoauth_event_operation(event) == operations[2]);
    ecoauth_event_free(event);
    ++completed;
  }
  CHECK_NUMBER(1, sandbox_requests(test_sandbox(), "token"));
  CHECK_NUMBER(2, ecoauth_account_generation(account));
  ecoauth_account_close(account);
  ecoauth_client_free(client);
}

/* Past the first byte of a token request the call ends, not the exchange: what comes is saved. */
static void a_token_request_goes_on(void) {
  ecoauth_client* client = client_of(authorized_options(ECOAUTH_DISPATCH_POLL));
  ecoauth_account* account = account_of(client);
  int64_t operation = 0;
  CHECK_RESULT(ECOAUTH_OK, ecoauth_account_wait(account, 0, LONG_MS, NULL));
  sandbox_control(test_sandbox(), "fault", "name=delay&ms=600&at=token");
  CHECK_RESULT(ECOAUTH_OK, ecoauth_account_refresh_start(account, &operation, NULL));
  sandbox_await_requests(test_sandbox(), "token", 1);
  CHECK_RESULT(ECOAUTH_OK, ecoauth_client_cancel(client, operation));
  check_cancelled(client, operation);
  CHECK_NUMBER(1, ecoauth_account_generation(account));
  ecoauth_event_free(await_event(client, ECOAUTH_EVENT_TOKEN));
  CHECK_NUMBER(2, ecoauth_account_generation(account));
  CHECK_NUMBER(1, sandbox_requests(test_sandbox(), "token"));
  ecoauth_account_close(account);
  ecoauth_client_free(client);
}

static void time_outs(void) {
  ecoauth_client* client = client_of(authorized_options(ECOAUTH_DISPATCH_POLL));
  ecoauth_account* account = account_of(client);
  ecoauth_error* error = NULL;
  ecoauth_token* token = NULL;
  ecoauth_response* response = NULL;
  ecoauth_status* status = NULL;
  CHECK_RESULT(ECOAUTH_OK, ecoauth_account_wait(account, 0, LONG_MS, NULL));
  CHECK_EXPLAINED(ECOAUTH_OK, ecoauth_account_get_token(account, 0, 0, &token, &error), error); /* served from memory */
  ecoauth_token_free(token);
  CHECK_RESULT(ECOAUTH_OK, ecoauth_account_status(account, &status, NULL));
  int64_t revision = ecoauth_status_revision(status), before_ms = now_ms();
  ecoauth_status_free(status);
  CHECK_EXPLAINED(ECOAUTH_ERROR_TIMEOUT, ecoauth_account_wait(account, revision, 0, &error), error);
  CHECK_EXPLAINED(ECOAUTH_ERROR_TIMEOUT, ecoauth_account_wait(account, revision, 60, &error), error);
  CHECK(now_ms() - before_ms >= 60 && now_ms() - before_ms < 10000);
  CHECK_EXPLAINED(ECOAUTH_OK, ecoauth_account_wait(account, revision + 1, 0, &error), error);
  sandbox_control(test_sandbox(), "fault", "name=delay&ms=3000&at=api&count=-1");
  before_ms = now_ms();
  CHECK_EXPLAINED(ECOAUTH_ERROR_TIMEOUT,
                  ecoauth_account_request(account, "GET", "/1/thermostat", NULL, 0, NULL, 0, &response, &error), error);
  CHECK_EXPLAINED(ECOAUTH_ERROR_TIMEOUT,
                  ecoauth_account_request(account, "GET", "/1/thermostat", NULL, 0, NULL, 50, &response, &error),
                  error);
  CHECK(now_ms() - before_ms < 2500);
  CHECK(response == NULL);
  ecoauth_account_close(account);
  ecoauth_client_free(client);
}

struct waiter {
  ecoauth_account* account;
  int64_t revision;
  int32_t result;
  int started, ended;
};

static void* wait_for_ever(void* argument) {
  struct waiter* waiter = argument;
  ecoauth_error* error = NULL;
  add_one(&waiter->started);
  waiter->result = ecoauth_account_wait(waiter->account, waiter->revision, ECOAUTH_WAIT_FOREVER, &error);
  if (error) CHECK_RESULT(waiter->result, ecoauth_error_code(error));
  ecoauth_error_free(error);
  add_one(&waiter->ended);
  return NULL;
}

static pthread_t wait_in_thread(struct waiter* waiter, ecoauth_account* account) {
  pthread_t thread;
  ecoauth_status* status = NULL;
  memset(waiter, 0, sizeof *waiter);
  CHECK_RESULT(ECOAUTH_OK, ecoauth_account_wait(account, 0, LONG_MS, NULL));
  CHECK_RESULT(ECOAUTH_OK, ecoauth_account_status(account, &status, NULL));
  waiter->account = account;
  waiter->revision = ecoauth_status_revision(status);
  ecoauth_status_free(status);
  CHECK(pthread_create(&thread, NULL, wait_for_ever, waiter) == 0);
  await_count(&waiter->started, 1);
  sleep_ms(50);
  CHECK_NUMBER(0, read_count(&waiter->ended));
  return thread;
}

/* Waiting without limit ends with a change, and with the client. */
static void for_ever(void) {
  struct waiter waiter;
  ecoauth_client* client = client_of(authorized_options(ECOAUTH_DISPATCH_POLL));
  ecoauth_account* account = account_of(client);
  pthread_t thread = wait_in_thread(&waiter, account);
  CHECK_RESULT(ECOAUTH_OK, ecoauth_account_refresh(account, LONG_MS, NULL));
  pthread_join(thread, NULL);
  CHECK_RESULT(ECOAUTH_OK, waiter.result);
  thread = wait_in_thread(&waiter, account);
  CHECK_RESULT(ECOAUTH_OK, ecoauth_client_close_start(client, NULL));
  pthread_join(thread, NULL);
  CHECK_RESULT(ECOAUTH_ERROR_CANCELLED, waiter.result);
  ecoauth_account_close(account);
  ecoauth_client_free(client);
}

static void* next_for_ever(void* argument) {
  struct waiter* waiter = argument;
  ecoauth_event* event = NULL;
  add_one(&waiter->started);
  waiter->result = ecoauth_client_next_event((ecoauth_client*)waiter->account, ECOAUTH_WAIT_FOREVER, &event, NULL);
  CHECK_NUMBER(ECOAUTH_EVENT_CLOSED, ecoauth_event_kind(event));
  ecoauth_event_free(event);
  return NULL;
}

static void next_event_for_ever(void) {
  pthread_t thread;
  struct waiter waiter = {0};
  ecoauth_client* client = client_of(offline_options(ECOAUTH_DISPATCH_POLL));
  waiter.account = (ecoauth_account*)client;
  CHECK(pthread_create(&thread, NULL, next_for_ever, &waiter) == 0);
  await_count(&waiter.started, 1);
  sleep_ms(20);
  CHECK_RESULT(ECOAUTH_OK, ecoauth_client_close_start(client, NULL));
  pthread_join(thread, NULL);
  CHECK_RESULT(ECOAUTH_OK, waiter.result);
  ecoauth_client_free(client);
}

static void quiescing(void) {
  ecoauth_client* client = client_of(authorized_options(ECOAUTH_DISPATCH_POLL));
  ecoauth_account* account = account_of(client);
  ecoauth_error* error = NULL;
  ecoauth_token* token = NULL;
  CHECK_RESULT(ECOAUTH_OK, ecoauth_account_wait(account, 0, LONG_MS, NULL));
  sandbox_control(test_sandbox(), "fault", "name=delay&ms=400&at=token");
  int64_t operation = 0;
  CHECK_RESULT(ECOAUTH_OK, ecoauth_account_refresh_start(account, &operation, NULL));
  sandbox_await_requests(test_sandbox(), "token", 1);
  CHECK_EXPLAINED(ECOAUTH_ERROR_TIMEOUT, ecoauth_client_quiesce(client, 20, &error), error);
  CHECK_EXPLAINED(ECOAUTH_OK, ecoauth_client_quiesce(client, ECOAUTH_WAIT_FOREVER, &error), error);
  ecoauth_event* event = await_completed(client, operation);
  CHECK_RESULT(ECOAUTH_OK, ecoauth_event_result(event));
  ecoauth_event_free(event);
  CHECK_EXPLAINED(ECOAUTH_OK, ecoauth_account_get_token(account, 0, 0, &token, &error), error); /* still served */
  CHECK_NUMBER(2, ecoauth_token_generation(token));
  ecoauth_token_free(token);
  CHECK_EXPLAINED(ECOAUTH_OK, ecoauth_client_quiesce(client, 0, &error), error);
  ecoauth_account_close(account);
  ecoauth_client_free(client);
}

int main(int argc, char** argv) {
  static const struct test_case cases[] = {
      {"once", once},
      {"an authorization", an_authorization},
      {"others are not disturbed", others_are_not_disturbed},
      {"a token request goes on", a_token_request_goes_on},
      {"time-outs", time_outs},
      {"for ever", for_ever},
      {"next_event for ever", next_event_for_ever},
      {"quiescing", quiescing},
  };
  return RUN_CASES(argc, argv, cases);
}
