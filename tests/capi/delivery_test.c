/* One event queue, three ways to read it. */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "capi_test.h"

/* What callbacks have seen. */
struct seen {
  int pins, completed, states, tokens, logs, closed, others;
  int inside; /* callbacks running at this moment */
  int overlapped;
  int after_closed;
  int32_t result;
  int64_t operation;
  pthread_t main_thread;
  int on_main_thread;
  char pin[64], url[256], key[64];
};

static void enter(struct seen* seen) {
  seen->overlapped += __atomic_add_fetch(&seen->inside, 1, __ATOMIC_SEQ_CST) != 1;
  seen->after_closed += read_count(&seen->closed) != 0;
  seen->on_main_thread += pthread_equal(pthread_self(), seen->main_thread) != 0;
}

static void leave(struct seen* seen) { __atomic_sub_fetch(&seen->inside, 1, __ATOMIC_SEQ_CST); }

static void on_pin(void* user_data, const char* account_key, const char* pin, const char* verification_url,
                   int64_t remaining_ms) {
  struct seen* seen = user_data;
  enter(seen);
  CHECK(remaining_ms > 0);
  snprintf(seen->pin, sizeof seen->pin, "%s", pin);
  snprintf(seen->url, sizeof seen->url, "%s", verification_url);
  snprintf(seen->key, sizeof seen->key, "%s", account_key);
  leave(seen);
  add_one(&seen->pins);
}

static void on_event(void* user_data, const ecoauth_event* event) {
  struct seen* seen = user_data;
  enter(seen);
  int* counter = &seen->others;
  switch (ecoauth_event_kind(event)) {
    case ECOAUTH_EVENT_PIN:
      counter = &seen->pins;
      break;
    case ECOAUTH_EVENT_COMPLETED:
      seen->result = ecoauth_event_result(event);
      seen->operation = ecoauth_event_operation(event);
      counter = &seen->completed;
      break;
    case ECOAUTH_EVENT_STATE:
      counter = &seen->states;
      break;
    case ECOAUTH_EVENT_TOKEN:
      counter = &seen->tokens;
      break;
    case ECOAUTH_EVENT_LOG:
      counter = &seen->logs;
      break;
    case ECOAUTH_EVENT_CLOSED:
      counter = &seen->closed;
      break;
    default:
      break;
  }
  leave(seen);
  add_one(counter);
}

static void on_log(void* user_data, int32_t level, const char* line) {
  struct seen* seen = user_data;
  enter(seen);
  CHECK(level >= ECOAUTH_LOG_ERROR && level <= ECOAUTH_LOG_DEBUG);
  CHECK(line[0] != '\0');
  leave(seen);
  add_one(&seen->logs);
}

static void worker_mode(void) {
  struct seen seen = {.main_thread = pthread_self()};
  char url[128];
  ecoauth_options* options = sandbox_options(ECOAUTH_DISPATCH_WORKER);
  CHECK_RESULT(ECOAUTH_OK, ecoauth_options_set_pin_callback(options, on_pin, &seen, NULL));
  CHECK_RESULT(ECOAUTH_OK, ecoauth_options_set_event_callback(options, on_event, &seen, NULL));
  ecoauth_client* client = client_of(options);
  ecoauth_account* account = account_of(client);
  int64_t operation = 0;
  CHECK_RESULT(ECOAUTH_OK, ecoauth_account_authorize_pin_start(account, &operation, NULL));
  CHECK(operation > 0);
  await_count(&seen.completed, 1);
  CHECK_RESULT(ECOAUTH_OK, seen.result);
  CHECK_NUMBER(operation, seen.operation);
  CHECK_NUMBER(1, seen.pins);
  CHECK_TEXT("default", seen.key);
  CHECK(strlen(seen.pin) == 9);
  snprintf(url, sizeof url, "%s/consumerportal/index.html", test_sandbox()->url);
  CHECK_TEXT(url, seen.url);
  CHECK(read_count(&seen.tokens) == 1 && read_count(&seen.states) > 0);
  ecoauth_account_close(account);
  ecoauth_client_free(client);
  CHECK_NUMBER(1, seen.closed);
  CHECK_NUMBER(0, seen.on_main_thread);
  CHECK_NUMBER(0, seen.overlapped);
  CHECK_NUMBER(0, seen.after_closed);
}

