/* API requests with the caller's headers, and answers up to the caller's limit. */
#include <stdlib.h>
#include <string.h>

#include "capi_test.h"
#include "table_server.h"

#define GOOD ECOAUTH_OK
#define BAD ECOAUTH_ERROR_INVALID_ARGUMENT
#define MEBIBYTE (1024 * 1024)

static const struct wire expired = {500, NULL, "{\"status\":{\"code\":14,\"message\":\"expired\"}}", 0};

/* An account with a token, at a server that answers API requests with `wire`. */
struct scene {
  struct peer peer;
  int listener;
  ecoauth_client* client;
  ecoauth_account* account;
};

static void begin(struct scene* scene, const struct wire* wire, int times) {
  char url[64];
  int port = 0;
  ecoauth_error* error = NULL;
  memset(scene, 0, sizeof *scene);
  scene->peer = (struct peer){.client_id = TEST_CLIENT_ID, .target = "api", .wire = wire, .times = times, .pair = '@'};
  table_server_know(&scene->peer, 1);
  scene->listener = table_server_listen(&port);
  snprintf(url, sizeof url, "http://127.0.0.1:%d", port);
  ecoauth_options* options = offline_options(ECOAUTH_DISPATCH_POLL);
  CHECK_RESULT(GOOD, ecoauth_options_set_base_url(options, url));
  scene->client = client_of(options);
  scene->account = account_of(scene->client);
  CHECK_EXPLAINED(GOOD, ecoauth_account_import(scene->account, "rt-" TEST_CLIENT_ID, LONG_MS, &error), error);
  peer_play(&scene->peer);
}

static void end(struct scene* scene) {
  ecoauth_account_close(scene->account);
  ecoauth_client_free(scene->client);
  table_server_leave(scene->listener);
}

static int32_t get(struct scene* scene, const char* headers, int64_t max_response_bytes, ecoauth_response** response,
                   ecoauth_error** error) {
  return ecoauth_account_request_with(scene->account, "GET", "/1/thermostat", headers, NULL, 0, NULL,
                                      max_response_bytes, LONG_MS, response, error);
}

static int occurrences(const char* text, const char* what) {
  int count = 0;
  for (; (text = strstr(text, what)); text += strlen(what)) ++count;
  return count;
}

static void headers_arrive(void) {
  static const struct wire fine = {200, NULL, "{\"status\":{\"code\":0}}", 0};
  static const char* const lines[] = {"X-One: 1\nIf-None-Match:   \"a:b\" c\nempty:",
                                      "X-One: 1\nIf-None-Match:\"a:b\" c\nempty:\n"};
  for (size_t i = 0; i < 2; ++i) {
    struct scene scene;
    ecoauth_error* error = NULL;
    ecoauth_response* response = NULL;
    begin(&scene, &fine, 0);
    CHECK_EXPLAINED(GOOD,
                    ecoauth_account_request_with(scene.account, "POST", "/1/thermostat", lines[i], "{}", 2, NULL, 0,
                                                 LONG_MS, &response, &error),
                    error);
    CHECK_NUMBER(200, ecoauth_response_http_status(response));
    const char* sent = scene.peer.request;
    CHECK_NUMBER(1, occurrences(sent, "\r\nX-One: 1\r\n"));
    CHECK_NUMBER(1, occurrences(sent, "\r\nIf-None-Match: \"a:b\" c\r\n"));
    CHECK_NUMBER(1, occurrences(sent, "\r\nempty: \r\n"));
    CHECK_NUMBER(1, occurrences(sent, "\r\nAuthorization: Bearer at-"));
    CHECK_NUMBER(1, occurrences(sent, "\r\nContent-Type: application/json;charset=UTF-8\r\n"));
    ecoauth_response_free(response);
    end(&scene);
  }
}

/* They go with the repetition; and a limit below an error's size does not hide that the token was refused. */
static void headers_and_limit_with_a_refused_token(void) {
  struct scene scene;
  ecoauth_error* error = NULL;
  ecoauth_response* response = NULL;
  begin(&scene, &expired, 1);
  CHECK_EXPLAINED(GOOD, get(&scene, "X-One: 1", 40, &response, &error), error);
  CHECK_NUMBER(0, ecoauth_response_api_status(response));
  CHECK_NUMBER(2, peer_seen(&scene.peer));
  CHECK(strstr(scene.peer.request, "\r\nX-One: 1\r\n") != NULL);
  ecoauth_response_free(response);
  end(&scene);
}

