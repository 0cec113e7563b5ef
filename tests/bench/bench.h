/* What the measured programs have in common. Each prints lines of "name value" and fails when a measurement cannot be
 * made. SPDX-License-Identifier: MIT */
#ifndef BENCH_H
#define BENCH_H

#include <ecoauth/ecoauth.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define BENCH_CLIENT_ID "BenchmarkBenchmarkBenchmark32abc"
#define BENCH_NEED(condition) ((condition) ? (void)0 : bench_fail(__FILE__, __LINE__, #condition))

static inline void bench_fail(const char* file, int line, const char* condition) {
  fprintf(stderr, "%s:%d: not true: %s\n", file, line, condition);
  exit(1);
}

static inline double bench_now_ns(clockid_t clock) {
  struct timespec now;
  BENCH_NEED(clock_gettime(clock, &now) == 0);
  return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

static inline int bench_compare(const void* left, const void* right) {
  double a = *(const double*)left, b = *(const double*)right;
  return (a > b) - (a < b);
}

static inline double bench_median(double* values, size_t count) {
  qsort(values, count, sizeof *values, bench_compare);
  return values[count / 2];
}

/* Fails, with the error's texts, unless `result` is a success. */
static inline void bench_ok(int32_t result, ecoauth_error* error) {
  if (result >= 0) return;
  fprintf(stderr, "%s: %s\n", ecoauth_result_name(result), ecoauth_error_message(error));
  exit(1);
}

/* A client of the sandbox at that address, and its account. Takes the store. */
static inline ecoauth_account* bench_account(const char* url, const char* ca_file, ecoauth_store* store,
                                             ecoauth_client** client) {
  ecoauth_options* options = ecoauth_options_new();
  ecoauth_account* account = NULL;
  ecoauth_error* error = NULL;
  BENCH_NEED(ecoauth_options_set_client_id(options, BENCH_CLIENT_ID) == ECOAUTH_OK);
  BENCH_NEED(ecoauth_options_set_base_url(options, url) == ECOAUTH_OK);
  BENCH_NEED(ecoauth_options_set_ca_file(options, ca_file) == ECOAUTH_OK);
  BENCH_NEED(ecoauth_options_set_store(options, store) == ECOAUTH_OK);
  bench_ok(ecoauth_client_new(options, client, &error), error);
  bench_ok(ecoauth_account_open(*client, NULL, &account, &error), error);
  return account;
}

static inline void bench_login(ecoauth_account* account) {
  ecoauth_error* error = NULL;
  bench_ok(ecoauth_account_authorize_pin(account, 60000, &error), error);
}

static inline void bench_refresh(ecoauth_account* account) {
  ecoauth_error* error = NULL;
  bench_ok(ecoauth_account_refresh(account, 20000, &error), error);
}

#endif
