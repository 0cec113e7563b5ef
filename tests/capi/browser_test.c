/* Authorizing by a browser, utility accounts, and importing a refresh token. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "capi_test.h"

#define UTILITY_ID "UTILITYUTILITYUTILITYUTILITY1234"
#define BACK "http://127.0.0.1:9/back"

static struct sandbox own;

/* A sandbox that leaves every decision to the test. */
static ecoauth_options* own_options(ecoauth_store* store) {
  static const char* const arguments[] = {"--client", UTILITY_ID ":utility", "--keep-old-access", "--any-redirect",
                                          NULL};
  if (own.process == 0) sandbox_start(&own, sandbox_program(), arguments);
  ecoauth_options* options = sandbox_options(ECOAUTH_DISPATCH_POLL);
  CHECK_RESULT(ECOAUTH_OK, ecoauth_options_set_base_url(options, own.url));
  if (store) CHECK_RESULT(ECOAUTH_OK, ecoauth_options_set_store(options, store));
  return options;
}

/* What the user does with the page at `address`: the address at which the browser ends. */
static char* decided(const char* decision, const char* address) {
  static const char mark[] = "\"redirect\": \"";
  char form[4096];
  size_t size = (size_t)snprintf(form, sizeof form, "decision=%s&url=", decision);
  for (const char* at = address; *at; ++at)
    size += (size_t)snprintf(form + size, sizeof form - size, isalnum((unsigned char)*at) ? "%c" : "%%%02X", *at);
  char* answer = sandbox_post(&own, "consent", form);
  char* start = strstr(answer, mark);
  CHECK(start != NULL);
  start += sizeof mark - 1;
  *strchr(start, '"') = '\0';
  memmove(answer, start, strlen(start) + 1);
  return answer;
}

static void begin(ecoauth_account* account, int32_t flow, char* address, size_t size_bytes) {
  ecoauth_error* error = NULL;
  size_t needed = 0;
  CHECK_EXPLAINED(ECOAUTH_OK,
                  ecoauth_account_authorize_url(account, flow, BACK, LONG_MS, address, size_bytes, &needed, &error),
                  error);
  CHECK_NUMBER(strlen(address) + 1, needed);
}

static int32_t state_of(ecoauth_account* account) {
  ecoauth_status* status = NULL;
  CHECK_RESULT(ECOAUTH_OK, ecoauth_account_status(account, &status, NULL));
  const int32_t state = ecoauth_status_grant_state(status);
  ecoauth_status_free(status);
  return state;
}

static void request_works(ecoauth_account* account) {
  ecoauth_error* error = NULL;
  ecoauth_response* response = NULL;
  CHECK_EXPLAINED(ECOAUTH_OK,
                  ecoauth_account_request(account, "GET", "/1/thermostat", NULL, 0, NULL, LONG_MS, &response, &error),
                  error);
  CHECK_NUMBER(200, ecoauth_response_http_status(response));
  ecoauth_response_free(response);
}

static void by_a_code(int32_t flow) {
  ecoauth_client* client = client_of(own_options(NULL));
  ecoauth_account* account = account_of(client);
  ecoauth_error* error = NULL;
  char address[2048];
  begin(account, flow, address, sizeof address);
  CHECK(strncmp(address, own.url, strlen(own.url)) == 0);
  CHECK((strstr(address, "code_challenge_method=S256") != NULL) == (flow == ECOAUTH_FLOW_CODE_PKCE));
  char* back = decided("accept", address);
  CHECK(strncmp(back, BACK "?", strlen(BACK) + 1) == 0);
  CHECK_EXPLAINED(ECOAUTH_OK, ecoauth_account_complete_redirect(account, back, LONG_MS, &error), error);
  CHECK_NUMBER(ECOAUTH_GRANT_ACTIVE, state_of(account));
  request_works(account);
  CHECK_EXPLAINED(ECOAUTH_OK, ecoauth_account_refresh(account, LONG_MS, &error), error);
  /* The same address a second time is nobody's. */
  CHECK_RESULT(ECOAUTH_ERROR_WRONG_STATE, ecoauth_account_complete_redirect(account, back, LONG_MS, &error));
  CHECK_NUMBER(ECOAUTH_ACTION_REAUTHORIZE, ecoauth_error_action(error));
  ecoauth_error_free(error);
  CHECK_NUMBER(ECOAUTH_GRANT_ACTIVE, state_of(account));
  free(back);
  ecoauth_account_close(account);
  ecoauth_client_free(client);
}

