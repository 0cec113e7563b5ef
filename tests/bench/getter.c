/* The token getter against what it cannot do without: a copy of the token and one read of the clock that tells its age.
 *
 * usage: getter URL CA_FILE
 * SPDX-License-Identifier: MIT */
#include <pthread.h>
#include <sched.h>
#include <string.h>
#include <unistd.h>

#include "bench.h"

enum { rounds = 101, calls = 20000, most_threads = 2 };

static ecoauth_account* account;
static char token[16384];
static size_t token_bytes; /* with its NUL */
static pthread_barrier_t together;

static void floor_once(char* buffer) {
  struct timespec now;
  clock_gettime(CLOCK_BOOTTIME, &now);
  if (now.tv_sec < 0) abort();
  memcpy(buffer, token, token_bytes);
  __asm__ volatile("" : : "r"(buffer) : "memory");
}

static void getter_once(char* buffer) {
  size_t needed;
  int64_t generation;
  if (ecoauth_account_copy_token(account, buffer, sizeof token, &needed, &generation) != ECOAUTH_OK) abort();
}

struct job {
  void (*once)(char*);
  int processor;
  double ns_per_call;
};

static void* work(void* argument) {
  struct job* job = argument;
  cpu_set_t only;
  CPU_ZERO(&only);
  CPU_SET(job->processor, &only);
  BENCH_NEED(sched_setaffinity(0, sizeof only, &only) == 0);
  char* buffer = aligned_alloc(64, sizeof token);
  BENCH_NEED(buffer);
  for (int i = 0; i < 1000; ++i) job->once(buffer);
  pthread_barrier_wait(&together);
  /* The thread's own time: waiting for a cache line counts, being preempted does not. */
  double began = bench_now_ns(CLOCK_THREAD_CPUTIME_ID);
  for (int i = 0; i < calls; ++i) job->once(buffer);
  job->ns_per_call = (bench_now_ns(CLOCK_THREAD_CPUTIME_ID) - began) / calls;
  free(buffer);
  return NULL;
}

/* Nanoseconds per call with that many threads at once, each on a processor of its own; of the slowest. */
static double measure(void (*once)(char*), int threads) {
  pthread_t ids[most_threads];
  struct job jobs[most_threads];
  double slowest = 0;
  pthread_barrier_init(&together, NULL, (unsigned)threads);
  for (int i = 0; i < threads; ++i) {
    jobs[i] = (struct job){once, i, 0};
    BENCH_NEED(pthread_create(&ids[i], NULL, work, &jobs[i]) == 0);
  }
  for (int i = 0; i < threads; ++i) {
    pthread_join(ids[i], NULL);
    if (jobs[i].ns_per_call > slowest) slowest = jobs[i].ns_per_call;
  }
  pthread_barrier_destroy(&together);
  return slowest;
}

int main(int argc, char** argv) {
  BENCH_NEED(argc == 3);
  ecoauth_client* client = NULL;
  account = bench_account(argv[1], argv[2], ecoauth_store_new_memory(), &client);
  bench_login(account);
  BENCH_NEED(ecoauth_account_copy_token(account, token, sizeof token, &token_bytes, NULL) == ECOAUTH_OK);
  int most = sysconf(_SC_NPROCESSORS_ONLN) >= most_threads ? most_threads : 1;

  /* Interleaved: whatever disturbs the machine disturbs all four alike. Of the ratios of each round the median counts.
   */
  static double floors[most_threads][rounds], getters[most_threads][rounds], ratios[most_threads][rounds];
  for (int round = 0; round < rounds; ++round) {
    for (int threads = 1; threads <= most; ++threads) {
      double floor = measure(floor_once, threads), getter = measure(getter_once, threads);
      floors[threads - 1][round] = floor;
      getters[threads - 1][round] = getter;
      ratios[threads - 1][round] = getter / floor;
    }
  }
  printf("token_bytes %zu\n", token_bytes - 1);
  for (int threads = 1; threads <= most; ++threads) {
    printf("floor_ns_%d %.3f\n", threads, bench_median(floors[threads - 1], rounds));
    printf("getter_ns_%d %.3f\n", threads, bench_median(getters[threads - 1], rounds));
    printf("ratio_%d %.4f\n", threads, bench_median(ratios[threads - 1], rounds));
  }
  ecoauth_account_close(account);
  ecoauth_client_free(client);
  return 0;
}
