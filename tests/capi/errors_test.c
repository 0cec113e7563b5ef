/* Errors: the code, what happened, what to do for people and for programs, when, and the server's own words. */
#include <stdlib.h>
#include <string.h>

#include "capi_test.h"

#define REAUTHORIZE ECOAUTH_ACTION_REAUTHORIZE

/* An answer of the server to a refresh, and what becomes of it. */
struct answer {
  const char* fault;
  int32_t code, action;
  int32_t http_status;
  const char* oauth_error; /* "" when the server says none */
  int64_t least_retry_ms;  /* 0: none to wait for */
};

static void check_texts(const ecoauth_error* error) {
  const char* const texts[] = {ecoauth_error_message(error), ecoauth_error_advice(error)};
  for (int i = 0; i < 2; ++i) {
    CHECK(strlen(texts[i]) > 0 && strlen(texts[i]) < 600);
    CHECK(strchr(texts[i], '\n') == NULL);
    CHECK(strstr(texts[i], TEST_CLIENT_ID) == NULL);
  }
}

static void check_error(const struct answer* answer, int32_t result, const ecoauth_error* error) {
  CHECK_RESULT(answer->code, result);
  CHECK_RESULT(answer->code, ecoauth_error_code(error));
  CHECK_NUMBER(answer->action, ecoauth_error_action(error));
  CHECK_NUMBER(answer->http_status, ecoauth_error_http_status(error));
  CHECK_NUMBER(-1, ecoauth_error_api_status(error));
  CHECK_TEXT(answer->oauth_error, ecoauth_error_oauth_error(error));
  CHECK_TEXT(*answer->oauth_error ? "Injected by the sandbox." : "", ecoauth_error_oauth_description(error));
  CHECK(strlen(ecoauth_error_oauth_uri(error)) < 256);
  CHECK(ecoauth_error_retry_after_ms(error) >= answer->least_retry_ms);
  check_texts(error);
}

static void check_answer(const struct answer* answer) {
  ecoauth_client* client = client_of(authorized_options(ECOAUTH_DISPATCH_POLL));
  ecoauth_account* account = account_of(client);
  ecoauth_error *error = NULL, *last = NULL;
  CHECK_RESULT(ECOAUTH_ERROR_NOT_FOUND, ecoauth_account_last_error(account, &last));
  CHECK(last == NULL);
  sandbox_control(test_sandbox(), "fault", answer->fault);
  int32_t result = ecoauth_account_refresh(account, LONG_MS, &error);
  check_error(answer, result, error);
  /* The account remembers it. */
  CHECK_RESULT(ECOAUTH_OK, ecoauth_account_last_error(account, &last));
  CHECK_RESULT(answer->code, ecoauth_error_code(last));
  CHECK_TEXT(ecoauth_error_message(error), ecoauth_error_message(last));
  ecoauth_error_free(last);
  ecoauth_error_free(error);
  sandbox_delete(test_sandbox(), "fault");
  ecoauth_account_close(account);
  ecoauth_client_free(client);
}