static void by_a_plain_code(void) { by_a_code(ECOAUTH_FLOW_CODE); }
static void by_a_code_with_pkce(void) { by_a_code(ECOAUTH_FLOW_CODE_PKCE); }

static void without_waiting(void) {
  ecoauth_client* client = client_of(own_options(NULL));
  ecoauth_account* account = account_of(client);
  int64_t operation = 0;
  CHECK_RESULT(ECOAUTH_OK,
               ecoauth_account_authorize_url_start(account, ECOAUTH_FLOW_CODE_PKCE, BACK, &operation, NULL));
  ecoauth_event* event = await_completed(client, operation);
  CHECK_RESULT(ECOAUTH_OK, ecoauth_event_result(event));
  char* back = decided("accept", ecoauth_event_text(event));
  ecoauth_event_free(event);
  CHECK_RESULT(ECOAUTH_OK, ecoauth_account_complete_redirect_start(account, back, &operation, NULL));
  event = await_completed(client, operation);
  CHECK_RESULT(ECOAUTH_OK, ecoauth_event_result(event));
  CHECK_TEXT("", ecoauth_event_text(event));
  ecoauth_event_free(event);
  CHECK_NUMBER(1, ecoauth_account_generation(account));
  free(back);
  ecoauth_account_close(account);
  ecoauth_client_free(client);
}

static void a_short_buffer(void) {
  ecoauth_client* client = client_of(own_options(NULL));
  ecoauth_account* account = account_of(client);
  ecoauth_error* error = NULL;
  char first[2048], second[2048];
  size_t needed = 0;
  CHECK_EXPLAINED(ECOAUTH_ERROR_BUFFER_TOO_SMALL,
                  ecoauth_account_authorize_url(account, ECOAUTH_FLOW_CODE, BACK, LONG_MS, NULL, 0, &needed, &error),
                  error);
  CHECK(needed > 100 && needed < sizeof first);
  CHECK_EXPLAINED(
      ECOAUTH_ERROR_BUFFER_TOO_SMALL,
      ecoauth_account_authorize_url(account, ECOAUTH_FLOW_CODE, BACK, LONG_MS, first, needed - 1, NULL, &error), error);
  begin(account, ECOAUTH_FLOW_CODE, first, needed);
  begin(account, ECOAUTH_FLOW_CODE, second, sizeof second);
  CHECK_TEXT(first, second); /* both may be open in a browser */
  begin(account, ECOAUTH_FLOW_CODE_PKCE, second, sizeof second);
  CHECK(strcmp(strstr(first, "&state="), strstr(second, "&state=")) != 0);
  ecoauth_account_close(account);
  ecoauth_client_free(client);
}

static void declined(void) {
  ecoauth_client* client = client_of(own_options(NULL));
  ecoauth_account* account = account_of(client);
  ecoauth_error* error = NULL;
  char address[2048];
  begin(account, ECOAUTH_FLOW_CODE, address, sizeof address);
  char* back = decided("decline", address);
  CHECK_RESULT(ECOAUTH_ERROR_DECLINED, ecoauth_account_complete_redirect(account, back, LONG_MS, &error));
  CHECK_NUMBER(ECOAUTH_ACTION_REAUTHORIZE, ecoauth_error_action(error));
  CHECK_TEXT("access_denied", ecoauth_error_oauth_error(error));
  CHECK(strstr(ecoauth_error_message(error), "declined") != NULL);
  ecoauth_error_free(error);
  free(back);
  ecoauth_account_close(account);
  ecoauth_client_free(client);
}

