/* Every row of the one table of answers, in every context it names, through the C interface: result, action, both
 * texts, when the next try comes, and that the stored grant is as it was. All rows run side by side, and time passes
 * faster (tests/faults/fast_clock.c), so that quarters of an hour are waited for, too. */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "capi_test.h"
#include "table_rows.h"
#include "table_server.h"

#define BACK "https://me.example/back"
/* Waiting for it means that something was lost. */
#define HOURS_MS 7200000

static int failures;
static pthread_mutex_t output = PTHREAD_MUTEX_INITIALIZER;

struct run {
  const struct row* row;
  struct peer* peer;
  struct records records;
  int listener, port;
  ecoauth_client* client;
  ecoauth_account* account;
};

static void complain(const struct run* run, const char* what, const char* expected, const char* actual) {
  pthread_mutex_lock(&output);
  fprintf(stderr, "%s (%s): %s: expected \"%s\", got \"%s\"\n", run->row->name, context_names[run->row->context], what,
          expected, actual);
  ++failures;
  pthread_mutex_unlock(&output);
}

static void expect_text(const struct run* run, const char* what, const char* expected, const char* actual) {
  if (strcmp(expected, actual) != 0) complain(run, what, expected, actual);
}

static void expect_between(const struct run* run, const char* what, int64_t low, int64_t high, int64_t actual) {
  char range[64], got[32];
  if (actual >= low && actual <= high) return;
  snprintf(range, sizeof range, "%lld to %lld", (long long)low, (long long)high);
  snprintf(got, sizeof got, "%lld", (long long)actual);
  complain(run, what, range, got);
}

static void skip_to_event(const struct run* run, int32_t kind) {
  int32_t seen = 0;
  while (seen != kind) {
    ecoauth_event* event = NULL;
    CHECK_RESULT(ECOAUTH_OK, ecoauth_client_next_event(run->client, HOURS_MS, &event, NULL));
    seen = ecoauth_event_kind(event);
    ecoauth_event_free(event);
  }
}

static void open_run(struct run* run) {
  char url[64];
  ecoauth_options* options = ecoauth_options_new();
  snprintf(url, sizeof url, "http://127.0.0.1:%d", run->port);
  pthread_mutex_init(&run->records.mutex, NULL);
  CHECK_RESULT(ECOAUTH_OK, ecoauth_options_set_client_id(options, run->peer->client_id));
  CHECK_RESULT(ECOAUTH_OK, ecoauth_options_set_base_url(options, url));
  CHECK_RESULT(ECOAUTH_OK, ecoauth_options_set_store(options, records_store(&run->records, false)));
  CHECK_RESULT(ECOAUTH_OK, ecoauth_options_set_dispatch(options, ECOAUTH_DISPATCH_POLL));
  CHECK_RESULT(ECOAUTH_OK, ecoauth_options_set_request_timeout_ms(options, 600000));
  CHECK_RESULT(ECOAUTH_OK, ecoauth_options_set_connect_timeout_ms(options, 600000));
  run->client = client_of(options);
  run->account = account_of(run->client);
}

/* The living grant beside which all happens. */
static void seed(struct run* run) {
  ecoauth_error* error = NULL;
  char token[64];
  snprintf(token, sizeof token, "rt-%s", run->peer->client_id);
  CHECK_EXPLAINED(ECOAUTH_OK, ecoauth_account_import(run->account, token, HOURS_MS, &error), error);
}

static int32_t show_pin(struct run* run) {
  int64_t operation = 0;
  ecoauth_event* event = NULL;
  CHECK_RESULT(ECOAUTH_OK, ecoauth_account_authorize_pin_start(run->account, &operation, NULL));
  do {
    ecoauth_event_free(event);
    CHECK_RESULT(ECOAUTH_OK, ecoauth_client_next_event(run->client, HOURS_MS, &event, NULL));
    if (ecoauth_event_kind(event) == ECOAUTH_EVENT_PIN)
      expect_text(run, "PIN", run->row->pin, ecoauth_event_pin(event));
  } while (ecoauth_event_kind(event) != ECOAUTH_EVENT_COMPLETED || ecoauth_event_operation(event) != operation);
  const int32_t result = ecoauth_event_result(event);
  ecoauth_event_free(event);
  return result;
}