static void refused_refreshes(void) {
  static const struct answer answers[] = {
      {"name=oauth_error&error=account_locked&count=-1", ECOAUTH_ERROR_ACCOUNT_LOCKED, ECOAUTH_ACTION_USER_ACTION, 400,
       "account_locked", 1700000},
      {"name=oauth_error&error=account_disabled&count=-1", ECOAUTH_ERROR_ACCOUNT_DISABLED, ECOAUTH_ACTION_USER_ACTION,
       400, "account_disabled", 1},
      {"name=oauth_error&error=unauthorized_client&status=401&count=-1", ECOAUTH_ERROR_UNAUTHORIZED_CLIENT,
       ECOAUTH_ACTION_USER_ACTION, 401, "unauthorized_client", 1},
      {"name=oauth_error&error=invalid_scope&count=-1", ECOAUTH_ERROR_SCOPE, ECOAUTH_ACTION_FIX_CONFIG, 400,
       "invalid_scope", 1},
      {"name=oauth_error&error=invalid_request&count=-1", ECOAUTH_ERROR_REJECTED, ECOAUTH_ACTION_BUG, 400,
       "invalid_request", 1},
      {"name=oauth_error&error=not_supported&count=-1", ECOAUTH_ERROR_REJECTED, ECOAUTH_ACTION_BUG, 400,
       "not_supported", 1},
      {"name=oauth_error&error=never_heard_of&status=418&count=-1", ECOAUTH_ERROR_SERVER, ECOAUTH_ACTION_RETRY, 418,
       "never_heard_of", 1},
      {"name=http_status&status=429&at=token&count=-1", ECOAUTH_ERROR_RATE_LIMITED, ECOAUTH_ACTION_RETRY, 429, "", 1},
  };
  for (size_t i = 0; i < sizeof answers / sizeof *answers; ++i) {
    printf("  %s\n", answers[i].fault);
    fflush(stdout);
    check_answer(&answers[i]);
  }
}

static void refused_authorizations(void) {
  static const struct answer answers[] = {
      {"name=oauth_error&error=unauthorized_client&at=authorize", ECOAUTH_ERROR_UNAUTHORIZED_CLIENT,
       ECOAUTH_ACTION_USER_ACTION, 400, "unauthorized_client", 0},
      {"name=oauth_error&error=invalid_scope&at=authorize", ECOAUTH_ERROR_SCOPE, ECOAUTH_ACTION_FIX_CONFIG, 400,
       "invalid_scope", 0},
      {"name=http_status&status=503&at=authorize", ECOAUTH_ERROR_SERVER, ECOAUTH_ACTION_RETRY, 503, "", 0},
      {"name=http_status&status=200&body=empty&at=authorize", ECOAUTH_ERROR_SERVER, ECOAUTH_ACTION_RETRY, 200, "", 0},
      {"name=reset&at=authorize", ECOAUTH_ERROR_NETWORK, ECOAUTH_ACTION_RETRY, 0, "", 0},
      {"name=truncate&bytes=20&at=authorize", ECOAUTH_ERROR_NETWORK, ECOAUTH_ACTION_RETRY, 200, "", 0},
  };
  for (size_t i = 0; i < sizeof answers / sizeof *answers; ++i) {
    ecoauth_client* client = client_of(sandbox_options(ECOAUTH_DISPATCH_POLL));
    ecoauth_account* account = account_of(client);
    ecoauth_error* error = NULL;
    printf("  %s\n", answers[i].fault);
    fflush(stdout);
    sandbox_control(test_sandbox(), "fault", answers[i].fault);
    int32_t result = ecoauth_account_authorize_pin(account, LONG_MS, &error);
    check_error(&answers[i], result, error);
    ecoauth_error_free(error);
    ecoauth_account_close(account);
    ecoauth_client_free(client);
  }
}

static void a_success_clears_the_last_error(void) {
  ecoauth_client* client = client_of(sandbox_options(ECOAUTH_DISPATCH_POLL));
  ecoauth_account* account = account_of(client);
  ecoauth_error* error = (ecoauth_error*)&error; /* whatever was there */
  sandbox_control(test_sandbox(), "fault", "name=http_status&status=503&at=authorize");
  CHECK_EXPLAINED(ECOAUTH_ERROR_SERVER, ecoauth_account_authorize_pin(account, LONG_MS, &error), error);
  CHECK_RESULT(ECOAUTH_OK, ecoauth_account_last_error(account, &error));
  CHECK_RESULT(ECOAUTH_ERROR_SERVER, ecoauth_error_code(error));
  ecoauth_error_free(error);
  CHECK_RESULT(ECOAUTH_OK, ecoauth_account_authorize_pin(account, LONG_MS, &error));
  CHECK(error == NULL);
  CHECK_RESULT(ECOAUTH_ERROR_NOT_FOUND, ecoauth_account_last_error(account, &error));
  CHECK(error == NULL);
  ecoauth_account_close(account);
  ecoauth_client_free(client);
}