static void what_is_not_the_answer(void) {
  ecoauth_client* client = client_of(own_options(NULL));
  ecoauth_account* account = account_of(client);
  ecoauth_error* error = NULL;
  char address[2048], wrong[2200];
  CHECK_EXPLAINED(ECOAUTH_ERROR_WRONG_STATE,
                  ecoauth_account_complete_redirect(account, BACK "?code=c&state=s", LONG_MS, &error), error);
  begin(account, ECOAUTH_FLOW_CODE, address, sizeof address);
  char* back = decided("accept", address);
  const char* query = strchr(back, '?') + 1;
  const struct {
    const char *start, *parameters;
    int32_t code;
  } wrongs[] = {{BACK "?code=c&state=", "another", ECOAUTH_ERROR_WRONG_STATE},
                {BACK "?error=access_denied&state=", "another", ECOAUTH_ERROR_WRONG_STATE},
                {BACK "?code=", "c", ECOAUTH_ERROR_INVALID_ARGUMENT},
                {"http://127.0.0.1:9/elsewhere?", query, ECOAUTH_ERROR_INVALID_ARGUMENT},
                {BACK, strstr(address, "/authorize") + 10, ECOAUTH_ERROR_INVALID_ARGUMENT}};
  for (size_t i = 0; i < sizeof wrongs / sizeof *wrongs; ++i) {
    snprintf(wrong, sizeof wrong, "%s%s", wrongs[i].start, wrongs[i].parameters);
    CHECK_EXPLAINED(wrongs[i].code, ecoauth_account_complete_redirect(account, wrong, LONG_MS, &error), error);
  }
  /* The right one may still come, as a fragment too, and as people paste it. */
  snprintf(wrong, sizeof wrong, "  %s#%s\n", BACK, query);
  CHECK_EXPLAINED(ECOAUTH_OK, ecoauth_account_complete_redirect(account, wrong, LONG_MS, &error), error);
  free(back);
  ecoauth_account_close(account);
  ecoauth_client_free(client);
}

/* A process that ends between the two halves. */
static void resumed_by_a_later_process(void) {
  struct records records = {.mutex = PTHREAD_MUTEX_INITIALIZER};
  ecoauth_error* error = NULL;
  char address[2048];
  ecoauth_client* client = client_of(own_options(records_store(&records, false)));
  ecoauth_account* account = account_of(client);
  begin(account, ECOAUTH_FLOW_CODE_PKCE, address, sizeof address);
  ecoauth_account_close(account);
  ecoauth_client_free(client);
  char* back = decided("accept", address);
  client = client_of(own_options(records_store(&records, false)));
  account = account_of(client);
  CHECK_EXPLAINED(ECOAUTH_OK, ecoauth_account_complete_redirect(account, back, LONG_MS, &error), error);
  request_works(account);
  free(back);
  ecoauth_account_close(account);
  ecoauth_client_free(client);
  records_clear(&records);
}

/* The answer is lost; the same code is sent again, and refused: it was spent. The old grant is as it was. */
static void a_spent_code_beside_a_grant(void) {
  ecoauth_client* client = client_of(own_options(NULL));
  ecoauth_account* account = account_of(client);
  ecoauth_error* error = NULL;
  char address[2048];
  begin(account, ECOAUTH_FLOW_CODE, address, sizeof address);
  char* back = decided("accept", address);
  CHECK_EXPLAINED(ECOAUTH_OK, ecoauth_account_complete_redirect(account, back, LONG_MS, &error), error);
  free(back);
  begin(account, ECOAUTH_FLOW_CODE, address, sizeof address);
  back = decided("accept", address);
  sandbox_control(&own, "fault", "name=drop_after_commit&count=1");
  CHECK_RESULT(ECOAUTH_ERROR_NEEDS_AUTHORIZATION, ecoauth_account_complete_redirect(account, back, LONG_MS, &error));
  CHECK_NUMBER(ECOAUTH_ACTION_REAUTHORIZE, ecoauth_error_action(error));
  CHECK_TEXT("invalid_grant", ecoauth_error_oauth_error(error));
  ecoauth_error_free(error);
  CHECK_NUMBER(1, ecoauth_account_generation(account));
  CHECK_NUMBER(ECOAUTH_GRANT_ACTIVE, state_of(account));
  free(back);
  ecoauth_account_close(account);
  ecoauth_client_free(client);
}