/* The other kinds have no callback of their own, and what has none goes to the event callback. */
static void pins_and_lines_without_a_callback_of_their_own(void) {
  struct seen seen = {0};
  ecoauth_options* options = sandbox_options(ECOAUTH_DISPATCH_WORKER);
  CHECK_RESULT(ECOAUTH_OK, ecoauth_options_set_event_callback(options, on_event, &seen, NULL));
  CHECK_RESULT(ECOAUTH_OK, ecoauth_options_set_log_level(options, ECOAUTH_LOG_TRACE));
  ecoauth_client* client = client_of(options);
  ecoauth_account* account = account_of(client);
  CHECK_RESULT(ECOAUTH_OK, ecoauth_account_authorize_pin(account, LONG_MS, NULL));
  await_count(&seen.tokens, 1);
  CHECK(read_count(&seen.pins) == 1 && read_count(&seen.logs) > 0);
  ecoauth_account_close(account);
  ecoauth_client_free(client);
}

static void log_callback(void) {
  struct seen lines = {0}, events = {0};
  ecoauth_options* options = authorized_options(ECOAUTH_DISPATCH_WORKER);
  CHECK_RESULT(ECOAUTH_OK, ecoauth_options_set_event_callback(options, on_event, &events, NULL));
  CHECK_RESULT(ECOAUTH_OK, ecoauth_options_set_log_callback(options, ECOAUTH_LOG_DEBUG, on_log, &lines, NULL));
  ecoauth_client* client = client_of(options);
  ecoauth_account* account = account_of(client);
  CHECK_RESULT(ECOAUTH_OK, ecoauth_account_refresh(account, LONG_MS, NULL));
  await_count(&lines.logs, 1);
  CHECK_NUMBER(0, events.logs);
  ecoauth_account_close(account);
  ecoauth_client_free(client);
}

static void caller_mode(void) {
  struct seen seen = {.main_thread = pthread_self()};
  ecoauth_error* error = NULL;
  ecoauth_event* event = NULL;
  ecoauth_options* options = sandbox_options(ECOAUTH_DISPATCH_CALLER);
  CHECK_RESULT(ECOAUTH_OK, ecoauth_options_set_pin_callback(options, on_pin, &seen, NULL));
  CHECK_RESULT(ECOAUTH_OK, ecoauth_options_set_event_callback(options, on_event, &seen, NULL));
  ecoauth_client* client = client_of(options);
  ecoauth_account* account = account_of(client);
  int64_t operation = 0;
  CHECK_NUMBER(0, ecoauth_client_dispatch(client, 0, &error));
  CHECK_EXPLAINED(ECOAUTH_ERROR_WRONG_STATE, ecoauth_client_next_event(client, 0, &event, &error), error);
  CHECK_RESULT(ECOAUTH_OK, ecoauth_account_authorize_pin_start(account, &operation, NULL));
  sandbox_await_requests(test_sandbox(), "token", 1); /* the PIN waits in the queue */
  CHECK_NUMBER(0, seen.pins + seen.on_main_thread);
  while (seen.completed == 0) {
    CHECK(ecoauth_client_dispatch(client, LONG_MS, &error) > 0);
  }
  CHECK_RESULT(ECOAUTH_OK, seen.result);
  CHECK_NUMBER(operation, seen.operation);
  CHECK_NUMBER(1, seen.pins);
  CHECK_RESULT(ECOAUTH_OK, ecoauth_client_close_start(client, &error));
  while (seen.closed == 0) CHECK(ecoauth_client_dispatch(client, LONG_MS, &error) > 0);
  CHECK_EXPLAINED(ECOAUTH_ERROR_CLOSED, ecoauth_client_dispatch(client, LONG_MS, &error), error);
  CHECK_NUMBER(0, seen.after_closed);
  CHECK_NUMBER(seen.pins + seen.completed + seen.states + seen.tokens + seen.closed + seen.others, seen.on_main_thread);
  ecoauth_account_close(account);
  ecoauth_client_free(client);
}

