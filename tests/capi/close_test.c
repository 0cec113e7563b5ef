/* The end of a client: handles in any order, values that outlive it, everything answers CLOSED. */
#include <string.h>

#include "capi_test.h"
#include "fixture.h"

int closed_calls(struct fixture* f);

static void every_call_of_an_account(void) {
  struct fixture f;
  CHECK_NUMBER(0, fixture_open(&f));
  ecoauth_client_free(f.client);
  before("all functions", "a client that is gone");
  CHECK_NUMBER(0, closed_calls(&f));
  ecoauth_account_close(f.account);
  ecoauth_client_free(f.caller);
}

/* A client and two handles on one account and one on another, ended in every order and used in between. */
static void every_order(void) {
  int order[4] = {0, 1, 2, 3};
  for (int permutation = 0; permutation < 24; ++permutation) {
    ecoauth_client* client = client_of(offline_options(ECOAUTH_DISPATCH_POLL));
    ecoauth_account* accounts[3] = {account_of(client), account_of(client), NULL};
    bool alive = true;
    CHECK_RESULT(ECOAUTH_OK, ecoauth_account_open(client, "another", &accounts[2], NULL));
    int rest[4], code = permutation;
    memcpy(rest, order, sizeof rest);
    for (int left = 4; left > 0; --left) {
      const int at = code % left, who = rest[at];
      code /= left;
      rest[at] = rest[left - 1];
      if (who == 3) {
        ecoauth_client_free(client);
        alive = false;
      } else {
        ecoauth_account_close(accounts[who]);
        accounts[who] = NULL;
      }
      for (int i = 0; i < 3; ++i) {
        if (!accounts[i]) continue;
        int64_t operation = 0;
        CHECK_RESULT(alive ? ECOAUTH_OK : ECOAUTH_ERROR_CLOSED,
                     ecoauth_account_get_token_start(accounts[i], 0, &operation, NULL));
        CHECK_NUMBER(alive ? 0 : ECOAUTH_ERROR_CLOSED, ecoauth_account_generation(accounts[i]));
      }
    }
  }
}

static void the_client_after_its_end(void) {
  ecoauth_client* client = client_of(offline_options(ECOAUTH_DISPATCH_POLL));
  ecoauth_account *account = account_of(client), *late = NULL;
  ecoauth_error* error = NULL;
  ecoauth_event* event = NULL;
  ecoauth_account_list* accounts = NULL;
  CHECK_RESULT(ECOAUTH_OK, ecoauth_client_close_start(client, NULL));
  CHECK_EXPLAINED(ECOAUTH_ERROR_CLOSED, ecoauth_account_open(client, "late", &late, &error), error);
  CHECK_EXPLAINED(ECOAUTH_ERROR_CLOSED, ecoauth_client_quiesce(client, 0, &error), error);
  CHECK_EXPLAINED(ECOAUTH_ERROR_CLOSED, ecoauth_client_accounts(client, 0, &accounts, &error), error);
  CHECK_RESULT(ECOAUTH_ERROR_CLOSED, ecoauth_client_cancel(client, 1));
  ecoauth_event_free(await_event(client, ECOAUTH_EVENT_CLOSED));
  CHECK_EXPLAINED(ECOAUTH_ERROR_CLOSED, ecoauth_client_next_event(client, ECOAUTH_WAIT_FOREVER, &event, &error), error);
  CHECK_EXPLAINED(ECOAUTH_ALREADY_DONE, ecoauth_client_close_start(client, &error), error);
  CHECK(late == NULL && event == NULL);
  ecoauth_account_close(account);
  ecoauth_client_free(client);
}

/* Operations under way end once, with what came of them or with CANCELLED. */
static void with_operations_under_way(void) {
  ecoauth_options* options = authorized_options(ECOAUTH_DISPATCH_POLL);
  CHECK_RESULT(ECOAUTH_OK, ecoauth_options_set_shutdown_timeout_ms(options, 100));
  ecoauth_client* client = client_of(options);
  ecoauth_account *account = account_of(client), *other = NULL;
  int64_t operations[3] = {0}, before_ms;
  int completed = 0;
  CHECK_RESULT(ECOAUTH_OK, ecoauth_account_open(client, "another", &other, NULL));
  CHECK_RESULT(ECOAUTH_OK, ecoauth_account_wait(account, 0, LONG_MS, NULL));
  sandbox_control(test_sandbox(), "fault", "name=delay&ms=10000&at=api");
  CHECK_RESULT(ECOAUTH_OK,
               ecoauth_account_request_start(account, "GET", "/1/thermostat", NULL, 0, NULL, &operations[0], NULL));
  sandbox_await_requests(test_sandbox(), "api", 1);
  CHECK_RESULT(ECOAUTH_OK, ecoauth_account_wait_start(account, INT64_MAX, &operations[1], NULL));
  CHECK_RESULT(ECOAUTH_OK, ecoauth_account_authorize_pin_start(other, &operations[2], NULL));
  before_ms = now_ms();
  CHECK_RESULT(ECOAUTH_OK, ecoauth_client_close_start(client, NULL));
  for (;;) {
    ecoauth_event* event = NULL;
    CHECK_RESULT(ECOAUTH_OK, ecoauth_client_next_event(client, LONG_MS, &event, NULL));
    const int32_t kind = ecoauth_event_kind(event);
    const int64_t operation = ecoauth_event_operation(event);
    if (kind == ECOAUTH_EVENT_COMPLETED) {
      ++completed;
      if (operation != operations[1]) CHECK_RESULT(ECOAUTH_ERROR_CANCELLED, ecoauth_event_result(event));
    }
    ecoauth_event_free(event);
    if (kind == ECOAUTH_EVENT_CLOSED) break;
  }
  CHECK_NUMBER(3, completed);
  CHECK(now_ms() - before_ms < 8000);
  ecoauth_account_close(account);
  ecoauth_account_close(other);
  ecoauth_client_free(client);
}

