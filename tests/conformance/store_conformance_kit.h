/* What the parts of the conformance kit share; users need store_conformance.h only.
 * SPDX-License-Identifier: MIT */
#ifndef STORE_CONFORMANCE_KIT_H
#define STORE_CONFORMANCE_KIT_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "store_conformance.h"

enum { kit_longest_record_bytes = 32768, kit_longest_key = 100 };

/* What this process checks. */
extern struct kit {
  const struct store_subject* subject;
  const char* place;
  const char* check;
  unsigned seed;
  FILE* out;
  int wrong;
  char run[16]; /* what all keys of this check begin with: a database may hold others */
} kit;

/* What the library brings in a real program. */
struct ecoauth_blob {
  void* data;
  size_t size_bytes;
};

/* The syncs of this process are counted, and the one with the number `kit_failing_sync` fails. */
extern int kit_syncs, kit_failing_sync;

/* Something breaks a rule. */
void kit_wrong(const char* format, ...) __attribute__((format(printf, 1, 2)));
/* The call must have answered `expected`; false when it has not. */
bool kit_answers(int32_t expected, int32_t result, const char* what);
const char* kit_name_of(int32_t result);

int64_t kit_now_ms(void);
void kit_sleep_us(unsigned us);
unsigned kit_random_below(unsigned* state, unsigned limit);

/* `buffer` has room for kit_longest_key + 1 characters and is returned. */
const char* kit_key(char* buffer, const char* name);
/* Bytes of every value that follow from the number and differ from any other number's. */
void kit_fill(unsigned char* bytes, size_t size_bytes, int64_t number);
/* Saves a record whose bytes and size follow from `number`, under that sequence number. */
int32_t kit_save(void* store, const char* key, int64_t expected, int64_t number);
/* The number of the record under `key`, whose bytes must be whole; 0 for none, -1 when they are not. */
int64_t kit_load(void* store, const char* key);

void* kit_open(void);
void kit_close(void* store);

/* A process that ends with the one that made it; `body` runs in it. */
pid_t kit_begin(void (*body)(void* context), void* context);
/* Waits for it; what went wrong there counts here, too. */
void kit_end(pid_t process);
void kit_kill(pid_t process);

/* The checks, each to be run in a process of its own. store_conformance_records.c: */
void check_life(void);
void check_sizes(void);
void check_keys(void);
void check_damage(void);
void check_syncs(void);
void check_failing_syncs(void);
/* store_conformance_processes.c: */
void check_killed(void);
void check_different_keys(void);
void check_reading(void);
void check_race(void);
void check_locks(void);

#endif