/* What came of a refresh that was served: how long the token lives, and what is sent next time. */
static void check_token(struct run* run) {
  const struct row* row = run->row;
  ecoauth_status* status = NULL;
  if (row->valid_high_ms > 0) {
    CHECK_RESULT(ECOAUTH_OK, ecoauth_account_status(run->account, &status, NULL));
    expect_between(run, "life of the token", row->valid_low_ms, row->valid_high_ms,
                   ecoauth_status_token_valid_ms(status));
    ecoauth_status_free(status);
  }
  if (row->then_sends) {
    CHECK_RESULT(ECOAUTH_OK, ecoauth_account_refresh(run->account, HOURS_MS, NULL));
    if (!strstr(run->peer->request, row->then_sends)) complain(run, "request", row->then_sends, run->peer->request);
  }
}

/* The conversation of the row's context, up to its end or, for rows without one, until it has been asked often enough.
 */
static int32_t converse(struct run* run, ecoauth_error** error) {
  const struct row* row = run->row;
  char address[2048], back[2048];
  int32_t result = ECOAUTH_OK;
  switch (row->context) {
    case context_refresh:
      return ecoauth_account_refresh(run->account, HOURS_MS, error);
    case context_authorize:
      return ecoauth_account_authorize_pin(run->account, HOURS_MS, error);
    case context_poll: {
      int64_t operation = 0;
      if (row->pin) return show_pin(run);
      if (row->code != ECOAUTH_OK) return ecoauth_account_authorize_pin(run->account, HOURS_MS, error);
      CHECK_RESULT(ECOAUTH_OK, ecoauth_account_authorize_pin_start(run->account, &operation, NULL));
      while (peer_seen(run->peer) < row->requests) skip_to_event(run, ECOAUTH_EVENT_PROGRESS);
      CHECK_RESULT(ECOAUTH_OK, ecoauth_client_cancel(run->client, operation));
      return ECOAUTH_OK;
    }
    case context_exchange:
    case context_redirect:
      result = ecoauth_account_authorize_url(run->account, ECOAUTH_FLOW_CODE, BACK, HOURS_MS, address, sizeof address,
                                             NULL, error);
      if (result < 0) return result;
      snprintf(back, sizeof back, BACK "?%s&%s", row->context == context_exchange ? "code=c0de" : row->wire.body,
               strstr(address, "state="));
      return ecoauth_account_complete_redirect(run->account, back, HOURS_MS, error);
    case context_request: {
      ecoauth_response* response = NULL;
      result = ecoauth_account_request(run->account, "GET", "/1/thermostat", NULL, 0, NULL, HOURS_MS, &response, error);
      if (result >= 0)
        expect_between(run, "HTTP status", row->http_status, row->http_status, ecoauth_response_http_status(response));
      if (result >= 0)
        expect_between(run, "API status", row->api_status, row->api_status, ecoauth_response_api_status(response));
      ecoauth_response_free(response);
      return result;
    }
  }
  return result;
}

static void check_error(const struct run* run, const ecoauth_error* error) {
  const struct row* row = run->row;
  expect_text(run, "action", ecoauth_action_name(row->action), ecoauth_action_name(ecoauth_error_action(error)));
  expect_text(run, "what happened", row->message, ecoauth_error_message(error));
  expect_text(run, "what to do", row->advice, ecoauth_error_advice(error));
  expect_between(run, "next try", row->retry_low_ms, row->retry_high_ms, ecoauth_error_retry_after_ms(error));
  expect_between(run, "HTTP status", row->http_status, row->http_status, ecoauth_error_http_status(error));
}

static void check_requests(struct run* run) {
  const struct row* row = run->row;
  expect_between(run, "requests", row->requests, row->code == ECOAUTH_OK ? row->requests + 1 : row->requests,
                 peer_seen(run->peer));
  for (int i = 0; i + 1 < row->requests && row->gaps_s[i]; ++i)
    expect_between(run, "pause between requests", row->gaps_s[i] * 1000, row->gaps_s[i] * 1000 + 20000,
                   run->peer->seen_ms[i + 1] - run->peer->seen_ms[i]);
}

