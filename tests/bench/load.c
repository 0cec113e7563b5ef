/* dlopen() of one library in this fresh process: how long it took and what it added to the resident memory.
 *
 * usage: load LIBRARY
 * SPDX-License-Identifier: MIT */
#include <dlfcn.h>

#include "bench.h"

static double resident_kb(void) {
  FILE* rollup = fopen("/proc/self/smaps_rollup", "re");
  BENCH_NEED(rollup);
  char line[256];
  double kb = -1;
  while (kb < 0 && fgets(line, sizeof line, rollup))
    if (sscanf(line, "Rss: %lf", &kb) != 1) kb = -1;
  fclose(rollup);
  BENCH_NEED(kb > 0);
  return kb;
}

int main(int argc, char** argv) {
  BENCH_NEED(argc == 2);
  double before_kb = resident_kb();
  double began = bench_now_ns(CLOCK_MONOTONIC);
  void* handle = dlopen(argv[1], RTLD_NOW | RTLD_LOCAL);
  double took_ns = bench_now_ns(CLOCK_MONOTONIC) - began;
  if (!handle) fprintf(stderr, "%s\n", dlerror());
  BENCH_NEED(handle);
  printf("dlopen_us %.1f\nresident_kb %.0f\n", took_ns / 1000, resident_kb() - before_kb);
  return 0;
}
