/* Inside a callback what may wait is refused, never a deadlock; everything else works. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "capi_test.h"

struct host {
  ecoauth_client* client;
  ecoauth_account* account;
  int begun, tried, ended;
};

#define REFUSED(call) CHECK_EXPLAINED(ECOAUTH_ERROR_REENTRANT, call, error)

static void try_what_waits(const struct host* host) {
  ecoauth_error* error = NULL;
  ecoauth_token* token = NULL;
  ecoauth_response* response = NULL;
  ecoauth_event* event = NULL;
  ecoauth_account_list* accounts = NULL;
  ecoauth_account* account = host->account;
  char buffer[16];
  REFUSED(ecoauth_account_authorize_pin(account, 0, &error));
  REFUSED(
      ecoauth_account_authorize_url(account, ECOAUTH_FLOW_CODE, "https://me.example/", 0, buffer, 16, NULL, &error));
  REFUSED(ecoauth_account_complete_redirect(account, "https://me.example/?code=c", 0, &error));
  REFUSED(ecoauth_account_get_token(account, 0, 0, &token, &error));
  REFUSED(ecoauth_account_get_token(account, 0, ECOAUTH_WAIT_FOREVER, &token, &error));
  REFUSED(ecoauth_account_refresh(account, LONG_MS, &error));
  REFUSED(ecoauth_account_request(account, "GET", "/1/thermostat", NULL, 0, NULL, 0, &response, &error));
  REFUSED(ecoauth_account_import(account, "refresh-token", 0, &error));
  REFUSED(ecoauth_account_sign_out(account, 0, &error));
  REFUSED(ecoauth_account_wait(account, 0, 0, &error));
  REFUSED(ecoauth_client_quiesce(host->client, 0, &error));
  REFUSED(ecoauth_client_dispatch(host->client, 0, &error));
  REFUSED(ecoauth_client_next_event(host->client, 0, &event, &error));
  REFUSED(ecoauth_client_accounts(host->client, 0, &accounts, &error));
  CHECK(token == NULL && response == NULL && event == NULL && accounts == NULL);
}

static void try_what_does_not_wait(const struct host* host) {
  const char* const done[] = {ecoauth_version_string(), ecoauth_runtime_info("openssl")};
  ecoauth_error* error = NULL;
  ecoauth_account* account = NULL;
  ecoauth_status* status = NULL;
  ecoauth_client* other = NULL;
  int64_t operation = 0;
  int32_t fd = -1;
  char buffer[16];
  CHECK(done[0] && done[1]);
  CHECK_EXPLAINED(ECOAUTH_OK, ecoauth_account_open(host->client, "another", &account, &error), error);
  CHECK_EXPLAINED(ECOAUTH_OK, ecoauth_account_wait_start(account, INT64_MAX - 1, &operation, &error), error);
  int32_t cancelled = ecoauth_client_cancel(host->client, operation);
  CHECK(cancelled == ECOAUTH_OK || cancelled == ECOAUTH_ERROR_NOT_FOUND);
  CHECK_EXPLAINED(ECOAUTH_OK, ecoauth_account_get_token_start(account, 0, &operation, &error), error);
  CHECK_EXPLAINED(ECOAUTH_OK, ecoauth_account_refresh_start(account, &operation, &error), error);
  CHECK_EXPLAINED(ECOAUTH_OK, ecoauth_account_sign_out_start(account, &operation, &error), error);
  CHECK_EXPLAINED(ECOAUTH_OK, ecoauth_account_import_start(account, "token", &operation, &error), error);
  CHECK_EXPLAINED(
      ECOAUTH_OK,
      ecoauth_account_authorize_url_start(account, ECOAUTH_FLOW_CODE, "http://127.0.0.1:1/", &operation, &error),
      error);
  CHECK_EXPLAINED(
      ECOAUTH_OK,
      ecoauth_account_complete_redirect_start(account, "http://127.0.0.1:1/?code=c&state=s", &operation, &error),
      error);
  CHECK_EXPLAINED(ECOAUTH_OK,
                  ecoauth_account_request_start(account, "GET", "/1/thermostat", NULL, 0, NULL, &operation, &error),
                  error);
  CHECK_EXPLAINED(ECOAUTH_ERROR_WRONG_STATE, ecoauth_account_check_now(account, &error), error);
  CHECK_EXPLAINED(ECOAUTH_OK, ecoauth_account_status(host->account, &status, &error), error);
  CHECK_TEXT("default", ecoauth_status_account_key(status));
  ecoauth_status_free(status);
  CHECK(ecoauth_account_generation(host->account) >= 0);
  int32_t copied = ecoauth_account_copy_token(host->account, buffer, sizeof buffer, NULL, NULL);
  CHECK(copied == ECOAUTH_ERROR_NOT_FOUND || copied == ECOAUTH_ERROR_BUFFER_TOO_SMALL);
  ecoauth_error* last = NULL;
  int32_t remembered = ecoauth_account_last_error(host->account, &last);
  CHECK(remembered == ECOAUTH_OK || remembered == ECOAUTH_ERROR_NOT_FOUND);
  ecoauth_error_free(last);
  CHECK_EXPLAINED(ECOAUTH_OK, ecoauth_client_wakeup_fd(host->client, &fd, &error), error);
  close(fd);
  CHECK_EXPLAINED(ECOAUTH_OK, ecoauth_client_new(offline_options(ECOAUTH_DISPATCH_POLL), &other, &error), error);
  ecoauth_client_free(other);
  ecoauth_account_close(account);
}

static void try_once(struct host* host, bool everything) {
  if (!host->client || __atomic_exchange_n(&host->begun, 1, __ATOMIC_SEQ_CST)) return;
  try_what_waits(host);
  if (everything) try_what_does_not_wait(host);
  add_one(&host->tried);
}

static void on_pin(void* user_data, const char* key, const char* pin, const char* url, int64_t remaining_ms) {
  (void)key, (void)pin, (void)url, (void)remaining_ms;
  try_once(user_data, true);
}

static void on_event(void* user_data, const ecoauth_event* event) {
  CHECK(ecoauth_event_kind(event) > 0);
  try_once(user_data, true);
}

static void on_log(void* user_data, int32_t level, const char* line) {
  (void)level, (void)line;
  try_once(user_data, true);
}

static void on_wakeup(void* user_data) { try_once(user_data, false); }

static void on_end(void* user_data) { try_once(user_data, true); }

/* A client with one callback, used until that has tried everything. */
static void try_inside(void (*give)(ecoauth_options*, struct host*), int32_t dispatch, bool authorize) {
  struct host host = {0};
  int64_t operation = 0;
  ecoauth_options* options = authorize ? sandbox_options(dispatch) : offline_options(dispatch);
  give(options, &host);
  ecoauth_client* client = client_of(options);
  host.account = account_of(client);
  host.client = client;
  CHECK_RESULT(ECOAUTH_OK, authorize ? ecoauth_account_authorize_pin_start(host.account, &operation, NULL)
                                     : ecoauth_account_get_token_start(host.account, 0, &operation, NULL));
  int64_t end_ms = now_ms() + LONG_MS;
  while (read_count(&host.tried) == 0) {
    CHECK(now_ms() < end_ms);
    if (dispatch == ECOAUTH_DISPATCH_CALLER)
      CHECK(ecoauth_client_dispatch(client, 20, NULL) >= 0);
    else
      sleep_ms(2);
  }
  /* Outside again, the same thread may wait. */
  CHECK_RESULT(ECOAUTH_OK, ecoauth_account_wait(host.account, 0, LONG_MS, NULL));
  ecoauth_account_close(host.account);
  ecoauth_client_free(client);
}