static void a_utility_account(void) {
  ecoauth_options* options = own_options(NULL);
  CHECK_RESULT(ECOAUTH_OK, ecoauth_options_set_client_id(options, UTILITY_ID));
  ecoauth_client* client = client_of(options);
  ecoauth_account* account = account_of(client);
  ecoauth_error* error = NULL;
  char address[2048];
  begin(account, ECOAUTH_FLOW_UTILITY, address, sizeof address);
  CHECK(strstr(address, "response_type=token") != NULL && strstr(address, "scope") == NULL);
  char* back = decided("accept", address);
  CHECK(strncmp(back, BACK "#", strlen(BACK) + 1) == 0);
  CHECK_EXPLAINED(ECOAUTH_OK, ecoauth_account_complete_redirect(account, back, LONG_MS, &error), error);
  request_works(account);
  ecoauth_status* status = NULL;
  CHECK_RESULT(ECOAUTH_OK, ecoauth_account_status(account, &status, NULL));
  CHECK_NUMBER(1, ecoauth_status_scope_satisfied(status));
  CHECK(ecoauth_status_token_valid_ms(status) > 0);
  CHECK(ecoauth_status_next_try_ms(status) < ecoauth_status_token_valid_ms(status)); /* when somebody is asked again */
  ecoauth_status_free(status);
  /* There is nothing to refresh with. */
  CHECK_EXPLAINED(ECOAUTH_ERROR_NEEDS_AUTHORIZATION, ecoauth_account_refresh(account, LONG_MS, &error), error);
  CHECK_EXPLAINED(ECOAUTH_OK, ecoauth_account_report_rejected(account, 1, &error), error);
  ecoauth_event* event = NULL;
  do {
    ecoauth_event_free(event);
    event = await_event(client, ECOAUTH_EVENT_STATE);
  } while (ecoauth_event_state(event) != ECOAUTH_GRANT_NEEDS_REAUTHORIZATION);
  CHECK_RESULT(ECOAUTH_ERROR_NEEDS_AUTHORIZATION, ecoauth_error_code(ecoauth_event_error(event)));
  CHECK_NUMBER(ECOAUTH_ACTION_REAUTHORIZE, ecoauth_error_action(ecoauth_event_error(event)));
  ecoauth_event_free(event);
  free(back);
  ecoauth_account_close(account);
  ecoauth_client_free(client);
}

/* A client id that is not a utility's is told so at its own address. */
static void not_a_utility_account(void) {
  ecoauth_client* client = client_of(own_options(NULL));
  ecoauth_account* account = account_of(client);
  ecoauth_error* error = NULL;
  char address[2048];
  begin(account, ECOAUTH_FLOW_UTILITY, address, sizeof address);
  const char* state = strstr(address, "state=");
  char back[2048];
  snprintf(back, sizeof back, BACK "#error=unauthorized_client&%s", state);
  CHECK_RESULT(ECOAUTH_ERROR_UNAUTHORIZED_CLIENT, ecoauth_account_complete_redirect(account, back, LONG_MS, &error));
  CHECK_NUMBER(ECOAUTH_ACTION_USER_ACTION, ecoauth_error_action(error));
  ecoauth_error_free(error);
  ecoauth_account_close(account);
  ecoauth_client_free(client);
}

