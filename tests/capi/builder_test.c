/* The builder of options: what each setter takes and refuses, and what becomes of it in ecoauth_client_new(). */
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "capi_test.h"

#define GOOD ECOAUTH_OK
#define BAD ECOAUTH_ERROR_INVALID_ARGUMENT

static char* repeat(char c, size_t count) {
  char* text = malloc(count + 1);
  memset(text, c, count);
  text[count] = '\0';
  return text;
}

typedef int32_t (*text_setter)(ecoauth_options*, const char*);

static void check_setter_text(const char* name, text_setter set, int32_t expected, const char* text) {
  ecoauth_options* options = ecoauth_options_new();
  int32_t result = set(options, text);
  if (result != expected) {
    fprintf(stderr, "%s(\"%.80s\")\n", name, text ? text : "(NULL)");
    CHECK_RESULT(expected, result);
  }
  ecoauth_options_free(options);
}
#define TEXT(setter, expected, text) check_setter_text(#setter, ecoauth_options_set_##setter, expected, text)

/* Accepts texts of `low` to `high` of the character `c`, nothing outside, not NULL, not what is no ASCII. */
static void check_text_limits(const char* name, text_setter set, char c, size_t low, size_t high) {
  char *shortest = repeat(c, low), *longest = repeat(c, high), *too_long = repeat(c, high + 1);
  check_setter_text(name, set, GOOD, shortest);
  check_setter_text(name, set, GOOD, longest);
  check_setter_text(name, set, BAD, too_long);
  if (low > 0) check_setter_text(name, set, BAD, "");
  check_setter_text(name, set, BAD, NULL);
  check_setter_text(name, set, BAD, "b\xc3\xa4r");
  check_setter_text(name, set, BAD, "two\nlines");
  free(shortest);
  free(longest);
  free(too_long);
}
#define TEXT_LIMITS(setter, c, low, high) check_text_limits(#setter, ecoauth_options_set_##setter, c, low, high)

static void texts(void) {
  TEXT_LIMITS(client_id, 'x', 1, 200);
  TEXT_LIMITS(user_agent, 'x', 0, 200);
  TEXT_LIMITS(scope, 'x', 1, 1000);
  TEXT_LIMITS(token_format, 'x', 0, 100);
  TEXT(scope, GOOD, "smartRead, smartWrite");
  TEXT(scope, BAD, " , ,");

  TEXT(base_url, GOOD, "https://api.ecobee.com");
  TEXT(base_url, GOOD, "https://api.ecobee.com/");
  TEXT(base_url, GOOD, "http://127.0.0.1:65535");
  TEXT(base_url, GOOD, "http://[::1]:8080");
  TEXT(base_url, GOOD, "http://localhost");
  TEXT(base_url, BAD, "http://api.ecobee.com");
  TEXT(base_url, BAD, "ftp://127.0.0.1");
  TEXT(base_url, BAD, "https://user@api.ecobee.com");
  TEXT(base_url, BAD, "https://api.ecobee.com/path");
  TEXT(base_url, BAD, "https://api.ecobee.com?query");
  TEXT(base_url, BAD, "https://api.ecobee.com:0");
  TEXT(base_url, BAD, "https://api.ecobee.com:65536");
  TEXT(base_url, BAD, "api.ecobee.com");
  TEXT(base_url, BAD, "");
  TEXT(base_url, BAD, NULL);

  TEXT(proxy, GOOD, "http://127.0.0.1:3128");
  TEXT(proxy, GOOD, "http://user:password@proxy.example:3128");
  TEXT(proxy, BAD, "socks5://127.0.0.1:1080");
  TEXT(proxy, BAD, "http://proxy.example:0");
  TEXT(proxy, BAD, "");
  TEXT(proxy, BAD, NULL);

  TEXT(ca_file, GOOD, "/proc/self/maps"); /* readable; whether it holds certificates is seen when it is used */
  TEXT(ca_file, BAD, "/");                /* a folder, but without hash links */
  TEXT(ca_file, BAD, "/nonexistent/ca.pem");
  TEXT(ca_file, BAD, "");
  TEXT(ca_file, BAD, NULL);

  TEXT(verification_url, GOOD, "https://portal.example/pin?from=here");
  TEXT(verification_url, BAD, "portal.example");
  TEXT(verification_url, BAD, "javascript:alert(1)");
  TEXT(verification_url, BAD, "https://portal.example/a b");
  TEXT(verification_url, BAD, "");
  TEXT(verification_url, BAD, NULL);
}