static void give_pin(ecoauth_options* options, struct host* host) {
  CHECK_RESULT(ECOAUTH_OK, ecoauth_options_set_pin_callback(options, on_pin, host, NULL));
}

static void give_event(ecoauth_options* options, struct host* host) {
  CHECK_RESULT(ECOAUTH_OK, ecoauth_options_set_event_callback(options, on_event, host, NULL));
}

static void give_log(ecoauth_options* options, struct host* host) {
  CHECK_RESULT(ECOAUTH_OK, ecoauth_options_set_log_callback(options, ECOAUTH_LOG_TRACE, on_log, host, NULL));
}

static void give_wakeup(ecoauth_options* options, struct host* host) {
  CHECK_RESULT(ECOAUTH_OK, ecoauth_options_set_wakeup_callback(options, on_wakeup, host, NULL));
}

static int32_t load(void* user_data, const char* key, ecoauth_blob* out) {
  (void)key, (void)out;
  try_once(user_data, true);
  return ECOAUTH_STORE_NOT_FOUND;
}

static int32_t save(void* user_data, const char* key, int64_t expected_seq, const void* data, size_t size_bytes,
                    int64_t new_seq) {
  (void)user_data, (void)key, (void)expected_seq, (void)data, (void)size_bytes, (void)new_seq;
  return ECOAUTH_STORE_OK;
}