static void limits(void) {
  static const struct wire small = {200, NULL, "#", 0}, four = {404, NULL, "\1\1\1\1", 0},
                           more = {200, NULL, "\1\1\1\1j", 0};
  static const struct {
    const struct wire* wire;
    int64_t max_response_bytes, body_bytes; /* 0: too large */
  } each[] = {{&small, 1, 0},
              {&small, 6999, 0},
              {&small, 7000, 7000},
              {&small, 0, 7000},
              {&four, 0, 4 * MEBIBYTE},
              {&four, 4 * MEBIBYTE - 1, 0},
              {&more, 0, 0},
              {&more, 64 * MEBIBYTE, 4 * MEBIBYTE + 1}};
  for (size_t i = 0; i < sizeof each / sizeof *each; ++i) {
    struct scene scene;
    ecoauth_error* error = NULL;
    ecoauth_response* response = NULL;
    begin(&scene, each[i].wire, 0);
    const int32_t result = get(&scene, NULL, each[i].max_response_bytes, &response, &error);
    if (each[i].body_bytes > 0) {
      CHECK_EXPLAINED(GOOD, result, error);
      CHECK_NUMBER(each[i].body_bytes, ecoauth_response_body_bytes(response));
    } else {
      CHECK_RESULT(ECOAUTH_ERROR_PROTOCOL, result);
      CHECK(response == NULL);
      CHECK_NUMBER(ECOAUTH_ACTION_FIX_CONFIG, ecoauth_error_action(error));
      CHECK_NUMBER(each[i].wire->status, ecoauth_error_http_status(error));
      CHECK(strstr(ecoauth_error_message(error), "larger than") != NULL);
      CHECK_TEXT("Ask the API for less, or allow more.", ecoauth_error_advice(error));
      ecoauth_error_free(error);
    }
    CHECK_NUMBER(1, peer_seen(&scene.peer));
    ecoauth_response_free(response);
    end(&scene);
  }
}

static void at_once(void) {
  static const struct wire small = {200, NULL, "#", 0};
  struct scene scene;
  int64_t operation = 0;
  begin(&scene, &small, 0);
  for (int fits = 0; fits < 2; ++fits) {
    CHECK_RESULT(GOOD, ecoauth_account_request_with_start(scene.account, "GET", "/1/thermostat", "X-One: 1", NULL, 0,
                                                          NULL, 6999 + fits, &operation, NULL));
    ecoauth_event* event = await_completed(scene.client, operation);
    CHECK_RESULT(fits ? GOOD : ECOAUTH_ERROR_PROTOCOL, ecoauth_event_result(event));
    CHECK_NUMBER(fits ? 7000 : 0, ecoauth_response_body_bytes(ecoauth_event_response(event)));
    CHECK(strstr(scene.peer.request, "\r\nX-One: 1\r\n") != NULL);
    ecoauth_event_free(event);
  }
  end(&scene);
}

static void refused(void) {
  static const char* const bad[] = {"X",
                                    "X-One 1",
                                    ": 1",
                                    " X: 1",
                                    "X : 1",
                                    "X: 1\n\nY: 2",
                                    "\n",
                                    "X: 1\r\nY: 2",
                                    "X: 1\r",
                                    "X: a\tb",
                                    "X: \x7f",
                                    "X: \xc3\xa4",
                                    "X\xc3\xa4: 1",
                                    "X: \xff",
                                    "X(: 1",
                                    "Authorization: Basic x",
                                    "authorization:",
                                    "X: 1\nHOST: other.example",
                                    "Content-Length: 5",
                                    "transfer-encoding: chunked",
                                    "Connection: keep-alive",
                                    "Content-Type: text/plain",
                                    "User-Agent: me",
                                    "Accept-Encoding: gzip",
                                    "Expect: 100-continue",
                                    "Keep-Alive: 5",
                                    "Proxy-Authorization: x",
                                    "Proxy-Connection: close",
                                    "TE: trailers",
                                    "Trailer: X",
                                    "Upgrade: h2c"};
  ecoauth_client* client = client_of(offline_options(ECOAUTH_DISPATCH_POLL));
  ecoauth_account* account = account_of(client);
  ecoauth_response* response = NULL;
  ecoauth_error* error = NULL;
  char* longest = malloc(17 * 1024);
  memset(longest, 'x', 17 * 1024);
  memcpy(longest, "X: ", 3);
  longest[16 * 1024 + 1] = '\0';
  for (size_t i = 0; i <= sizeof bad / sizeof *bad; ++i) {
    const char* headers = i < sizeof bad / sizeof *bad ? bad[i] : longest;
    int64_t operation = 7;
    CHECK_EXPLAINED(
        BAD, ecoauth_account_request_with(account, "GET", "/", headers, NULL, 0, NULL, 0, 0, &response, &error), error);
    CHECK_EXPLAINED(
        BAD, ecoauth_account_request_with_start(account, "GET", "/", headers, NULL, 0, NULL, 0, &operation, &error),
        error);
    CHECK_NUMBER(0, operation);
  }
  static const int64_t no_limits[] = {-1, 64 * MEBIBYTE + 1, INT64_MIN, INT64_MAX};
  for (size_t i = 0; i < sizeof no_limits / sizeof *no_limits; ++i)
    CHECK_EXPLAINED(
        BAD, ecoauth_account_request_with(account, "GET", "/", NULL, NULL, 0, NULL, no_limits[i], 0, &response, &error),
        error);
  /* The longest that fits is not what is wrong: this account has no grant. */
  longest[16 * 1024] = '\0';
  CHECK_EXPLAINED(ECOAUTH_ERROR_NEEDS_AUTHORIZATION,
                  ecoauth_account_request_with(account, "GET", "/", longest, NULL, 0, NULL, 64 * MEBIBYTE, LONG_MS,
                                               &response, &error),
                  error);
  free(longest);
  ecoauth_account_close(account);
  ecoauth_client_free(client);
}

int main(int argc, char** argv) {
  static const struct test_case cases[] = {
      {"headers arrive", headers_arrive},
      {"headers and limit with a refused token", headers_and_limit_with_a_refused_token},
      {"limits", limits},
      {"at once", at_once},
      {"refused", refused},
  };
  return RUN_CASES(argc, argv, cases);
}
