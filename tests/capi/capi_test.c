#include "capi_test.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static const char* given_program;
static struct sandbox the_sandbox;
static struct records authorized_records;
static const char* current_case = "";

void check_failed(const char* file, int line, const char* what) {
  fprintf(stderr, "%s:%d: in \"%s\": %s\n", file, line, current_case, what);
  _exit(1); /* not exit(): workers may be in any state */
}

void check_number(const char* file, int line, const char* what, int64_t expected, int64_t actual) {
  char message[512];
  if (expected == actual) return;
  snprintf(message, sizeof message, "%s is %lld, expected %lld", what, (long long)actual, (long long)expected);
  check_failed(file, line, message);
}

void check_result(const char* file, int line, const char* what, int32_t expected, int32_t actual) {
  char message[512];
  if (expected == actual) return;
  snprintf(message, sizeof message, "%s is %s (%d), expected %s (%d)", what, ecoauth_result_name(actual), actual,
           ecoauth_result_name(expected), expected);
  check_failed(file, line, message);
}

void check_text(const char* file, int line, const char* what, const char* expected, const char* actual) {
  char message[1024];
  if (actual && strcmp(expected, actual) == 0) return;
  snprintf(message, sizeof message, "%s is \"%s\", expected \"%s\"", what, actual ? actual : "(NULL)", expected);
  check_failed(file, line, message);
}

void check_explained(const char* file, int line, const char* what, int32_t expected, int32_t actual,
                     ecoauth_error** error) {
  if (actual != expected && *error) fprintf(stderr, "%s\n", ecoauth_error_message(*error));
  check_result(file, line, what, expected, actual);
  if (expected >= 0 && *error) check_failed(file, line, "success comes with an error object");
  if (expected < 0 && !*error) check_failed(file, line, "failure comes without an error object");
  if (*error) {
    check_result(file, line, "code of the error", expected, ecoauth_error_code(*error));
    if (!*ecoauth_error_message(*error)) check_failed(file, line, "the error does not say what happened");
    if (!*ecoauth_error_advice(*error)) check_failed(file, line, "the error does not say what to do");
  }
  ecoauth_error_free(*error);
  *error = NULL;
}

int run_cases(int argc, char** argv, const struct test_case* cases, size_t count) {
  size_t ran = 0;
  alarm(150); /* what hangs is a failure too */
  if (argc > 1) given_program = argv[1];
  for (size_t i = 0; i < count; ++i) {
    bool wanted = argc < 3;
    for (int argument = 2; argument < argc; ++argument) wanted |= strcmp(argv[argument], cases[i].name) == 0;
    if (!wanted) continue;
    current_case = cases[i].name;
    printf("%s\n", current_case);
    fflush(stdout);
    if (the_sandbox.process > 0) {
      sandbox_delete(&the_sandbox, "fault");
      sandbox_delete(&the_sandbox, "log");
    }
    cases[i].run();
    ++ran;
  }
  sandbox_stop(&the_sandbox);
  records_clear(&authorized_records);
  printf("%zu cases passed\n", ran);
  return ran > 0 ? 0 : 1;
}

const char* sandbox_program(void) {
  if (!given_program) check_failed(__FILE__, __LINE__, "the first argument names no sandbox program");
  return given_program;
}

const struct sandbox* test_sandbox(void) {
  static const char* const arguments[] = {"--auto-approve", "0", "--interval", "1", "--keep-old-access", NULL};
  if (the_sandbox.process == 0) sandbox_start(&the_sandbox, sandbox_program(), arguments);
  return &the_sandbox;
}

static ecoauth_options* options_for(const char* url, int32_t dispatch, ecoauth_store* store) {
  ecoauth_options* options = ecoauth_options_new();
  CHECK(options != NULL);
  CHECK_RESULT(ECOAUTH_OK, ecoauth_options_set_client_id(options, TEST_CLIENT_ID));
  CHECK_RESULT(ECOAUTH_OK, ecoauth_options_set_base_url(options, url));
  CHECK_RESULT(ECOAUTH_OK, ecoauth_options_set_store(options, store));
  CHECK_RESULT(ECOAUTH_OK, ecoauth_options_set_dispatch(options, dispatch));
  CHECK_RESULT(ECOAUTH_OK, ecoauth_options_set_shutdown_timeout_ms(options, 3000));
  return options;
}

ecoauth_options* sandbox_options(int32_t dispatch) {
  return options_for(test_sandbox()->url, dispatch, ecoauth_store_new_memory());
}

ecoauth_options* offline_options(int32_t dispatch) {
  return options_for("http://127.0.0.1:1", dispatch, ecoauth_store_new_memory());
}

ecoauth_client* client_of(ecoauth_options* options) {
  ecoauth_client* client = NULL;
  ecoauth_error* error = NULL;
  CHECK_EXPLAINED(ECOAUTH_OK, ecoauth_client_new(options, &client, &error), error);
  CHECK(client != NULL);
  return client;
}

ecoauth_account* account_of(ecoauth_client* client) {
  ecoauth_account* account = NULL;
  ecoauth_error* error = NULL;
  CHECK_EXPLAINED(ECOAUTH_OK, ecoauth_account_open(client, NULL, &account, &error), error);
  CHECK(account != NULL);
  return account;
}

static struct records* authorized(void) {
  if (records_count(&authorized_records) == 0) {
    ecoauth_error* error = NULL;
    ecoauth_client* client =
        client_of(options_for(test_sandbox()->url, ECOAUTH_DISPATCH_POLL, records_store(&authorized_records, false)));
    ecoauth_account* account = account_of(client);
    CHECK_EXPLAINED(ECOAUTH_OK, ecoauth_account_authorize_pin(account, LONG_MS, &error), error);
    ecoauth_account_close(account);
    ecoauth_client_free(client);
    sandbox_delete(test_sandbox(), "log");
  }
  return &authorized_records;
}

ecoauth_store* authorized_store(void) { return records_store(authorized(), true); }

void authorize_records(struct records* records) { records_copy(authorized(), records); }

ecoauth_options* authorized_options(int32_t dispatch) {
  ecoauth_store* store = authorized_store();
  return options_for(test_sandbox()->url, dispatch, store);
}

ecoauth_event* await_event(ecoauth_client* client, int32_t kind) {
  for (;;) {
    ecoauth_event* event = NULL;
    ecoauth_error* error = NULL;
    CHECK_EXPLAINED(ECOAUTH_OK, ecoauth_client_next_event(client, LONG_MS, &event, &error), error);
    if (ecoauth_event_kind(event) == kind) return event;
    ecoauth_event_free(event);
  }
}

ecoauth_event* await_completed(ecoauth_client* client, int64_t operation) {
  for (;;) {
    ecoauth_event* event = await_event(client, ECOAUTH_EVENT_COMPLETED);
    if (ecoauth_event_operation(event) == operation) return event;
    ecoauth_event_free(event);
  }
}

int64_t now_ms(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void sleep_ms(int64_t ms) {
  struct timespec time = {ms / 1000, ms % 1000 * 1000000};
  nanosleep(&time, NULL);
}

void add_one(int* counter) { __atomic_add_fetch(counter, 1, __ATOMIC_SEQ_CST); }

int read_count(const int* counter) { return __atomic_load_n(counter, __ATOMIC_SEQ_CST); }

void await_count(const int* counter, int value) {
  int64_t end_ms = now_ms() + LONG_MS;
  while (read_count(counter) < value) {
    if (now_ms() > end_ms) check_number(__FILE__, __LINE__, "a counter", value, read_count(counter));
    sleep_ms(2);
  }
}