#define NUMBER(setter, expected, value)                                   \
  do {                                                                    \
    ecoauth_options* options = ecoauth_options_new();                     \
    CHECK_RESULT(expected, ecoauth_options_set_##setter(options, value)); \
    CHECK_RESULT(BAD, ecoauth_options_set_##setter(NULL, value));         \
    ecoauth_options_free(options);                                        \
  } while (0)
/* Takes `low` to `high`, nothing beside, and no extreme of its type. */
#define NUMBER_LIMITS(setter, low, high, least, most) \
  do {                                                \
    NUMBER(setter, GOOD, low);                        \
    NUMBER(setter, GOOD, high);                       \
    NUMBER(setter, BAD, (low)-1);                     \
    NUMBER(setter, BAD, (high) + 1);                  \
    NUMBER(setter, BAD, least);                       \
    NUMBER(setter, BAD, most);                        \
  } while (0)

static void numbers(void) {
  NUMBER_LIMITS(log_level, ECOAUTH_LOG_NONE, ECOAUTH_LOG_TRACE, INT32_MIN, INT32_MAX);
  NUMBER_LIMITS(dispatch, ECOAUTH_DISPATCH_WORKER, ECOAUTH_DISPATCH_POLL, INT32_MIN, INT32_MAX);
  NUMBER_LIMITS(keep_fresh, ECOAUTH_KEEP_FRESH_ON_DEMAND, ECOAUTH_KEEP_FRESH_ALWAYS, INT32_MIN, INT32_MAX);
  NUMBER_LIMITS(role, ECOAUTH_ROLE_OWNER, ECOAUTH_ROLE_FOLLOWER, INT32_MIN, INT32_MAX);
  NUMBER_LIMITS(polling, ECOAUTH_POLLING_AUTO, ECOAUTH_POLLING_ON_DEMAND, INT32_MIN, INT32_MAX);
  NUMBER_LIMITS(parameter_style, ECOAUTH_PARAMETERS_BODY, ECOAUTH_PARAMETERS_QUERY, INT32_MIN, INT32_MAX);
  NUMBER_LIMITS(request_timeout_ms, 1000, 600000, INT64_MIN, INT64_MAX);
  NUMBER_LIMITS(connect_timeout_ms, 100, 600000, INT64_MIN, INT64_MAX);
  NUMBER_LIMITS(shutdown_timeout_ms, 0, 600000, INT64_MIN, INT64_MAX);
}

static void pairs_of_numbers(void) {
  ecoauth_options* options = ecoauth_options_new();
  CHECK_RESULT(GOOD, ecoauth_options_set_advisory_window(options, 10, 95));
  CHECK_RESULT(GOOD, ecoauth_options_set_advisory_window(options, 50, 50));
  CHECK_RESULT(BAD, ecoauth_options_set_advisory_window(options, 9, 95));
  CHECK_RESULT(BAD, ecoauth_options_set_advisory_window(options, 10, 96));
  CHECK_RESULT(BAD, ecoauth_options_set_advisory_window(options, 60, 59));
  CHECK_RESULT(BAD, ecoauth_options_set_advisory_window(options, INT32_MIN, INT32_MAX));
  CHECK_RESULT(BAD, ecoauth_options_set_advisory_window(NULL, 70, 85));
  CHECK_RESULT(GOOD, ecoauth_options_set_mandatory_window(options, 0, 0));
  CHECK_RESULT(GOOD, ecoauth_options_set_mandatory_window(options, 600000, 50));
  CHECK_RESULT(BAD, ecoauth_options_set_mandatory_window(options, -1, 0));
  CHECK_RESULT(BAD, ecoauth_options_set_mandatory_window(options, 600001, 0));
  CHECK_RESULT(BAD, ecoauth_options_set_mandatory_window(options, 0, -1));
  CHECK_RESULT(BAD, ecoauth_options_set_mandatory_window(options, 0, 51));
  CHECK_RESULT(BAD, ecoauth_options_set_mandatory_window(options, INT64_MIN, INT32_MIN));
  CHECK_RESULT(BAD, ecoauth_options_set_mandatory_window(NULL, 0, 0));
  ecoauth_options_free(options);
}

/* What an account says of the settings it was made with. */
static ecoauth_status* status_with(ecoauth_options* options) {
  ecoauth_status* status = NULL;
  ecoauth_client* client = client_of(options);
  ecoauth_account* account = account_of(client);
  CHECK_RESULT(ECOAUTH_OK, ecoauth_account_status(account, &status, NULL));
  ecoauth_account_close(account);
  ecoauth_client_free(client);
  return status;
}

static void defaults(void) {
  ecoauth_options* options = ecoauth_options_new();
  CHECK_RESULT(GOOD, ecoauth_options_set_store(options, ecoauth_store_new_memory()));
  ecoauth_status* status = status_with(options);
  CHECK_TEXT("https://api.ecobee.com", ecoauth_status_origin(status));
  CHECK_TEXT("smartRead", ecoauth_status_scope_asked(status));
  CHECK_TEXT("default", ecoauth_status_account_key(status));
  CHECK_TEXT("", ecoauth_status_client_fingerprint(status));
  CHECK_TEXT("memory", ecoauth_status_store(status));
  CHECK_TEXT("none", ecoauth_status_seal(status));
  CHECK_TEXT("", ecoauth_status_reason(status));
  CHECK_TEXT("", ecoauth_status_scope_granted(status));
  CHECK_NUMBER(ECOAUTH_GRANT_NONE, ecoauth_status_grant_state(status));
  CHECK_NUMBER(0, ecoauth_status_revision(status));
  CHECK_NUMBER(0, ecoauth_status_flags(status));
  CHECK_NUMBER(0, ecoauth_status_generation(status));
  CHECK_NUMBER(0, ecoauth_status_token_valid_ms(status));
  CHECK_NUMBER(-1, ecoauth_status_token_age_ms(status));
  CHECK_NUMBER(-1, ecoauth_status_next_try_ms(status));
  CHECK_NUMBER(0, ecoauth_status_pin_valid_ms(status));
  CHECK_NUMBER(-1, ecoauth_status_scope_satisfied(status));
  ecoauth_status_free(status);
}

/* A host that does not look at its setters is told here, by name, and gets no client that talks to another server. */
#define REFUSED(setter, call)                                                                  \
  do {                                                                                         \
    ecoauth_options* options = offline_options(ECOAUTH_DISPATCH_WORKER);                       \
    ecoauth_client* client = NULL;                                                             \
    ecoauth_error* error = NULL;                                                               \
    CHECK_RESULT(BAD, call);                                                                   \
    CHECK_RESULT(BAD, ecoauth_client_new(options, &client, &error));                           \
    CHECK(client == NULL);                                                                     \
    CHECK(strstr(ecoauth_error_message(error), "ecoauth_options_set_" setter "(): ") != NULL); \
    CHECK(strstr(ecoauth_error_message(error), "secret") == NULL);                             \
    CHECK_NUMBER(ECOAUTH_ACTION_FIX_CONFIG, ecoauth_error_action(error));                      \
    CHECK(ecoauth_error_advice(error)[0] != '\0');                                             \
    ecoauth_error_free(error);                                                                 \
  } while (0)

static void what_was_refused_refuses_the_client(void) {
  REFUSED("client_id", ecoauth_options_set_client_id(options, "secret\n"));
  REFUSED("scope", ecoauth_options_set_scope(options, ","));
  REFUSED("base_url", ecoauth_options_set_base_url(options, "http://api.ecobee.com"));
  REFUSED("store", ecoauth_options_set_store(options, ecoauth_store_new_file("")));
  REFUSED("log_callback", ecoauth_options_set_log_callback(options, 9, NULL, NULL, NULL));
  REFUSED("log_level", ecoauth_options_set_log_level(options, 9));
  REFUSED("dispatch", ecoauth_options_set_dispatch(options, 3));
  REFUSED("user_agent", ecoauth_options_set_user_agent(options, "two\nlines"));
  REFUSED("ca_file", ecoauth_options_set_ca_file(options, "/nonexistent/ca.pem"));
  REFUSED("proxy", ecoauth_options_set_proxy(options, "http://user:secret@"));
  REFUSED("request_timeout_ms", ecoauth_options_set_request_timeout_ms(options, 0));
  REFUSED("connect_timeout_ms", ecoauth_options_set_connect_timeout_ms(options, 0));
  REFUSED("shutdown_timeout_ms", ecoauth_options_set_shutdown_timeout_ms(options, -1));
  REFUSED("advisory_window", ecoauth_options_set_advisory_window(options, 60, 59));
  REFUSED("mandatory_window", ecoauth_options_set_mandatory_window(options, 0, 51));
  REFUSED("keep_fresh", ecoauth_options_set_keep_fresh(options, 2));
  REFUSED("role", ecoauth_options_set_role(options, 2));
  REFUSED("polling", ecoauth_options_set_polling(options, 2));
  REFUSED("parameter_style", ecoauth_options_set_parameter_style(options, 2));
  REFUSED("token_format", ecoauth_options_set_token_format(options, "two\nlines"));
  REFUSED("verification_url", ecoauth_options_set_verification_url(options, "javascript:alert(1)"));
}

static void a_setter_may_be_called_again(void) {
  ecoauth_options* options = ecoauth_options_new();
  CHECK_RESULT(BAD, ecoauth_options_set_store(options, NULL));
  CHECK_RESULT(GOOD, ecoauth_options_set_store(options, ecoauth_store_new_memory()));
  CHECK_RESULT(BAD, ecoauth_options_set_base_url(options, "http://example.com"));
  CHECK_RESULT(GOOD, ecoauth_options_set_base_url(options, "HTTPS://Example.COM:8443/"));
  CHECK_RESULT(BAD, ecoauth_options_set_scope(options, ""));
  CHECK_RESULT(GOOD, ecoauth_options_set_scope(options, "smartRead  smartWrite,smartRead"));
  CHECK_RESULT(BAD, ecoauth_options_set_client_id(options, ""));
  CHECK_RESULT(GOOD, ecoauth_options_set_client_id(options, TEST_CLIENT_ID));
  ecoauth_status* status = status_with(options);
  CHECK_TEXT("https://example.com:8443", ecoauth_status_origin(status));
  CHECK_TEXT("smartRead,smartWrite", ecoauth_status_scope_asked(status));
  CHECK_NUMBER(16, strlen(ecoauth_status_client_fingerprint(status)));
  CHECK(strstr(TEST_CLIENT_ID, ecoauth_status_client_fingerprint(status)) == NULL);
  ecoauth_status_free(status);
}

static void texts_are_copied(void) {
  char url[] = "https://example.com";
  char folder[] = "/nonexistent/ecoauth-test";
  ecoauth_options* options = ecoauth_options_new();
  ecoauth_store* store = ecoauth_store_new_file(folder);
  CHECK_RESULT(GOOD, ecoauth_store_allow_network(store));
  CHECK_RESULT(GOOD, ecoauth_options_set_base_url(options, url));
  memset(url, '#', sizeof url - 1);
  memset(folder, '#', sizeof folder - 1);
  CHECK_RESULT(GOOD, ecoauth_options_set_store(options, store));
  ecoauth_status* status = status_with(options);
  CHECK_TEXT("https://example.com", ecoauth_status_origin(status));
  CHECK_TEXT("file:/nonexistent/ecoauth-test", ecoauth_status_store(status));
  ecoauth_status_free(status);
}

static void file_stores(void) {
  char here[PATH_MAX], expected[PATH_MAX + 16];
  char* too_long = repeat('x', 100000);
  CHECK(getcwd(here, sizeof here) != NULL);
  ecoauth_options* options = ecoauth_options_new();
  CHECK_RESULT(GOOD, ecoauth_options_set_store(options, ecoauth_store_new_file("relative")));
  ecoauth_status* status = status_with(options);
  snprintf(expected, sizeof expected, "file:%s/relative", here);
  CHECK_TEXT(expected, ecoauth_status_store(status));
  ecoauth_status_free(status);
  CHECK(access("relative", F_OK) != 0);

  CHECK(ecoauth_store_new_file(NULL) == NULL);
  ecoauth_store* memory = ecoauth_store_new_memory();
  CHECK_RESULT(ECOAUTH_ERROR_INVALID_ARGUMENT, ecoauth_store_allow_network(memory));
  ecoauth_store_free(memory);
  CHECK(ecoauth_store_new_file("") == NULL);
  CHECK(ecoauth_store_new_file("/tmp/\xff\xfe") == NULL);
  CHECK(ecoauth_store_new_file(too_long) == NULL);
  free(too_long);
}

static void what_client_new_refuses(void) {
  ecoauth_client* client = (ecoauth_client*)&client;
  ecoauth_error* error = NULL;
  ecoauth_options* options = ecoauth_options_new();
  CHECK_RESULT(BAD, ecoauth_client_new(options, &client, &error)); /* no store */
  CHECK(client == NULL);
  CHECK(strstr(ecoauth_error_message(error), "store") != NULL);
  CHECK_NUMBER(ECOAUTH_ACTION_FIX_CONFIG, ecoauth_error_action(error));
  ecoauth_error_free(error);

  CHECK_EXPLAINED(BAD, ecoauth_client_new(NULL, &client, &error), error);
  CHECK_EXPLAINED(BAD, ecoauth_client_new(offline_options(ECOAUTH_DISPATCH_POLL), NULL, &error), error);
  CHECK_RESULT(BAD, ecoauth_client_new(NULL, NULL, NULL));
}

static void account_keys(void) {
  ecoauth_client* client = client_of(offline_options(ECOAUTH_DISPATCH_POLL));
  ecoauth_account* account = NULL;
  ecoauth_error* error = NULL;
  ecoauth_status* status = NULL;
  char *longest = repeat('k', 200), *too_long = repeat('k', 201);
  CHECK_EXPLAINED(GOOD, ecoauth_account_open(client, longest, &account, &error), error);
  CHECK_RESULT(GOOD, ecoauth_account_status(account, &status, NULL));
  CHECK_TEXT(longest, ecoauth_status_account_key(status));
  ecoauth_status_free(status);
  ecoauth_account_close(account);
  CHECK_EXPLAINED(GOOD, ecoauth_account_open(client, "H\xc3\xa4user/1 \xe2\x82\xac", &account, &error), error);
  ecoauth_account_close(account);
  CHECK_EXPLAINED(BAD, ecoauth_account_open(client, too_long, &account, &error), error);
  CHECK(account == NULL);
  CHECK_EXPLAINED(BAD, ecoauth_account_open(client, "", &account, &error), error);
  CHECK_EXPLAINED(BAD, ecoauth_account_open(client, "\xff", &account, &error), error);
  ecoauth_client_free(client);
  free(longest);
  free(too_long);
}

static void numbers_of_calls(void) {
  ecoauth_client* client = client_of(offline_options(ECOAUTH_DISPATCH_POLL));
  ecoauth_account* account = account_of(client);
  ecoauth_error* error = NULL;
  ecoauth_token* token = NULL;
  ecoauth_response* response = NULL;
  ecoauth_event* event = NULL;
  int64_t operation = 0;
  CHECK_RESULT(BAD, ecoauth_account_wait(account, 0, -2, &error));
  CHECK(strstr(ecoauth_error_message(error), "timeout_ms") != NULL);
  ecoauth_error_free(error);
  error = NULL;
  CHECK_EXPLAINED(BAD, ecoauth_account_wait(account, 0, INT64_MIN, &error), error);
  CHECK_EXPLAINED(BAD, ecoauth_account_wait(account, -1, 0, &error), error);
  CHECK_EXPLAINED(GOOD, ecoauth_account_wait(account, INT64_MAX, INT64_MAX, &error), error);
  CHECK_EXPLAINED(BAD, ecoauth_account_get_token(account, -1, 0, &token, &error), error);
  CHECK_EXPLAINED(BAD, ecoauth_account_get_token(account, INT64_MIN, 0, &token, &error), error);
  CHECK_EXPLAINED(BAD, ecoauth_account_get_token_start(account, -1, &operation, &error), error);
  CHECK_EXPLAINED(BAD, ecoauth_account_report_rejected(account, 0, &error), error);
  CHECK_EXPLAINED(BAD, ecoauth_account_report_rejected(account, INT64_MIN, &error), error);
  CHECK_EXPLAINED(BAD, ecoauth_client_next_event(client, -2, &event, &error), error);
  CHECK_EXPLAINED(BAD, ecoauth_client_quiesce(client, INT64_MIN, &error), error);
  CHECK_RESULT(BAD, ecoauth_client_cancel(client, 0));
  CHECK_RESULT(BAD, ecoauth_client_cancel(client, INT64_MIN));
  CHECK_RESULT(ECOAUTH_ERROR_NOT_FOUND, ecoauth_client_cancel(client, INT64_MAX));

  static const struct {
    const char *method, *target, *data, *content_type;
    size_t size_bytes;
  } bad[] = {
      {NULL, "/1/thermostat", NULL, NULL, 0},
      {"CONNECT", "/1/thermostat", NULL, NULL, 0},
      {"TRACE", "/1/thermostat", NULL, NULL, 0},
      {"", "/1/thermostat", NULL, NULL, 0},
      {"get", "/1/thermostat", NULL, NULL, 0},
      {"GET\r\nX: y", "/1/thermostat", NULL, NULL, 0},
      {"GET", NULL, NULL, NULL, 0},
      {"GET", "", NULL, NULL, 0},
      {"GET", "1/thermostat", NULL, NULL, 0},
      {"GET", "http://other.example/", NULL, NULL, 0},
      {"GET", "/1/a b", NULL, NULL, 0},
      {"GET", "/1/a#b", NULL, NULL, 0},
      {"GET", "/1/a\r\nHost: evil", NULL, NULL, 0},
      {"POST", "/1/thermostat", NULL, NULL, 1},
      {"POST", "/1/thermostat", "{}", "", 2},
      {"POST", "/1/thermostat", "{}", "a\r\nb: c", 2},
      {"POST", "/1/thermostat", "{}", NULL, SIZE_MAX},
  };
  for (size_t i = 0; i < sizeof bad / sizeof *bad; ++i) {
    CHECK_EXPLAINED(BAD,
                    ecoauth_account_request(account, bad[i].method, bad[i].target, bad[i].data, bad[i].size_bytes,
                                            bad[i].content_type, 0, &response, &error),
                    error);
    CHECK(response == NULL);
    CHECK_EXPLAINED(BAD,
                    ecoauth_account_request_start(account, bad[i].method, bad[i].target, bad[i].data, bad[i].size_bytes,
                                                  bad[i].content_type, &operation, &error),
                    error);
    CHECK_NUMBER(0, operation);
  }
  ecoauth_account_close(account);
  ecoauth_client_free(client);
}

int main(int argc, char** argv) {
  static const struct test_case cases[] = {
      {"texts", texts},
      {"numbers", numbers},
      {"pairs of numbers", pairs_of_numbers},
      {"defaults", defaults},
      {"what was refused refuses the client", what_was_refused_refuses_the_client},
      {"a setter may be called again", a_setter_may_be_called_again},
      {"texts are copied", texts_are_copied},
      {"file stores", file_stores},
      {"what client_new refuses", what_client_new_refuses},
      {"account keys", account_keys},
      {"numbers of calls", numbers_of_calls},
  };
  return RUN_CASES(argc, argv, cases);
}
