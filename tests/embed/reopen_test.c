/* dlopen twice, dlclose, and dlopen again, 50 times, each time with a worker in the middle of a request: the library
 * stays mapped, so the worker's code does, and handles stay good across it.
 *
 * usage: reopen_test LIBRARY SANDBOX PEER
 * SPDX-License-Identifier: MIT */
#include "host.h"

enum { times = 50 };

/* Still held when the program ends. */
ecoauth_client* left_client;
ecoauth_account* left_account;

static void cancelled_by_free(const struct library* eco, ecoauth_client* client, int64_t operation) {
  /* Everything has an end, also what nobody asked about: the operation completes before the queue is closed. */
  for (;;) {
    ecoauth_event* event = NULL;
    ecoauth_error* error = NULL;
    int32_t result = eco->ecoauth_client_next_event(client, 10000, &event, &error);
    CHECK_OK(eco, result, error);
    bool ours =
        eco->ecoauth_event_kind(event) == ECOAUTH_EVENT_COMPLETED && eco->ecoauth_event_operation(event) == operation;
    if (ours) CHECK(eco->ecoauth_event_result(event) == ECOAUTH_ERROR_CANCELLED);
    eco->ecoauth_event_free(event);
    if (ours) return;
  }
}

/* One round: a request is under way, the library is closed and opened under it. */
static void round_with(const char* path, struct server* peer, const char* ca_file) {
  struct library first = library_load(path), second = library_load(path);
  CHECK(first.handle == second.handle && first.ecoauth_client_new == second.ecoauth_client_new);
  ecoauth_options* options = host_options(&first, peer->url, ca_file, NULL);
  CHECK(first.ecoauth_options_set_dispatch(options, ECOAUTH_DISPATCH_POLL) == ECOAUTH_OK);
  CHECK(first.ecoauth_options_set_shutdown_timeout_ms(options, 100) == ECOAUTH_OK);
  ecoauth_client* client = host_client(&first, options);
  ecoauth_account* account = host_account(&second, client);
  int64_t operation = host_start(&second, account, peer);

  __typeof__(first.ecoauth_client_free) there = first.ecoauth_client_free;
  library_unload(&first);
  library_unload(&second);
  struct library third = library_load(path);
  CHECK(third.ecoauth_client_free == there); /* stayed where it was */
  CHECK(third.ecoauth_client_cancel(client, operation) == ECOAUTH_OK);
  cancelled_by_free(&third, client, operation);
  third.ecoauth_client_free(client);
  third.ecoauth_account_close(account);
  library_unload(&third);
}

int main(int argc, char** argv) {
  CHECK(argc == 4);
  const char* ca_file = temporary_path("peer.pem");
  struct server peer = server_start((char* const[]){argv[3], "tls-silent", (char*)ca_file, NULL});
  for (int i = 0; i < times; ++i) round_with(argv[1], &peer, ca_file);
  await_threads(1);
  server_stop(&peer);

  /* It still works, and a client that nobody frees does not keep the program from ending. */
  const char* sandbox_ca = temporary_path("ca.pem");
  struct server sandbox = sandbox_start(argv[2], sandbox_ca);
  struct library eco = library_load(argv[1]);
  left_client = host_client(&eco, host_options(&eco, sandbox.url, sandbox_ca, NULL));
  left_account = host_account(&eco, left_client);
  host_login(&eco, left_account);
  library_unload(&eco);
  server_stop(&sandbox);
  return 0;
}