static void poll_mode(void) {
  ecoauth_error* error = NULL;
  ecoauth_client* client = client_of(sandbox_options(ECOAUTH_DISPATCH_POLL));
  ecoauth_account* account = account_of(client);
  ecoauth_event* event = NULL;
  int64_t operation = 0;
  bool pin = false, token = false, completed = false;
  CHECK_EXPLAINED(ECOAUTH_ERROR_WRONG_STATE, ecoauth_client_dispatch(client, 0, &error), error);
  CHECK_EXPLAINED(ECOAUTH_ERROR_TIMEOUT, ecoauth_client_next_event(client, 0, &event, &error), error);
  CHECK(event == NULL);
  CHECK_RESULT(ECOAUTH_OK, ecoauth_account_authorize_pin_start(account, &operation, &error));
  while (!completed) {
    CHECK_EXPLAINED(ECOAUTH_OK, ecoauth_client_next_event(client, LONG_MS, &event, &error), error);
    CHECK_TEXT("default", ecoauth_event_account_key(event));
    switch (ecoauth_event_kind(event)) {
      case ECOAUTH_EVENT_PIN:
        pin = true;
        CHECK_NUMBER(operation, ecoauth_event_operation(event));
        CHECK(strlen(ecoauth_event_pin(event)) == 9);
        CHECK_TEXT("smartRead", ecoauth_event_text(event));
        CHECK(ecoauth_event_remaining_ms(event) > 800000);
        break;
      case ECOAUTH_EVENT_TOKEN:
        token = true;
        CHECK_NUMBER(1, ecoauth_event_generation(event));
        break;
      case ECOAUTH_EVENT_COMPLETED:
        completed = true;
        CHECK_NUMBER(operation, ecoauth_event_operation(event));
        CHECK_RESULT(ECOAUTH_OK, ecoauth_event_result(event));
        CHECK(ecoauth_event_error(event) == NULL && ecoauth_event_response(event) == NULL);
        break;
      case ECOAUTH_EVENT_STATE:
        CHECK(ecoauth_event_state(event) == ECOAUTH_GRANT_NONE || ecoauth_event_state(event) == ECOAUTH_GRANT_ACTIVE);
        break;
      default:
        break;
    }
    ecoauth_event_free(event);
  }
  CHECK(pin && token);
  ecoauth_account_close(account);
  ecoauth_client_free(client);
}

/* What an operation was for comes with its end. */
static void completions_carry_what_was_asked_for(void) {
  ecoauth_client* client = client_of(authorized_options(ECOAUTH_DISPATCH_POLL));
  ecoauth_account* account = account_of(client);
  int64_t operation = 0;
  CHECK_RESULT(ECOAUTH_OK, ecoauth_account_get_token_start(account, 0, &operation, NULL));
  ecoauth_event* event = await_completed(client, operation);
  const ecoauth_token* token = ecoauth_event_token(event);
  CHECK_RESULT(ECOAUTH_OK, ecoauth_event_result(event));
  CHECK(token != NULL && ecoauth_event_response(event) == NULL);
  CHECK_NUMBER(1, ecoauth_token_generation(token));
  CHECK(ecoauth_token_valid_ms(token) > 0);
  CHECK(strstr(ecoauth_token_scope(token), "smartRead") != NULL);
  CHECK(strncmp(ecoauth_token_authorization_header(token), "Bearer ", 7) == 0);
  CHECK_TEXT(ecoauth_token_access_token(token), ecoauth_token_authorization_header(token) + 7);
  ecoauth_event_free(event);

  CHECK_RESULT(ECOAUTH_OK,
               ecoauth_account_request_start(account, "GET", "/1/thermostatSummary", NULL, 0, NULL, &operation, NULL));
  event = await_completed(client, operation);
  const ecoauth_response* response = ecoauth_event_response(event);
  CHECK_RESULT(ECOAUTH_OK, ecoauth_event_result(event));
  CHECK(response != NULL && ecoauth_event_token(event) == NULL);
  CHECK_NUMBER(200, ecoauth_response_http_status(response));
  CHECK_NUMBER(0, ecoauth_response_api_status(response));
  CHECK_NUMBER(strlen(ecoauth_response_body(response)), ecoauth_response_body_bytes(response));
  CHECK(strstr(ecoauth_response_body(response), "thermostatCount") != NULL);
  CHECK(strncmp(ecoauth_response_content_type(response), "application/json", 16) == 0);
  ecoauth_event_free(event);
  ecoauth_account_close(account);
  ecoauth_client_free(client);
}

/* Completions are never lost, whatever else is in the queue; states are coalesced; log lines are dropped oldest first.
 */
static void what_is_kept_and_what_is_not(void) {
  enum { operations = 300 };
  ecoauth_options* options = authorized_options(ECOAUTH_DISPATCH_POLL);
  CHECK_RESULT(ECOAUTH_OK, ecoauth_options_set_log_level(options, ECOAUTH_LOG_TRACE));
  ecoauth_client* client = client_of(options);
  ecoauth_account* account = account_of(client);
  static int64_t numbers[operations];
  static bool done[operations];
  int64_t dropped = 0;
  int lines = 0, states = 0, tokens = 0, completed = 0;
  CHECK_RESULT(ECOAUTH_OK, ecoauth_account_refresh(account, LONG_MS, NULL));
  for (int i = 0; i < operations; ++i) {
    CHECK_RESULT(ECOAUTH_OK,
                 ecoauth_account_request_start(account, "GET", "/1/thermostat", NULL, 0, NULL, &numbers[i], NULL));
  }
  CHECK_RESULT(ECOAUTH_OK, ecoauth_client_quiesce(client, LONG_MS, NULL));
  for (;;) {
    ecoauth_event* event = NULL;
    if (ecoauth_client_next_event(client, 0, &event, NULL) == ECOAUTH_ERROR_TIMEOUT) break;
    switch (ecoauth_event_kind(event)) {
      case ECOAUTH_EVENT_COMPLETED:
        for (int i = 0; i < operations; ++i)
          if (numbers[i] == ecoauth_event_operation(event)) {
            CHECK(!done[i]);
            done[i] = true;
            ++completed;
          }
        break;
      case ECOAUTH_EVENT_LOG:
        ++lines;
        dropped += ecoauth_event_dropped(event);
        break;
      case ECOAUTH_EVENT_STATE:
        ++states;
        break;
      case ECOAUTH_EVENT_TOKEN:
        ++tokens;
        break;
      default:
        break;
    }
    ecoauth_event_free(event);
  }
  CHECK_NUMBER(operations, completed);
  CHECK_NUMBER(256, lines);
  CHECK(dropped > 0);
  CHECK(states <= 1 && tokens == 1);
  ecoauth_account_close(account);
  ecoauth_client_free(client);
}

