/* Programs that the host starts inherit nothing of the library: no socket, no lock, no wakeup end, no token file. They
 * are started by posix_spawn(), which runs no fork handlers, at every stage of a client's life and many times during
 * refreshes.
 *
 * usage: children_test LIBRARY SANDBOX PEER        with "list" alone: prints the open descriptors above stderr, by
 * number SPDX-License-Identifier: MIT */
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "host.h"

static const char* own_program = "/proc/self/exe";

static int list(void) {
  char path[64], target[4096];
  for (int fd = 3; fd < 1024; ++fd) {
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(path, target, sizeof target - 1);
    if (length > 0) printf("%d %.*s\n", fd, (int)length, target);
  }
  return 0;
}

/* What a child has open beyond the three of every program. */
static void child_inherits(char* text, size_t size) {
  int out[2];
  CHECK(pipe2(out, O_CLOEXEC) == 0);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, out[1], STDOUT_FILENO);
  pid_t child;
  CHECK(posix_spawn(&child, own_program, &actions, NULL, (char* const[]){"children_test", "list", NULL}, environ) == 0);
  posix_spawn_file_actions_destroy(&actions);
  close(out[1]);
  size_t length = 0;
  ssize_t got;
  while (length < size - 1 && (got = read(out[0], text + length, size - 1 - length)) > 0) length += (size_t)got;
  text[length] = 0;
  close(out[0]);
  CHECK(await_child(child, 20000) == 0);
}

static char usual[4096];

static void expect_nothing_new(const char* when) {
  char now[4096];
  child_inherits(now, sizeof now);
  CHECK_SAYING(strcmp(now, usual) == 0, "%s a child inherits:\n%sinstead of:\n%s", when, now, usual);
}

static void under_way(const struct library* eco, const char* program, const char* mode, const char* ca_file) {
  struct server peer = server_start((char* const[]){(char*)program, (char*)mode, (char*)ca_file, NULL});
  ecoauth_options* options = host_options(eco, peer.url, ca_file, temporary_path("under-way"));
  CHECK(eco->ecoauth_options_set_dispatch(options, ECOAUTH_DISPATCH_POLL) == ECOAUTH_OK);
  CHECK(eco->ecoauth_options_set_shutdown_timeout_ms(options, 100) == ECOAUTH_OK);
  ecoauth_client* client = host_client(eco, options);
  ecoauth_account* account = host_account(eco, client);
  int32_t fd = -1;
  CHECK(eco->ecoauth_client_wakeup_fd(client, &fd, NULL) == ECOAUTH_OK);
  int before = descriptor_count();
  host_start(eco, account, &peer);
  CHECK(descriptor_count() > before); /* there is something to inherit */
  expect_nothing_new("while a request is under way");
  close(fd);
  eco->ecoauth_client_free(client);
  eco->ecoauth_account_close(account);
  server_stop(&peer);
}

int main(int argc, char** argv) {
  if (argc == 2 && strcmp(argv[1], "list") == 0) return list();
  CHECK(argc == 4);
  const char* ca_file = temporary_path("ca.pem");
  struct server sandbox = sandbox_start(argv[2], ca_file);
  child_inherits(usual, sizeof usual);

  /* The listing sees what is there. */
  int plain = dup(STDIN_FILENO);
  char now[4096];
  child_inherits(now, sizeof now);
  CHECK(plain > 2 && strcmp(now, usual) != 0);
  close(plain);

  struct library eco = library_load(argv[1]);
  expect_nothing_new("after loading");
  under_way(&eco, argv[3], "silent", NULL);
  under_way(&eco, argv[3], "tls-silent", temporary_path("peer.pem"));

  ecoauth_options* options = host_options(&eco, sandbox.url, ca_file, temporary_path("store"));
  CHECK(eco.ecoauth_options_set_dispatch(options, ECOAUTH_DISPATCH_POLL) == ECOAUTH_OK);
  ecoauth_client* client = host_client(&eco, options);
  ecoauth_account* account = host_account(&eco, client);
  host_login(&eco, account);
  expect_nothing_new("after a login");
  for (int i = 0; i < 40; ++i) {
    int64_t operation = 0;
    ecoauth_error* error = NULL;
    int32_t result = eco.ecoauth_account_refresh_start(account, &operation, &error);
    CHECK_OK(&eco, result, error);
    expect_nothing_new("during a refresh");
  }
  eco.ecoauth_client_free(client);
  eco.ecoauth_account_close(account);
  expect_nothing_new("after the client was freed");
  server_stop(&sandbox);
  return 0;
}
