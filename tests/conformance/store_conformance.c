/* The conformance kit's machinery. Each check runs in a process of its own, so that a crash or a hang is one failed
 * check. SPDX-License-Identifier: MIT */
#define _GNU_SOURCE 1
#include "store_conformance.h"

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "store_conformance_kit.h"

enum { check_limit_s = 60 /* a check that takes longer hangs */ };

int32_t ecoauth_blob_set(ecoauth_blob* blob, const void* data, size_t size_bytes) {
  if (!blob || (!data && size_bytes)) return ECOAUTH_ERROR_INVALID_ARGUMENT;
  void* copy = malloc(size_bytes + 1);
  if (!copy) return ECOAUTH_ERROR_NO_MEMORY;
  if (size_bytes) memcpy(copy, data, size_bytes);
  free(blob->data);
  blob->data = copy;
  blob->size_bytes = size_bytes;
  return ECOAUTH_OK;
}

int kit_syncs, kit_failing_sync;

static int sync_or_fail(long call, int fd) {
  if (__atomic_add_fetch(&kit_syncs, 1, __ATOMIC_SEQ_CST) == __atomic_load_n(&kit_failing_sync, __ATOMIC_SEQ_CST)) {
    errno = EIO;
    return -1;
  }
  return (int)syscall(call, fd);
}
int fsync(int fd) { return sync_or_fail(SYS_fsync, fd); }
int fdatasync(int fd) { return sync_or_fail(SYS_fdatasync, fd); }

struct kit kit;

void kit_wrong(const char* format, ...) {
  va_list arguments;
  if (++kit.wrong > 5) return; /* the first ones tell enough */
  fprintf(kit.out, "  %s: ", kit.check);
  va_start(arguments, format);
  vfprintf(kit.out, format, arguments);
  va_end(arguments);
  fprintf(kit.out, "\n");
  fflush(kit.out);
}

const char* kit_name_of(int32_t result) {
  static const char* const names[] = {"OK", "NOT_FOUND", "CONFLICT", "RETRY", "FATAL"};
  return result >= 0 && result <= 4 ? names[result] : "a number that is no result";
}

bool kit_answers(int32_t expected, int32_t result, const char* what) {
  if (result == expected) return true;
  kit_wrong("%s answered %s instead of %s", what, kit_name_of(result), kit_name_of(expected));
  return false;
}

int64_t kit_now_ms(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void kit_sleep_us(unsigned us) {
  struct timespec pause = {us / 1000000, (long)(us % 1000000) * 1000};
  while (nanosleep(&pause, &pause) != 0 && errno == EINTR) {
  }
}

unsigned kit_random_below(unsigned* state, unsigned limit) {
  *state = *state * 1664525u + 1013904223u;
  return (*state >> 8) % limit;
}

const char* kit_key(char* buffer, const char* name) {
  snprintf(buffer, kit_longest_key + 1, "%s%s", kit.run, name);
  return buffer;
}

void kit_fill(unsigned char* bytes, size_t size_bytes, int64_t number) {
  unsigned state = (unsigned)number * 2654435761u + 1;
  for (size_t i = 0; i < size_bytes; ++i) bytes[i] = (unsigned char)kit_random_below(&state, 256);
  if (size_bytes >= sizeof number) memcpy(bytes, &number, sizeof number);
}

static size_t size_for(int64_t number) {
  unsigned state = (unsigned)number * 97u + kit.seed;
  return sizeof(int64_t) + kit_random_below(&state, number % 7 == 0 ? kit_longest_record_bytes - 8 : 4000);
}

int32_t kit_save(void* store, const char* key, int64_t expected, int64_t number) {
  static __thread unsigned char bytes[kit_longest_record_bytes];
  size_t size_bytes = size_for(number);
  kit_fill(bytes, size_bytes, number);
  return kit.subject->save(store, key, expected, bytes, size_bytes, number);
}

int64_t kit_load(void* store, const char* key) {
  ecoauth_blob blob = {NULL, 0};
  int64_t number = -1;
  int32_t result = kit.subject->load(store, key, &blob);
  if (result == ECOAUTH_STORE_NOT_FOUND) {
    number = 0;
  } else if (kit_answers(ECOAUTH_STORE_OK, result, "load")) {
    unsigned char* expected = malloc(kit_longest_record_bytes);
    if (blob.size_bytes >= sizeof number) memcpy(&number, blob.data, sizeof number);
    if (number > 0 && size_for(number) == blob.size_bytes) kit_fill(expected, blob.size_bytes, number);
    if (number <= 0 || size_for(number) != blob.size_bytes || memcmp(expected, blob.data, blob.size_bytes) != 0) {
      kit_wrong("load handed out %zu bytes that were never saved like this", blob.size_bytes);
      number = -1;
    }
    free(expected);
  }
  free(blob.data);
  return number;
}

void* kit_open(void) {
  void* store = kit.subject->open(kit.place);
  if (!store) {
    kit_wrong("open failed");
    exit(1);
  }
  return store;
}

void kit_close(void* store) {
  if (kit.subject->close) kit.subject->close(store);
}

pid_t kit_begin(void (*body)(void* context), void* context) {
  const pid_t parent = getpid();
  fflush(NULL);
  pid_t child = fork();
  if (child == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) _exit(1);
    alarm(check_limit_s);
    kit.wrong = 0;
    body(context);
    fflush(NULL);
    _exit(kit.wrong ? 1 : 0);
  }
  if (child < 0) kit_wrong("fork: %s", strerror(errno));
  return child;
}

void kit_end(pid_t child) {
  int status = 0;
  if (child > 0 && waitpid(child, &status, 0) == child && status == 0) return;
  ++kit.wrong;
  if (WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM)
    kit_wrong("it hangs");
  else if (WIFSIGNALED(status))
    kit_wrong("a process ended by signal %d", WTERMSIG(status));
}

void kit_kill(pid_t child) {
  if (child <= 0) return;
  kill(child, SIGKILL);
  waitpid(child, NULL, 0);
}

static const struct check {
  const char* name;
  void (*run)(void);
} checks[] = {{"life", check_life},       {"sizes", check_sizes},
              {"keys", check_keys},       {"damage", check_damage},
              {"syncs", check_syncs},     {"failing-syncs", check_failing_syncs},
              {"killed", check_killed},   {"different-keys", check_different_keys},
              {"reading", check_reading}, {"race", check_race},
              {"locks", check_locks}};

static void run_check(void* context) { ((const struct check*)context)->run(); }

int store_conformance(const struct store_subject* subject, const char* place, unsigned seed, const char* only,
                      FILE* out) {
  int failed = 0, run = 0;
  kit.subject = subject;
  kit.place = place;
  kit.seed = seed;
  kit.out = out;
  for (size_t i = 0; i < sizeof checks / sizeof *checks; ++i) {
    if (only && strcmp(only, checks[i].name) != 0) continue;
    snprintf(kit.run, sizeof kit.run, "c%07u-", (unsigned)(getpid() * 64 + (int)i) % 10000000);
    kit.check = checks[i].name;
    kit.wrong = 0;
    ++run;
    kit_end(kit_begin(run_check, (void*)&checks[i]));
    fprintf(out, "%s %s\n", kit.wrong ? "FAIL" : "ok  ", checks[i].name);
    failed += kit.wrong != 0;
  }
  return run ? failed : -1;
}