static void closed_comes_last(void) {
  ecoauth_error* error = NULL;
  ecoauth_event* event = NULL;
  ecoauth_client* client = client_of(authorized_options(ECOAUTH_DISPATCH_POLL));
  ecoauth_account* account = account_of(client);
  int64_t first = 0, second = 0;
  int completed = 0;
  sandbox_control(test_sandbox(), "fault", "name=delay&ms=300&at=api");
  CHECK_RESULT(ECOAUTH_OK, ecoauth_account_get_token_start(account, 0, &first, NULL));
  CHECK_RESULT(ECOAUTH_OK,
               ecoauth_account_request_start(account, "GET", "/1/thermostat", NULL, 0, NULL, &second, NULL));
  sandbox_await_requests(test_sandbox(), "api", 1);
  CHECK_RESULT(ECOAUTH_OK, ecoauth_client_close_start(client, &error));
  CHECK_RESULT(ECOAUTH_ALREADY_DONE, ecoauth_client_close_start(client, &error));
  CHECK(error == NULL);
  do {
    ecoauth_event_free(event);
    CHECK_EXPLAINED(ECOAUTH_OK, ecoauth_client_next_event(client, LONG_MS, &event, &error), error);
    completed += ecoauth_event_kind(event) == ECOAUTH_EVENT_COMPLETED;
  } while (ecoauth_event_kind(event) != ECOAUTH_EVENT_CLOSED);
  ecoauth_event_free(event);
  CHECK_NUMBER(2, completed);
  CHECK_EXPLAINED(ECOAUTH_ERROR_CLOSED, ecoauth_client_next_event(client, LONG_MS, &event, &error), error);
  CHECK(event == NULL);
  int64_t before_ms = now_ms();
  ecoauth_client_free(client);
  CHECK(now_ms() - before_ms < 1000);
  ecoauth_account_close(account);
}

static void callbacks_do_not_go_with_polling(void) {
  struct seen seen = {0};
  for (int which = 0; which < 3; ++which) {
    static const char* const names[] = {"pin", "event", "log"};
    ecoauth_options* options = offline_options(ECOAUTH_DISPATCH_POLL);
    ecoauth_client* client = NULL;
    ecoauth_error* error = NULL;
    if (which == 0) CHECK_RESULT(ECOAUTH_OK, ecoauth_options_set_pin_callback(options, on_pin, &seen, NULL));
    if (which == 1) CHECK_RESULT(ECOAUTH_OK, ecoauth_options_set_event_callback(options, on_event, &seen, NULL));
    if (which == 2) CHECK_RESULT(ECOAUTH_OK, ecoauth_options_set_log_callback(options, 1, on_log, &seen, NULL));
    CHECK_RESULT(ECOAUTH_ERROR_INVALID_ARGUMENT, ecoauth_client_new(options, &client, &error));
    CHECK(client == NULL);
    CHECK(strstr(ecoauth_error_message(error), names[which]) != NULL);
    CHECK(strstr(ecoauth_error_message(error), "ECOAUTH_DISPATCH_POLL") != NULL);
    ecoauth_error_free(error);
  }
}

int main(int argc, char** argv) {
  static const struct test_case cases[] = {
      {"worker mode", worker_mode},
      {"pins and lines without a callback of their own", pins_and_lines_without_a_callback_of_their_own},
      {"log callback", log_callback},
      {"caller mode", caller_mode},
      {"poll mode", poll_mode},
      {"completions carry what was asked for", completions_carry_what_was_asked_for},
      {"what is kept and what is not", what_is_kept_and_what_is_not},
      {"closed comes last", closed_comes_last},
      {"callbacks do not go with polling", callbacks_do_not_go_with_polling},
  };
  return RUN_CASES(argc, argv, cases);
}
