/* A host that ends while a worker is in the middle of a request. The exit test runs many of these.
 *
 * usage: exit_host LIBRARY WAY URL CERTIFICATE_FILE      the certificate file is empty for plain http
 *
 * It starts a request, says "go" on stdout, waits for a byte on stdin (the request has reached the server), says at
 * what time it leaves, and leaves: by `exit`, `return` from main, `exit-thread` (exit() on another thread while the
 * main thread waits in a blocking call), `free-at-exit` (the client is freed by an exit handler of the host), or
 * `quit-callback` (exit() inside an event callback of the library). SPDX-License-Identifier: MIT */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "host.h"

static struct library eco;
static ecoauth_client* client;
static ecoauth_account* account;
static atomic_bool leaving;

static void announce(void) {
  char byte;
  printf("go\n");
  fflush(stdout);
  CHECK(read(STDIN_FILENO, &byte, 1) == 1);
}

static void say_time(void) {
  printf("leaving %lld\n", (long long)now_ms());
  fflush(stdout);
}

static void free_client(void) {
  eco.ecoauth_client_free(client);
  eco.ecoauth_account_close(account);
}

static void* leave(void* unused) {
  (void)unused;
  announce();
  say_time();
  exit(0);
}

static void on_event(void* unused, const ecoauth_event* event) {
  (void)unused;
  if (leaving && eco.ecoauth_event_kind(event) == ECOAUTH_EVENT_COMPLETED) {
    say_time();
    exit(0);
  }
}

/* Says "go" before its requests: the moment of leaving is to be any. */
static void storm(void) {
  announce();
  static ecoauth_account* others[26];
  for (int i = 0; i < 26; ++i) {
    const char key[] = {(char)('a' + i), 0};
    int64_t operation = 0;
    CHECK(eco.ecoauth_account_open(client, key, &others[i], NULL) == ECOAUTH_OK);
    CHECK(eco.ecoauth_account_authorize_pin_start(others[i], &operation, NULL) == ECOAUTH_OK);
  }
  char byte;
  CHECK(read(STDIN_FILENO, &byte, 1) == 1);
  say_time();
  exit(0);
}

int main(int argc, char** argv) {
  CHECK(argc == 5);
  const char* way = argv[2];
  bool in_callback = strcmp(way, "quit-callback") == 0;
  if (strcmp(way, "free-at-exit") == 0) CHECK(atexit(free_client) == 0);
  eco = library_load(argv[1]);
  ecoauth_options* options = host_options(&eco, argv[3], *argv[4] ? argv[4] : NULL, NULL);
  CHECK(eco.ecoauth_options_set_shutdown_timeout_ms(options, 100) == ECOAUTH_OK);
  if (in_callback) CHECK(eco.ecoauth_options_set_event_callback(options, on_event, NULL, NULL) == ECOAUTH_OK);
  client = host_client(&eco, options);
  account = host_account(&eco, client);
  if (strcmp(way, "exit-thread") == 0) {
    pthread_t thread;
    CHECK(pthread_create(&thread, NULL, leave, NULL) == 0);
    eco.ecoauth_account_authorize_pin(account, ECOAUTH_WAIT_FOREVER, NULL);
    for (;;) pause();
  }
  if (strcmp(way, "storm") == 0) storm();
  int64_t operation = 0;
  CHECK(eco.ecoauth_account_authorize_pin_start(account, &operation, NULL) == ECOAUTH_OK);
  announce();
  if (in_callback) {
    leaving = true;
    CHECK(eco.ecoauth_client_cancel(client, operation) == ECOAUTH_OK);
    for (;;) pause();
  }
  say_time();
  if (strcmp(way, "return") == 0) return 0;
  exit(0);
}