/* A refresh token as another program would have left it behind: out of a record of this library. */
static void refresh_token_of(struct records* records, char* token, size_t size_bytes) {
  static const char mark[] = "\ngrant.candidate ";
  for (size_t i = 0; i < most_records; ++i) {
    if (!records->all[i].data) continue;
    const char* start = memmem(records->all[i].data, records->all[i].size_bytes, mark, sizeof mark - 1);
    CHECK(start != NULL);
    start += sizeof mark - 1;
    snprintf(token, size_bytes, "%.*s", (int)strcspn(start, "\n"), start);
    return;
  }
  CHECK(!"no record");
}

static void importing(void) {
  struct records records = {.mutex = PTHREAD_MUTEX_INITIALIZER};
  ecoauth_error* error = NULL;
  char token[512];
  int64_t operation = 0;
  authorize_records(&records);
  refresh_token_of(&records, token, sizeof token);
  ecoauth_client* client = client_of(sandbox_options(ECOAUTH_DISPATCH_POLL));
  ecoauth_account* account = account_of(client);
  CHECK_EXPLAINED(ECOAUTH_OK, ecoauth_account_import(account, token, LONG_MS, &error), error);
  CHECK_NUMBER(1, sandbox_requests(test_sandbox(), "token"));
  request_works(account);
  /* A token that nobody gave out takes nothing away. */
  CHECK_RESULT(ECOAUTH_OK, ecoauth_account_import_start(account, "nobody.gave-this_out+/=& x", &operation, &error));
  ecoauth_event* event = await_completed(client, operation);
  CHECK_RESULT(ECOAUTH_ERROR_NEEDS_AUTHORIZATION, ecoauth_event_result(event));
  CHECK_NUMBER(ECOAUTH_ACTION_REAUTHORIZE, ecoauth_error_action(ecoauth_event_error(event)));
  CHECK(strstr(ecoauth_error_advice(ecoauth_event_error(event)), "refresh token is complete") != NULL);
  ecoauth_event_free(event);
  CHECK_NUMBER(1, ecoauth_account_generation(account));
  CHECK_NUMBER(ECOAUTH_GRANT_ACTIVE, state_of(account));
  request_works(account);
  ecoauth_account_close(account);
  ecoauth_client_free(client);
  records_clear(&records);
}

static void a_pin_is_not_pushed_aside(void) {
  ecoauth_client* client = client_of(own_options(NULL));
  ecoauth_account* account = account_of(client);
  ecoauth_error* error = NULL;
  char address[2048];
  int64_t pin = 0;
  CHECK_RESULT(ECOAUTH_OK, ecoauth_account_authorize_pin_start(account, &pin, NULL));
  ecoauth_event_free(await_event(client, ECOAUTH_EVENT_PIN));
  CHECK_EXPLAINED(
      ECOAUTH_ERROR_WRONG_STATE,
      ecoauth_account_authorize_url(account, ECOAUTH_FLOW_CODE, BACK, LONG_MS, address, sizeof address, NULL, &error),
      error);
  CHECK_EXPLAINED(ECOAUTH_ERROR_WRONG_STATE, ecoauth_account_import(account, "a-token", LONG_MS, &error), error);
  CHECK_RESULT(ECOAUTH_OK, ecoauth_client_cancel(client, pin));
  begin(account, ECOAUTH_FLOW_CODE, address, sizeof address);
  ecoauth_account_close(account);
  ecoauth_client_free(client);
}

int main(int argc, char** argv) {
  static const struct test_case cases[] = {
      {"by a plain code", by_a_plain_code},
      {"by a code with pkce", by_a_code_with_pkce},
      {"without waiting", without_waiting},
      {"a short buffer", a_short_buffer},
      {"declined", declined},
      {"what is not the answer", what_is_not_the_answer},
      {"resumed by a later process", resumed_by_a_later_process},
      {"a spent code beside a grant", a_spent_code_beside_a_grant},
      {"a utility account", a_utility_account},
      {"not a utility account", not_a_utility_account},
      {"importing", importing},
      {"a pin is not pushed aside", a_pin_is_not_pushed_aside},
  };
  const int result = RUN_CASES(argc, argv, cases);
  if (own.process > 0) sandbox_stop(&own);
  return result;
}