static void without_a_grant(void) {
  ecoauth_client* client = client_of(sandbox_options(ECOAUTH_DISPATCH_POLL));
  ecoauth_account* account = account_of(client);
  ecoauth_error* error = NULL;
  ecoauth_token* token = NULL;
  ecoauth_response* response = NULL;
  char buffer[8];
  size_t needed = 7;
  int64_t generation = 7;
  CHECK_RESULT(ECOAUTH_ERROR_NEEDS_AUTHORIZATION, ecoauth_account_get_token(account, 0, LONG_MS, &token, &error));
  CHECK(token == NULL);
  CHECK_NUMBER(REAUTHORIZE, ecoauth_error_action(error));
  CHECK_NUMBER(0, ecoauth_error_http_status(error));
  CHECK_NUMBER(0, ecoauth_error_retry_after_ms(error));
  CHECK_TEXT("", ecoauth_error_oauth_error(error));
  check_texts(error);
  ecoauth_error_free(error);
  CHECK_EXPLAINED(ECOAUTH_ERROR_NEEDS_AUTHORIZATION, ecoauth_account_refresh(account, LONG_MS, &error), error);
  CHECK_EXPLAINED(ECOAUTH_ERROR_NEEDS_AUTHORIZATION,
                  ecoauth_account_request(account, "GET", "/1/thermostat", NULL, 0, NULL, LONG_MS, &response, &error),
                  error);
  CHECK(response == NULL);
  CHECK_EXPLAINED(ECOAUTH_ERROR_WRONG_STATE, ecoauth_account_check_now(account, &error), error);
  CHECK_EXPLAINED(ECOAUTH_ALREADY_DONE, ecoauth_account_sign_out(account, LONG_MS, &error), error);
  CHECK_EXPLAINED(ECOAUTH_ALREADY_DONE, ecoauth_account_report_rejected(account, 1, &error), error);
  CHECK_RESULT(ECOAUTH_ERROR_NOT_FOUND,
               ecoauth_account_copy_token(account, buffer, sizeof buffer, &needed, &generation));
  CHECK_NUMBER(0, ecoauth_account_generation(account));
  CHECK_NUMBER(0, sandbox_requests(test_sandbox(), "token"));
  ecoauth_account_close(account);
  ecoauth_client_free(client);
}

static void removed_by_the_user(void) {
  ecoauth_client* client = client_of(authorized_options(ECOAUTH_DISPATCH_POLL));
  ecoauth_account* account = account_of(client);
  ecoauth_error* error = NULL;
  ecoauth_response* response = NULL;
  CHECK_EXPLAINED(ECOAUTH_OK,
                  ecoauth_account_request(account, "GET", "/1/thermostat", NULL, 0, NULL, LONG_MS, &response, &error),
                  error);
  ecoauth_response_free(response);
  sandbox_control(test_sandbox(), "revoke", "client_id=" TEST_CLIENT_ID);
  CHECK_RESULT(ECOAUTH_ERROR_REVOKED,
               ecoauth_account_request(account, "GET", "/1/thermostat", NULL, 0, NULL, LONG_MS, &response, &error));
  CHECK(response == NULL);
  CHECK_NUMBER(REAUTHORIZE, ecoauth_error_action(error));
  CHECK_NUMBER(500, ecoauth_error_http_status(error));
  CHECK_NUMBER(16, ecoauth_error_api_status(error));
  CHECK(strstr(ecoauth_error_oauth_description(error), "deauthorized by user") != NULL);
  check_texts(error);
  ecoauth_error_free(error);
  ecoauth_account_close(account);
  ecoauth_client_free(client);
}