static int32_t erase(void* user_data, const char* key) {
  (void)user_data, (void)key;
  return ECOAUTH_STORE_OK;
}

static void give_store(ecoauth_options* options, struct host* host) {
  CHECK_RESULT(ECOAUTH_OK, ecoauth_options_set_store(
                               options, ecoauth_store_new_callbacks(host, NULL, load, save, erase, NULL, NULL, NULL)));
}

static void pin_callback(void) {
  try_inside(give_pin, ECOAUTH_DISPATCH_WORKER, true);
  try_inside(give_pin, ECOAUTH_DISPATCH_CALLER, true);
}

static void event_callback(void) {
  try_inside(give_event, ECOAUTH_DISPATCH_WORKER, false);
  try_inside(give_event, ECOAUTH_DISPATCH_CALLER, false);
}

static void log_callback(void) {
  try_inside(give_log, ECOAUTH_DISPATCH_WORKER, false);
  try_inside(give_log, ECOAUTH_DISPATCH_CALLER, false);
}

static void wakeup_callback(void) { try_inside(give_wakeup, ECOAUTH_DISPATCH_CALLER, false); }

static void store_callback(void) {
  try_inside(give_store, ECOAUTH_DISPATCH_WORKER, false);
  try_inside(give_store, ECOAUTH_DISPATCH_CALLER, false);
}

static void finalizer(void) {
  struct host host = {0};
  host.client = client_of(offline_options(ECOAUTH_DISPATCH_CALLER));
  host.account = account_of(host.client);
  ecoauth_options* options = offline_options(ECOAUTH_DISPATCH_CALLER);
  CHECK_RESULT(ECOAUTH_OK, ecoauth_options_set_event_callback(options, on_event, &host, on_end));
  ecoauth_options_free(options);
  CHECK_NUMBER(1, host.tried);
  ecoauth_account_close(host.account);
  ecoauth_client_free(host.client);
}

/* Closing and freeing inside a callback return at once and happen behind it. */
static void close_and_free(void* user_data, const ecoauth_event* event) {
  struct host* host = user_data;
  if (ecoauth_event_kind(event) != ECOAUTH_EVENT_COMPLETED || !host->client) return;
  ecoauth_client* client = host->client;
  host->client = NULL;
  CHECK_RESULT(ECOAUTH_OK, ecoauth_client_close_start(client, NULL));
  CHECK_RESULT(ECOAUTH_ALREADY_DONE, ecoauth_client_close_start(client, NULL));
  ecoauth_client_free(client);
  ecoauth_account_close(host->account);
  add_one(&host->tried);
}

static void end_host(void* user_data) { add_one(&((struct host*)user_data)->ended); }

static void count_call(void* user_data) { add_one(user_data); }

static void end_wakeup(void* user_data) { __atomic_store_n((int*)user_data, -1, __ATOMIC_SEQ_CST); }

static void closing_and_freeing(void) {
  for (int32_t dispatch = ECOAUTH_DISPATCH_WORKER; dispatch <= ECOAUTH_DISPATCH_CALLER; ++dispatch) {
    struct host host = {0};
    int woken = 0;
    int64_t operation = 0;
    ecoauth_options* options = offline_options(dispatch);
    CHECK_RESULT(ECOAUTH_OK, ecoauth_options_set_event_callback(options, close_and_free, &host, end_host));
    CHECK_RESULT(ECOAUTH_OK, ecoauth_options_set_wakeup_callback(options, count_call, &woken, end_wakeup));
    ecoauth_client* client = client_of(options);
    host.account = account_of(client);
    host.client = client;
    CHECK_RESULT(ECOAUTH_OK, ecoauth_account_get_token_start(host.account, 0, &operation, NULL));
    while (dispatch == ECOAUTH_DISPATCH_CALLER && host.tried == 0) ecoauth_client_dispatch(client, LONG_MS, NULL);
    await_count(&host.tried, 1);
    await_count(&host.ended, 1);
    while (read_count(&woken) >= 0) sleep_ms(2); /* until its finalizer: what it was called with lives here */
  }
}

int main(int argc, char** argv) {
  static const struct test_case cases[] = {
      {"pin callback", pin_callback},
      {"event callback", event_callback},
      {"log callback", log_callback},
      {"wakeup callback", wakeup_callback},
      {"store callback", store_callback},
      {"finalizer", finalizer},
      {"closing and freeing", closing_and_freeing},
  };
  return RUN_CASES(argc, argv, cases);
}