/* A refresh that fails is tried again by the library itself, until its verdict. */
static void check_verdict(struct run* run) {
  const struct row* row = run->row;
  ecoauth_status* status = NULL;
  ecoauth_error* error = NULL;
  if (row->context != context_refresh || row->state == 0) return;
  /* It would have time with a token that is still good. */
  CHECK_RESULT(ECOAUTH_OK, ecoauth_account_report_rejected(run->account, 1, NULL));
  do {
    skip_to_event(run, ECOAUTH_EVENT_STATE);
    ecoauth_status_free(status);
    CHECK_RESULT(ECOAUTH_OK, ecoauth_account_status(run->account, &status, NULL));
  } while (ecoauth_status_grant_state(status) != row->state ||
           (ecoauth_status_flags(status) & ECOAUTH_FLAG_REFRESHING));
  expect_text(run, "reason", row->reason, ecoauth_status_reason(status));
  expect_between(run, "the library's next try", row->later_ms - 120000, row->later_ms,
                 ecoauth_status_next_try_ms(status));
  ecoauth_status_free(status);
  CHECK_RESULT(ECOAUTH_OK, ecoauth_account_last_error(run->account, &error));
  expect_text(run, "verdict", row->reason, ecoauth_result_name(ecoauth_error_code(error)));
  ecoauth_error_free(error);
}

static void* run_row(void* given) {
  struct run* run = given;
  char before[16384], after[16384];
  ecoauth_error* error = NULL;
  run->listener = table_server_listen(&run->port);
  open_run(run);
  seed(run);
  if (run->row->unreachable) table_server_leave(run->listener);
  records_grants(&run->records, before, sizeof before);
  CHECK(strstr(before, "grant.candidate rt-") != NULL);
  peer_play(run->peer);
  const int32_t result = converse(run, &error);
  expect_text(run, "result", ecoauth_result_name(run->row->code), ecoauth_result_name(result));
  if (error) check_error(run, error);
  if (!error != (run->row->code >= 0)) complain(run, "error object", "", "");
  check_token(run);
  if (run->row->again_after_s) {
    ecoauth_error_free(error);
    sleep_ms(run->row->again_after_s * 1000);
    expect_text(run, "result later", ecoauth_result_name(run->row->again_code),
                ecoauth_result_name(converse(run, &error)));
    expect_text(run, "action later", ecoauth_action_name(run->row->again_action),
                ecoauth_action_name(ecoauth_error_action(error)));
  }
  check_verdict(run);
  check_requests(run);
  records_grants(&run->records, after, sizeof after);
  if (!run->row->grant_changes) expect_text(run, "the stored grant", before, after);
  ecoauth_error_free(error);
  ecoauth_account_close(run->account);
  ecoauth_client_free(run->client);
  if (!run->row->unreachable) table_server_leave(run->listener);
  records_clear(&run->records);
  return NULL;
}

int main(void) {
  struct peer* peers = calloc((size_t)row_count, sizeof *peers);
  struct run* runs = calloc((size_t)row_count, sizeof *runs);
  pthread_t* threads = calloc((size_t)row_count, sizeof *threads);
  alarm(150);
  for (int i = 0; i < row_count; ++i) {
    snprintf(peers[i].client_id, sizeof peers[i].client_id, "row%029d", i);
    peers[i].target = row_target(&rows[i]);
    peers[i].wire = &rows[i].wire;
    peers[i].times = rows[i].times;
    peers[i].pair = '@';
    peers[i].pin = rows[i].pin ? rows[i].pin : "ABCD-EFGH";
    runs[i].row = &rows[i];
    runs[i].peer = &peers[i];
  }
  table_server_know(peers, row_count);
  for (int i = 0; i < row_count; ++i) CHECK_NUMBER(0, pthread_create(&threads[i], NULL, run_row, &runs[i]));
  for (int i = 0; i < row_count; ++i) pthread_join(threads[i], NULL);
  printf("%d rows, %d failures\n", row_count, failures);
  free(peers);
  free(runs);
  free(threads);
  return failures == 0 ? 0 : 1;
}