/* A sandbox that leaves the decision to the test. */
static void decided_pins(void) {
  static const char* const arguments[] = {"--interval", "1", "--expired-as", "authorization_expired", NULL};
  static const struct {
    const char *what, *form;
    int32_t code;
    const char* oauth_error;
  } decisions[] = {{"decline", "pin=", ECOAUTH_ERROR_DECLINED, "access_denied"},
                   {"expire", "what=pin", ECOAUTH_ERROR_PIN_EXPIRED, "authorization_expired"}};
  struct sandbox own;
  sandbox_start(&own, sandbox_program(), arguments);
  for (size_t i = 0; i < 2; ++i) {
    ecoauth_options* options = sandbox_options(ECOAUTH_DISPATCH_POLL);
    CHECK_RESULT(ECOAUTH_OK, ecoauth_options_set_base_url(options, own.url));
    ecoauth_client* client = client_of(options);
    ecoauth_account* account = account_of(client);
    int64_t operation = 0;
    char form[64];
    CHECK_RESULT(ECOAUTH_OK, ecoauth_account_authorize_pin_start(account, &operation, NULL));
    ecoauth_event* event = await_event(client, ECOAUTH_EVENT_PIN);
    snprintf(form, sizeof form, "%s%s", decisions[i].form, i == 0 ? ecoauth_event_pin(event) : "");
    ecoauth_event_free(event);
    sandbox_control(&own, decisions[i].what, form);
    event = await_completed(client, operation);
    const ecoauth_error* error = ecoauth_event_error(event);
    CHECK_RESULT(decisions[i].code, ecoauth_event_result(event));
    CHECK_RESULT(decisions[i].code, ecoauth_error_code(error));
    CHECK_NUMBER(REAUTHORIZE, ecoauth_error_action(error));
    CHECK_TEXT(decisions[i].oauth_error, ecoauth_error_oauth_error(error));
    check_texts(error);
    ecoauth_event_free(event);
    ecoauth_account_close(account);
    ecoauth_client_free(client);
  }
  sandbox_stop(&own);
}

static void nobody_answers(void) {
  ecoauth_client* client = client_of(offline_options(ECOAUTH_DISPATCH_POLL));
  ecoauth_account* account = account_of(client);
  ecoauth_error* error = NULL;
  CHECK_EXPLAINED(ECOAUTH_ERROR_NETWORK, ecoauth_account_authorize_pin(account, LONG_MS, &error), error);
  ecoauth_account_close(account);
  ecoauth_client_free(client);
}

static void names(void) {
  CHECK_TEXT("OK", ecoauth_result_name(ECOAUTH_OK));
  CHECK_TEXT("UNSAVED_BUT_USABLE", ecoauth_result_name(ECOAUTH_UNSAVED_BUT_USABLE));
  CHECK_TEXT("PIN_EXPIRED", ecoauth_result_name(ECOAUTH_ERROR_PIN_EXPIRED));
  CHECK_TEXT("UNKNOWN", ecoauth_result_name(INT32_MIN));
  CHECK_TEXT("UNKNOWN", ecoauth_result_name(INT32_MAX));
  CHECK_TEXT("REAUTHORIZE", ecoauth_action_name(ECOAUTH_ACTION_REAUTHORIZE));
  CHECK_TEXT("UNKNOWN", ecoauth_action_name(-1));
  CHECK_TEXT("UNKNOWN", ecoauth_action_name(8));
  CHECK_TEXT("SUSPECT", ecoauth_state_name(ECOAUTH_GRANT_SUSPECT));
  CHECK_TEXT("UNKNOWN", ecoauth_state_name(-1));
}

int main(int argc, char** argv) {
  static const struct test_case cases[] = {
      {"without a grant", without_a_grant},
      {"nobody answers", nobody_answers},
      {"refused refreshes", refused_refreshes},
      {"refused authorizations", refused_authorizations},
      {"a success clears the last error", a_success_clears_the_last_error},
      {"decided pins", decided_pins},
      {"names", names},
      {"removed by the user", removed_by_the_user}, /* ends the record of the others */
  };
  return RUN_CASES(argc, argv, cases);
}
