/* A host that does nothing with a loaded account: threads before the first request, and what the library does of its
 * own accord in a window of time, counted as context switches of all tasks but the one that waits.
 *
 * usage: idle URL CA_FILE SETTLE_S WINDOW_S
 * SPDX-License-Identifier: MIT */
#include <dirent.h>
#include <sys/resource.h>
#include <unistd.h>

#include "bench.h"

static int threads(void) {
  DIR* tasks = opendir("/proc/self/task");
  BENCH_NEED(tasks);
  int count = 0;
  for (struct dirent* entry; (entry = readdir(tasks));) count += entry->d_name[0] != '.';
  closedir(tasks);
  return count;
}

/* Of threads that have ended, too. */
static long switches_of_others(void) {
  struct rusage all, own;
  BENCH_NEED(getrusage(RUSAGE_SELF, &all) == 0 && getrusage(RUSAGE_THREAD, &own) == 0);
  return all.ru_nvcsw + all.ru_nivcsw - own.ru_nvcsw - own.ru_nivcsw;
}

int main(int argc, char** argv) {
  BENCH_NEED(argc == 5);
  ecoauth_client* client = NULL;
  ecoauth_account* account = bench_account(argv[1], argv[2], ecoauth_store_new_memory(), &client);
  printf("threads_before %d\n", threads() - 1);
  bench_login(account);
  printf("threads_after %d\n", threads() - 1);
  sleep((unsigned)atoi(argv[3]));
  long before = switches_of_others();
  sleep((unsigned)atoi(argv[4]));
  printf("switches %ld\nthreads_idle %d\n", switches_of_others() - before, threads() - 1);
  ecoauth_account_close(account);
  ecoauth_client_free(client);
  return 0;
}
