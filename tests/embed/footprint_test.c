/* Loading, opening, using, freeing and unloading leave the host's process as it was, bit for bit; opening a client and
 * an account starts no thread and opens no descriptor; nothing is ever printed.
 *
 * usage: footprint_test LIBRARY SANDBOX PEER
 * SPDX-License-Identifier: MIT */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "host.h"
#include "snapshot.h"

static const char* library_path;
static struct server sandbox;
static const char* ca_file;

static void on_event(void* user_data, const ecoauth_event* event) {
  (void)event;
  ++*(_Atomic int*)user_data;
}

/* One whole life of a client in this dispatch mode. `before` is what the process looked like before loading. */
static void live(const struct library* eco, int32_t dispatch, const char* before,
                 const char* before_without_resources) {
  _Atomic int events = 0;
  ecoauth_options* options = host_options(eco, sandbox.url, ca_file, temporary_path(dispatch ? "poll" : "worker"));
  CHECK(eco->ecoauth_options_set_dispatch(options, dispatch) == ECOAUTH_OK);
  if (dispatch == ECOAUTH_DISPATCH_WORKER)
    CHECK(eco->ecoauth_options_set_event_callback(options, on_event, (void*)&events, NULL) == ECOAUTH_OK);
  ecoauth_client* client = host_client(eco, options);
  ecoauth_account* account = host_account(eco, client);
  snapshot_compare(before, snapshot_take(true), "after opening a client and an account");

  host_login(eco, account);
  snapshot_compare(before_without_resources, snapshot_take(false), "after a login");
  ecoauth_error* error = NULL;
  ecoauth_response* response = NULL;
  int32_t result =
      eco->ecoauth_account_request(account, "GET",
                                   "/1/thermostatSummary?json=%7B%22selection%22%3A%7B"
                                   "%22selectionType%22%3A%22registered%22%2C%22selectionMatch%22%3A%22%22%7D%7D",
                                   NULL, 0, NULL, 20000, &response, &error);
  CHECK_OK(eco, result, error);
  CHECK(eco->ecoauth_response_http_status(response) == 200);
  eco->ecoauth_response_free(response);
  result = eco->ecoauth_account_refresh(account, 20000, &error);
  CHECK_OK(eco, result, error);
  snapshot_compare(before_without_resources, snapshot_take(false), "after a request and a refresh");

  eco->ecoauth_client_free(client);
  eco->ecoauth_account_close(account);
  CHECK(dispatch != ECOAUTH_DISPATCH_WORKER || events > 0);
  await_threads(1);
  snapshot_compare(before, snapshot_take(true), "after the client was freed");
}

static void host(void* unused) {
  (void)unused;
  check_fd = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 100);
  int quiet = open(temporary_path("said"), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  CHECK(quiet >= 0 && dup2(quiet, STDOUT_FILENO) >= 0 && dup2(quiet, STDERR_FILENO) >= 0);
  close(quiet);

  char *before = snapshot_take(true), *before_without_resources = snapshot_take(false);
  struct library eco = library_load(library_path);
  snapshot_compare(before, snapshot_take(true), "after loading (the mask of the loading thread put back)");
  live(&eco, ECOAUTH_DISPATCH_WORKER, before, before_without_resources);
  live(&eco, ECOAUTH_DISPATCH_POLL, before, before_without_resources);
  library_unload(&eco);
  snapshot_compare(before, snapshot_take(true), "after unloading");

  /* The one documented exception is exactly that: SIGPIPE, in the thread that loads. */
  sigset_t mask, expected;
  struct library again = library_load_plainly(library_path);
  pthread_sigmask(SIG_SETMASK, NULL, &mask);
  sigemptyset(&expected);
  CHECK(memcmp(&mask, &expected, NSIG / 8) == 0 ||
        (sigaddset(&expected, SIGPIPE) == 0 && memcmp(&mask, &expected, NSIG / 8) == 0));
  library_unload(&again);
  struct stat said;
  CHECK(fflush(NULL) == 0 && fstat(STDERR_FILENO, &said) == 0);
  CHECK_SAYING(said.st_size == 0, "the library has printed %lld bytes", (long long)said.st_size);
}

int main(int argc, char** argv) {
  CHECK(argc == 4);
  library_path = argv[1];
  ca_file = temporary_path("ca.pem");
  sandbox = sandbox_start(argv[2], ca_file);
  sigset_t open_mask;
  sigemptyset(&open_mask);
  pthread_sigmask(SIG_SETMASK, &open_mask, NULL);
  umask(027);
  tzset(); /* POCO does it when it is loaded; a host that has shown a time has done it before */
  in_child(host, NULL, 60000);
  server_stop(&sandbox);
  return 0;
}
