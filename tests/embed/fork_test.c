/* fork() before loading, with an idle client, with a request under way, and after freeing: the parent is not disturbed,
 * every call in the child answers FORKED at once, freeing and leaving work there, and a child may load and use the
 * library itself.
 *
 * usage: fork_test LIBRARY SANDBOX PEER
 * SPDX-License-Identifier: MIT */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "host.h"

enum { child_ms = 30000 };

static const char* library_path;
static struct library eco;
static struct server sandbox;
static const char* sandbox_ca;

struct handles {
  ecoauth_client* client;
  ecoauth_account* account;
};

/* A whole life of its own, in whichever process. */
static void use_alone(void* path) {
  eco = library_load(path);
  ecoauth_client* client = host_client(&eco, host_options(&eco, sandbox.url, sandbox_ca, NULL));
  ecoauth_account* account = host_account(&eco, client);
  host_login(&eco, account);
  eco.ecoauth_client_free(client);
  eco.ecoauth_account_close(account);
}

/* What a child sees of its parent's handles. */
static void refused(void* argument) {
  struct handles* of_parent = argument;
  int64_t began = now_ms();
  ecoauth_error* error = NULL;
  ecoauth_token* token = NULL;
  char copy[16];
  int32_t fd = -1;
  CHECK(eco.ecoauth_account_get_token(of_parent->account, 0, 10000, &token, &error) == ECOAUTH_ERROR_FORKED);
  CHECK(error && eco.ecoauth_error_code(error) == ECOAUTH_ERROR_FORKED && *eco.ecoauth_error_advice(error));
  eco.ecoauth_error_free(error);
  CHECK(eco.ecoauth_account_copy_token(of_parent->account, copy, sizeof copy, NULL, NULL) == ECOAUTH_ERROR_FORKED);
  CHECK(eco.ecoauth_account_generation(of_parent->account) == ECOAUTH_ERROR_FORKED);
  CHECK(eco.ecoauth_account_authorize_pin(of_parent->account, 10000, NULL) == ECOAUTH_ERROR_FORKED);
  CHECK(eco.ecoauth_account_wait(of_parent->account, 0, 10000, NULL) == ECOAUTH_ERROR_FORKED);
  CHECK(eco.ecoauth_client_cancel(of_parent->client, 1) == ECOAUTH_ERROR_FORKED);
  CHECK(eco.ecoauth_client_wakeup_fd(of_parent->client, &fd, NULL) == ECOAUTH_ERROR_FORKED);
  eco.ecoauth_account_close(of_parent->account);
  eco.ecoauth_client_free(of_parent->client);
  CHECK_SAYING(now_ms() - began < 5000, "%lld ms", (long long)(now_ms() - began));
}

/* The same, and then its own client beside them. */
static void refused_then_alone(void* handles) {
  refused(handles);
  use_alone((void*)library_path);
}

/* A child that ends as programs do, with exit handlers. */
static void leaves_by_exit(void* unused) {
  (void)unused;
  exit(0);
}

static void idle_client(const char* folder) {
  ecoauth_client* client = host_client(&eco, host_options(&eco, sandbox.url, sandbox_ca, folder));
  ecoauth_account* account = host_account(&eco, client);
  struct handles handles = {client, account};
  in_child(refused, &handles, child_ms); /* before the first request: nothing has been started */
  host_login(&eco, account);
  in_child(refused, &handles, child_ms);
  in_child(leaves_by_exit, NULL, child_ms);
  in_child(refused_then_alone, &handles, child_ms);

  /* The children have taken nothing from their parent. */
  host_use(&eco, account);
  ecoauth_error* error = NULL;
  int32_t result = eco.ecoauth_account_refresh(account, 20000, &error);
  CHECK_OK(&eco, result, error);
  eco.ecoauth_client_free(client);
  eco.ecoauth_account_close(account);
}

/* A process that outlives its parent's client must not keep the grant locked: the parent may have to open it again. */
static void locks_are_not_inherited(const char* folder) {
  int hold[2];
  CHECK(pipe2(hold, O_CLOEXEC) == 0);
  ecoauth_client* client = host_client(&eco, host_options(&eco, sandbox.url, sandbox_ca, folder));
  ecoauth_account* account = host_account(&eco, client);
  host_use(&eco, account);
  pid_t lingering = fork();
  CHECK(lingering >= 0);
  if (lingering == 0) {
    char byte;
    close(hold[1]);
    _exit(read(hold[0], &byte, 1) == 0 ? 0 : 1);
  }
  eco.ecoauth_client_free(client);
  eco.ecoauth_account_close(account);

  client = host_client(&eco, host_options(&eco, sandbox.url, sandbox_ca, folder));
  account = host_account(&eco, client);
  ecoauth_error* error = NULL;
  int32_t result = eco.ecoauth_account_refresh(account, 20000, &error);
  CHECK_OK(&eco, result, error);
  eco.ecoauth_client_free(client);
  eco.ecoauth_account_close(account);
  close(hold[1]);
  CHECK(await_child(lingering, child_ms) == 0);
}

static void request_under_way(const char* peer_program) {
  const char* ca_file = temporary_path("peer.pem");
  struct server peer = server_start((char* const[]){(char*)peer_program, "tls-drip", (char*)ca_file, NULL});
  ecoauth_options* options = host_options(&eco, peer.url, ca_file, NULL);
  CHECK(eco.ecoauth_options_set_dispatch(options, ECOAUTH_DISPATCH_POLL) == ECOAUTH_OK);
  CHECK(eco.ecoauth_options_set_shutdown_timeout_ms(options, 100) == ECOAUTH_OK);
  ecoauth_client* client = host_client(&eco, options);
  ecoauth_account* account = host_account(&eco, client);
  struct handles handles = {client, account};
  int64_t operation = host_start(&eco, account, &peer);
  CHECK(thread_count() > 1);
  for (int i = 0; i < 10; ++i) {
    in_child(refused, &handles, child_ms);
    in_child(leaves_by_exit, NULL, child_ms);
  }
  in_child(refused_then_alone, &handles, child_ms);
  /* Still under way here: it ends when it is told to, not before. */
  CHECK(thread_count() > 1);
  CHECK(eco.ecoauth_client_cancel(client, operation) == ECOAUTH_OK);
  eco.ecoauth_client_free(client);
  eco.ecoauth_account_close(account);
  await_threads(1);
  server_stop(&peer);
}

int main(int argc, char** argv) {
  CHECK(argc == 4);
  library_path = argv[1];
  sandbox_ca = temporary_path("ca.pem");
  sandbox = sandbox_start(argv[2], sandbox_ca);
  const char* folder = temporary_path("store");
  in_child(use_alone, argv[1], child_ms); /* before this process has loaded anything */
  eco = library_load(argv[1]);
  in_child(use_alone, argv[1], child_ms); /* loaded, no client */
  idle_client(folder);
  locks_are_not_inherited(folder);
  request_under_way(argv[3]);
  in_child(use_alone, argv[1], child_ms); /* used and freed */
  use_alone(argv[1]);
  server_stop(&sandbox);
  return 0;
}
