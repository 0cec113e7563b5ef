/* exit() with a live client, in every phase: it ends in time, cleanly, and no callback is made from then on. */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "capi_test.h"

enum { shutdown_ms = 500, child_limit_ms = 15000 };

static int gone;           /* the library has been told that the process ends */
static int called_after;   /* callbacks since then */
static int entered, block; /* for callbacks that do not return */

/* Registered before the library registers its own, so it runs after it. */
static void after_the_library(void) {
  add_one(&gone);
  sleep_ms(150);
  if (read_count(&called_after) != 0) _exit(2);
}

static void called(void) {
  if (read_count(&gone)) add_one(&called_after);
  add_one(&entered);
  while (read_count(&block)) sleep_ms(1000);
}

static void on_event(void* user_data, const ecoauth_event* event) {
  (void)user_data, (void)event;
  called();
}

static void on_log(void* user_data, int32_t level, const char* line) {
  (void)user_data, (void)level, (void)line;
  if (read_count(&gone)) add_one(&called_after);
}

static int32_t load(void* user_data, const char* key, ecoauth_blob* out) {
  (void)user_data, (void)key, (void)out;
  called();
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

static void finalizer(void* user_data) {
  (void)user_data;
  if (read_count(&gone)) add_one(&called_after);
}

/* A client whose life in the child ends with exit(). */
static ecoauth_client* client;
static ecoauth_account* account;

static void open_client(ecoauth_options* options) {
  CHECK_RESULT(ECOAUTH_OK, ecoauth_options_set_event_callback(options, on_event, NULL, finalizer));
  CHECK_RESULT(ECOAUTH_OK, ecoauth_options_set_log_callback(options, ECOAUTH_LOG_TRACE, on_log, NULL, finalizer));
  CHECK_RESULT(ECOAUTH_OK, ecoauth_options_set_shutdown_timeout_ms(options, shutdown_ms));
  client = client_of(options);
  account = account_of(client);
}

static void authorized_client(void) {
  open_client(authorized_options(ECOAUTH_DISPATCH_WORKER));
  CHECK_RESULT(ECOAUTH_OK, ecoauth_account_wait(account, 0, LONG_MS, NULL));
}

static void never_used(void) { open_client(offline_options(ECOAUTH_DISPATCH_WORKER)); }

static void store_read(void) {
  open_client(offline_options(ECOAUTH_DISPATCH_WORKER));
  CHECK_RESULT(ECOAUTH_OK, ecoauth_account_wait(account, 0, LONG_MS, NULL));
}

static void idle(void) {
  authorized_client();
  CHECK_RESULT(ECOAUTH_OK, ecoauth_account_refresh(account, LONG_MS, NULL));
}

static void freed(void) {
  idle();
  ecoauth_account_close(account);
  ecoauth_client_free(client);
}

static void closing(void) {
  idle();
  CHECK_RESULT(ECOAUTH_OK, ecoauth_client_close_start(client, NULL));
}

/* A sandbox in which nobody approves anything. */
static struct sandbox undecided;

static void waiting_for_a_pin(void) {
  int64_t operation = 0;
  ecoauth_options* options = offline_options(ECOAUTH_DISPATCH_WORKER);
  CHECK_RESULT(ECOAUTH_OK, ecoauth_options_set_base_url(options, undecided.url));
  open_client(options);
  CHECK_RESULT(ECOAUTH_OK, ecoauth_account_authorize_pin_start(account, &operation, NULL));
  sandbox_await_requests(&undecided, "token", 1);
}

static void request_under_way(void) {
  int64_t operation = 0;
  authorized_client();
  sandbox_control(test_sandbox(), "fault", "name=delay&ms=60000&at=api");
  CHECK_RESULT(ECOAUTH_OK,
               ecoauth_account_request_start(account, "GET", "/1/thermostat", NULL, 0, NULL, &operation, NULL));
  sandbox_await_requests(test_sandbox(), "api", 1);
}

static void token_request_under_way(void) {
  int64_t operation = 0;
  authorized_client();
  sandbox_control(test_sandbox(), "fault", "name=delay&ms=60000&at=token");
  CHECK_RESULT(ECOAUTH_OK, ecoauth_account_refresh_start(account, &operation, NULL));
  sandbox_await_requests(test_sandbox(), "token", 1);
}

static void many_under_way(void) {
  int64_t operation = 0;
  authorized_client();
  for (int i = 0; i < 100; ++i)
    CHECK_RESULT(ECOAUTH_OK,
                 ecoauth_account_request_start(account, "GET", "/1/thermostat", NULL, 0, NULL, &operation, NULL));
}

static void inside_an_event_callback(void) {
  int64_t operation = 0;
  add_one(&block);
  open_client(offline_options(ECOAUTH_DISPATCH_WORKER));
  CHECK_RESULT(ECOAUTH_OK, ecoauth_account_get_token_start(account, 0, &operation, NULL));
  await_count(&entered, 1);
}

static void inside_a_store_callback(void) {
  int64_t operation = 0;
  ecoauth_options* options = offline_options(ECOAUTH_DISPATCH_WORKER);
  add_one(&block);
  CHECK_RESULT(ECOAUTH_OK, ecoauth_options_set_store(options, ecoauth_store_new_callbacks(NULL, finalizer, load, save,
                                                                                          erase, NULL, NULL, NULL)));
  open_client(options);
  CHECK_RESULT(ECOAUTH_OK, ecoauth_account_get_token_start(account, 0, &operation, NULL));
  await_count(&entered, 1);
}

static int waiting;

static void* wait_for_ever(void* unused) {
  ecoauth_status* status = NULL;
  (void)unused;
  CHECK_RESULT(ECOAUTH_OK, ecoauth_account_status(account, &status, NULL));
  int64_t revision = ecoauth_status_revision(status);
  ecoauth_status_free(status);
  add_one(&waiting);
  ecoauth_account_wait(account, revision, ECOAUTH_WAIT_FOREVER, NULL);
  return NULL;
}

static void another_thread_waits(void) {
  pthread_t thread;
  authorized_client();
  CHECK(pthread_create(&thread, NULL, wait_for_ever, NULL) == 0);
  pthread_detach(thread);
  await_count(&waiting, 1);
}

static void polled_by_nobody(void) {
  int64_t operation = 0;
  client = client_of(authorized_options(ECOAUTH_DISPATCH_POLL));
  account = account_of(client);
  CHECK_RESULT(ECOAUTH_OK, ecoauth_account_refresh_start(account, &operation, NULL));
}

static const struct {
  const char* name;
  void (*reach)(void);
} phases[] = {
    {"never used", never_used},
    {"store read", store_read},
    {"idle", idle},
    {"freed", freed},
    {"closing", closing},
    {"waiting for a PIN", waiting_for_a_pin},
    {"request under way", request_under_way},
    {"token request under way", token_request_under_way},
    {"many under way", many_under_way},
    {"inside an event callback", inside_an_event_callback},
    {"inside a store callback", inside_a_store_callback},
    {"another thread waits", another_thread_waits},
    {"polled by nobody", polled_by_nobody},
};

static void every_phase(void) {
  static const char* const arguments[] = {"--interval", "1", NULL};
  sandbox_start(&undecided, sandbox_program(), arguments);
  ecoauth_store_free(authorized_store()); /* made before any fork, by a client that has ended */
  for (size_t i = 0; i < sizeof phases / sizeof *phases; ++i) {
    int status = 0;
    const int64_t before_ms = now_ms();
    printf("  %s\n", phases[i].name);
    fflush(stdout);
    sandbox_delete(test_sandbox(), "fault");
    sandbox_delete(test_sandbox(), "log");
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
      phases[i].reach();
      exit(0);
    }
    while (waitpid(child, &status, WNOHANG) == 0) {
      CHECK(now_ms() - before_ms < child_limit_ms);
      sleep_ms(5);
    }
    CHECK_NUMBER(0, status);
  }
  sandbox_stop(&undecided);
}

int main(int argc, char** argv) {
  static const struct test_case cases[] = {{"every phase", every_phase}};
  atexit(after_the_library);
  return RUN_CASES(argc, argv, cases);
}
