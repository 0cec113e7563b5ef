/* Token requests through the library, each on a new TLS connection: prints the processor time of one.
 *
 * usage: token_requests URL CA_FILE COUNT
 * SPDX-License-Identifier: MIT */
#include "bench.h"

int main(int argc, char** argv) {
  BENCH_NEED(argc == 4);
  int count = atoi(argv[3]);
  ecoauth_client* client = NULL;
  ecoauth_account* account = bench_account(argv[1], argv[2], ecoauth_store_new_memory(), &client);
  bench_login(account);
  bench_refresh(account);
  double began = bench_now_ns(CLOCK_PROCESS_CPUTIME_ID);
  for (int i = 0; i < count; ++i) bench_refresh(account);
  printf("cpu_us %.1f\n", (bench_now_ns(CLOCK_PROCESS_CPUTIME_ID) - began) / 1000 / count);
  ecoauth_account_close(account);
  ecoauth_client_free(client);
  return 0;
}
