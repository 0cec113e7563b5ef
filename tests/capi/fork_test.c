/* fork(): the child's copies of handles answer FORKED, the parent does not notice, and the parent's lock ends with it.
 */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "capi_test.h"
#include "fixture.h"

int forked_calls(struct fixture* f);

/* Runs `body` in a child; it ends with its result. */
static void in_child(int (*body)(void*), void* argument) {
  int status = 0;
  pid_t child = fork();
  CHECK(child >= 0);
  if (child == 0) {
    alarm(30);
    _exit(body(argument) == 0 ? 0 : 1);
  }
  CHECK(waitpid(child, &status, 0) == child);
  CHECK_NUMBER(0, status);
}

static int call_everything(void* fixture) {
  before("all functions", "handles of the parent");
  int wrong = forked_calls(fixture);
  fixture_end(fixture); /* frees and closes: nothing of the parent's may be touched */
  return wrong;
}

static void every_call(void) {
  struct fixture f;
  ecoauth_error* error = NULL;
  CHECK_NUMBER(0, fixture_open(&f));
  in_child(call_everything, &f); /* nothing has been started yet */
  CHECK_EXPLAINED(ECOAUTH_OK, ecoauth_account_wait(f.account, 0, LONG_MS, &error), error);
  in_child(call_everything, &f); /* with idle workers */
  fixture_end(&f);
}

static int make_a_client(void* unused) {
  (void)unused;
  ecoauth_client* client = client_of(authorized_options(ECOAUTH_DISPATCH_POLL));
  ecoauth_account* account = account_of(client);
  ecoauth_token* token = NULL;
  CHECK_RESULT(ECOAUTH_OK, ecoauth_account_refresh(account, LONG_MS, NULL));
  CHECK_RESULT(ECOAUTH_OK, ecoauth_account_get_token(account, 0, LONG_MS, &token, NULL));
  ecoauth_token_free(token);
  ecoauth_account_close(account);
  ecoauth_client_free(client);
  return 0;
}

/* In the middle of a request, with callbacks and events around. */
static void the_parent_is_not_disturbed(void) {
  struct fixture f = {0};
  f.client = client_of(authorized_options(ECOAUTH_DISPATCH_POLL));
  f.caller = client_of(offline_options(ECOAUTH_DISPATCH_CALLER));
  f.account = account_of(f.client);
  int64_t operation = 0;
  CHECK_RESULT(ECOAUTH_OK, ecoauth_account_wait(f.account, 0, LONG_MS, NULL));
  sandbox_control(test_sandbox(), "fault", "name=delay&ms=500&at=token");
  CHECK_RESULT(ECOAUTH_OK, ecoauth_account_refresh_start(f.account, &operation, NULL));
  sandbox_await_requests(test_sandbox(), "token", 1);
  in_child(call_everything, &f);
  in_child(make_a_client, NULL);
  ecoauth_event* event = await_completed(f.client, operation);
  CHECK_RESULT(ECOAUTH_OK, ecoauth_event_result(event));
  ecoauth_event_free(event);
  CHECK_NUMBER(2, ecoauth_account_generation(f.account));
  fixture_end(&f);
}

static ecoauth_client* client_in(const char* folder) {
  ecoauth_options* options = sandbox_options(ECOAUTH_DISPATCH_POLL);
  CHECK_RESULT(ECOAUTH_OK, ecoauth_options_set_store(options, ecoauth_store_new_file(folder)));
  return client_of(options);
}

/* A process that holds the lock of a record in `folder`, and has a child of its own that lives on. Says both numbers.
 */
static void hold_the_lock(const char* folder, int report, int leash) {
  char byte;
  int64_t operation = 0;
  ecoauth_client* client = client_in(folder);
  ecoauth_account* account = account_of(client);
  CHECK_RESULT(ECOAUTH_OK, ecoauth_account_refresh_start(account, &operation, NULL));
  sandbox_await_requests(test_sandbox(), "token", 1); /* the lock is held while the server thinks */
  pid_t child = fork();
  CHECK(child >= 0);
  if (child == 0) _exit(read(leash, &byte, 1) == 0 ? 0 : 1); /* until the test lets go */
  CHECK(write(report, &child, sizeof child) == sizeof child);
  for (;;) pause();
}

static void the_lock_ends_with_the_parent(void) {
  char folder[] = "/tmp/ecoauth-fork-XXXXXX", command[64];
  int report[2], leash[2], status = 0;
  pid_t child = 0;
  ecoauth_error* error = NULL;
  CHECK(mkdtemp(folder) != NULL);
  ecoauth_client* client = client_in(folder);
  ecoauth_account* account = account_of(client);
  CHECK_EXPLAINED(ECOAUTH_OK, ecoauth_account_authorize_pin(account, LONG_MS, &error), error);
  ecoauth_account_close(account);
  ecoauth_client_free(client);
  sandbox_delete(test_sandbox(), "log");
  sandbox_control(test_sandbox(), "fault", "name=delay&ms=15000&at=token");
  CHECK(pipe(report) == 0 && pipe(leash) == 0);
  pid_t holder = fork();
  CHECK(holder >= 0);
  if (holder == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    close(leash[1]);
    hold_the_lock(folder, report[1], leash[0]);
  }
  CHECK(read(report[0], &child, sizeof child) == sizeof child);

  client = client_in(folder);
  account = account_of(client);
  int32_t result = ecoauth_account_refresh(account, 300, &error); /* somebody else holds it */
  CHECK(result == ECOAUTH_ERROR_STORE_LOCKED || result == ECOAUTH_ERROR_TIMEOUT);
  ecoauth_error_free(error);
  error = NULL;
  CHECK_NUMBER(1, sandbox_requests(test_sandbox(), "token"));
  CHECK(kill(holder, SIGKILL) == 0 && waitpid(holder, &status, 0) == holder);
  CHECK(kill(child, 0) == 0); /* alive, with whatever it inherited */
  CHECK_EXPLAINED(ECOAUTH_OK, ecoauth_account_refresh(account, LONG_MS, &error), error);
  close(leash[1]);
  ecoauth_account_close(account);
  ecoauth_client_free(client);
  for (int i = 0; i < 2; ++i) close(report[i]);
  close(leash[0]);
  snprintf(command, sizeof command, "rm -r %s", folder);
  CHECK(system(command) == 0);
}

int main(int argc, char** argv) {
  static const struct test_case cases[] = {
      {"every call", every_call},
      {"the parent is not disturbed", the_parent_is_not_disturbed},
      {"the lock ends with the parent", the_lock_ends_with_the_parent},
  };
  return RUN_CASES(argc, argv, cases);
}