static void values_outlive_everything(void) {
  ecoauth_client* client = client_of(authorized_options(ECOAUTH_DISPATCH_POLL));
  ecoauth_account* account = account_of(client);
  ecoauth_token* token = NULL;
  ecoauth_response* response = NULL;
  ecoauth_status* status = NULL;
  ecoauth_error* error = NULL;
  int64_t operation = 0;
  char copy[20000];
  CHECK_RESULT(ECOAUTH_OK, ecoauth_account_get_token(account, 0, LONG_MS, &token, NULL));
  CHECK_RESULT(ECOAUTH_OK, ecoauth_account_copy_token(account, copy, sizeof copy, NULL, NULL));
  CHECK_RESULT(ECOAUTH_OK,
               ecoauth_account_request(account, "GET", "/1/thermostat", NULL, 0, NULL, LONG_MS, &response, NULL));
  CHECK_RESULT(ECOAUTH_OK, ecoauth_account_status(account, &status, NULL));
  CHECK_RESULT(ECOAUTH_ERROR_WRONG_STATE, ecoauth_account_check_now(account, &error));
  CHECK_RESULT(ECOAUTH_OK, ecoauth_account_get_token_start(account, 0, &operation, NULL));
  ecoauth_event* event = await_completed(client, operation);
  ecoauth_account_close(account);
  ecoauth_client_free(client);
  CHECK_TEXT(copy, ecoauth_token_access_token(token));
  CHECK_TEXT(copy, ecoauth_token_access_token(ecoauth_event_token(event)));
  CHECK(strstr(ecoauth_response_body(response), "thermostatList") != NULL);
  CHECK_TEXT(test_sandbox()->url, ecoauth_status_origin(status));
  CHECK_NUMBER(ECOAUTH_GRANT_ACTIVE, ecoauth_status_grant_state(status));
  CHECK_NUMBER(1, ecoauth_status_scope_satisfied(status));
  CHECK(ecoauth_status_token_valid_ms(status) > 0 && ecoauth_status_token_age_ms(status) >= 0);
  CHECK_RESULT(ECOAUTH_ERROR_WRONG_STATE, ecoauth_error_code(error));
  ecoauth_token_free(token);
  ecoauth_event_free(event);
  ecoauth_response_free(response);
  ecoauth_status_free(status);
  ecoauth_error_free(error);
}

static void copies_of_the_token(void) {
  ecoauth_client* client = client_of(authorized_options(ECOAUTH_DISPATCH_POLL));
  ecoauth_account* account = account_of(client);
  ecoauth_token* token = NULL;
  char text[20000], header[20000], small[4] = "abc";
  size_t text_bytes = 0, header_bytes = 0, needed = 0;
  int64_t generation = 0;
  CHECK_RESULT(ECOAUTH_OK, ecoauth_account_get_token(account, 0, LONG_MS, &token, NULL));
  CHECK_RESULT(ECOAUTH_OK, ecoauth_account_copy_token(account, text, sizeof text, &text_bytes, &generation));
  CHECK_RESULT(ECOAUTH_OK, ecoauth_account_authorization_header(account, header, sizeof header, &header_bytes, NULL));
  CHECK_TEXT(ecoauth_token_access_token(token), text);
  CHECK_TEXT(ecoauth_token_authorization_header(token), header);
  CHECK_NUMBER(strlen(text) + 1, text_bytes);
  CHECK_NUMBER(strlen(header) + 1, header_bytes);
  CHECK_NUMBER(1, generation);
  CHECK_NUMBER(1, ecoauth_account_generation(account));
  memset(text, '#', sizeof text);
  CHECK_RESULT(ECOAUTH_OK, ecoauth_account_copy_token(account, text, text_bytes, NULL, NULL)); /* just enough */
  CHECK(text[text_bytes] == '#');
  memset(text, '#', sizeof text);
  CHECK_RESULT(ECOAUTH_ERROR_BUFFER_TOO_SMALL,
               ecoauth_account_copy_token(account, text, text_bytes - 1, &needed, NULL));
  CHECK(text[text_bytes - 1] == '#');
  CHECK_NUMBER(text_bytes, needed);
  CHECK_RESULT(ECOAUTH_ERROR_BUFFER_TOO_SMALL, ecoauth_account_copy_token(account, small, 0, &needed, NULL));
  CHECK_TEXT("abc", small);
  needed = 0;
  CHECK_RESULT(ECOAUTH_ERROR_BUFFER_TOO_SMALL, ecoauth_account_authorization_header(account, NULL, 0, &needed, NULL));
  CHECK_NUMBER(header_bytes, needed);
  ecoauth_token_free(token);
  ecoauth_account_close(account);
  ecoauth_client_free(client);
}

int main(int argc, char** argv) {
  static const struct test_case cases[] = {
      {"every call of an account", every_call_of_an_account},
      {"every order", every_order},
      {"the client after its end", the_client_after_its_end},
      {"with operations under way", with_operations_under_way},
      {"values outlive everything", values_outlive_everything},
      {"copies of the token", copies_of_the_token},
  };
  return RUN_CASES(argc, argv, cases);
}
