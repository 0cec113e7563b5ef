/* Checks with several threads and processes, some of which are killed.
 * SPDX-License-Identifier: MIT */
#define _GNU_SOURCE 1
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "store_conformance_kit.h"

enum { free_after_death_ms = 1000 };

/* Saves on and on, and tells which numbers are saved. */
struct saver {
  char key[kit_longest_key + 1];
  int told; /* a pipe */
  int64_t from;
};

static void save_for_ever(void* context) {
  const struct saver* saver = context;
  void* store = kit_open();
  for (int64_t number = saver->from;; ++number) {
    if (!kit_answers(ECOAUTH_STORE_OK, kit_save(store, saver->key, number, number + 1), "save")) exit(1);
    int64_t saved = number + 1;
    if (write(saver->told, &saved, sizeof saved) != sizeof saved) exit(1);
  }
}

static int64_t last_told(int pipe_end, int64_t last) {
  int64_t told;
  while (read(pipe_end, &told, sizeof told) == sizeof told) last = told;
  return last;
}

void check_killed(void) {
  struct saver saver = {.from = 0};
  unsigned random = kit.seed;
  int told[2];
  kit_key(saver.key, "killed");
  for (int round = 0; round < 30 && !kit.wrong; ++round) {
    if (pipe(told) != 0) exit(1);
    saver.told = told[1];
    pid_t child = kit_begin(save_for_ever, &saver);
    /* Not before the first save: whatever it takes to start must not be all that is cut. */
    int64_t acknowledged = saver.from;
    if (round % 3 && read(told[0], &acknowledged, sizeof acknowledged) != sizeof acknowledged)
      kit_wrong("it saved nothing");
    kit_sleep_us(kit_random_below(&random, 12000));
    kit_kill(child);
    close(told[1]);
    acknowledged = last_told(told[0], acknowledged);
    close(told[0]);
    void* store = kit_open();
    saver.from = kit_load(store, saver.key);
    if (saver.from < acknowledged || saver.from > acknowledged + 1)
      kit_wrong("killed after %lld was saved, the store has %lld", (long long)acknowledged, (long long)saver.from);
    kit_close(store);
  }
}

struct own_key {
  int number;
  void* store; /* one for all threads, as in the library */
};

static void* save_under_own_key(void* context) {
  const struct own_key* own = context;
  char key[kit_longest_key + 1], name[16];
  snprintf(name, sizeof name, "own%d", own->number);
  kit_key(key, name);
  for (int64_t number = 0; number < 25; ++number) {
    kit_answers(ECOAUTH_STORE_OK, kit_save(own->store, key, number, number + 1),
                "save under one of several keys at once");
    if (kit_load(own->store, key) != number + 1) kit_wrong("saves under different keys disturb one another");
  }
  return NULL;
}

static void save_in_threads(void* context) {
  struct own_key own[4];
  pthread_t threads[4];
  void* store = kit_open();
  for (int i = 0; i < 4; ++i) {
    own[i].number = *(const int*)context * 4 + i;
    own[i].store = store;
    if (pthread_create(&threads[i], NULL, save_under_own_key, &own[i]) != 0) exit(1);
  }
  for (int i = 0; i < 4; ++i) pthread_join(threads[i], NULL);
  kit_close(store);
}

void check_different_keys(void) {
  pid_t processes[2];
  int numbers[2] = {0, 1};
  for (int i = 0; i < 2; ++i) processes[i] = kit_begin(save_in_threads, &numbers[i]);
  for (int i = 0; i < 2; ++i) kit_end(processes[i]);
}

/* A reader never needs the lock, and never sees less than a whole record. */
void check_reading(void) {
  struct saver saver = {.from = 0};
  int told[2];
  int64_t newest = 0, reads = 0;
  kit_key(saver.key, "reading");
  if (pipe(told) != 0) exit(1);
  saver.told = told[1];
  void* store = kit_open();
  pid_t child = kit_begin(save_for_ever, &saver);
  if (read(told[0], &newest, sizeof newest) != sizeof newest) kit_wrong("it saved nothing");
  for (int64_t until = kit_now_ms() + 500; kit_now_ms() < until && !kit.wrong; ++reads) {
    int64_t found = kit_load(store, saver.key);
    if (found >= 0 && found < newest)
      kit_wrong("after %lld load found the older %lld", (long long)newest, (long long)found);
    newest = found;
    char drained[4096];
    if (reads % 16 == 0 && read(told[0], drained, sizeof drained) <= 0) break;
  }
  kit_kill(child);
  close(told[0]);
  close(told[1]);
  kit_close(store);
}

static bool has_locks(void) {
  if (!kit.subject->lock)
    fprintf(kit.out, "  %s: not checked, without locks only one process may use a record\n", kit.check);
  return kit.subject->lock != NULL;
}

enum { racers = 4, race_rounds = 60, race_patience_ms = 10000 };

struct race {
  int arrived;
  int winners[race_rounds];
};

/* All racers go on together, so that they really meet, whatever else the machine does. False when one of them is
 * missing. */
static bool meet(struct race* race, int meeting) {
  const int expected = (meeting + 1) * racers;
  const int64_t end_ms = kit_now_ms() + race_patience_ms;
  __atomic_add_fetch(&race->arrived, 1, __ATOMIC_SEQ_CST);
  while (__atomic_load_n(&race->arrived, __ATOMIC_SEQ_CST) < expected) {
    if (kit_now_ms() > end_ms) return false;
    sched_yield();
  }
  return true;
}

struct racer {
  struct race* race;
  int number;
};

static void run_race(void* context) {
  const struct racer* racer = context;
  struct race* race = racer->race;
  void* store = kit_open();
  char key[kit_longest_key + 1];
  kit_key(key, "race");
  for (int round = 0; round < race_rounds; ++round) {
    int64_t found = kit_load(store, key);
    if (found < 0 || !meet(race, 2 * round)) break;
    const int64_t end_ms = kit_now_ms() + race_patience_ms;
    const int64_t mine = found + 1 + racer->number; /* told from the others' by number and bytes */
    int32_t result;
    do {
      result = kit_save(store, key, found, mine);
    } while (result == ECOAUTH_STORE_RETRY && kit_now_ms() < end_ms);
    if (result == ECOAUTH_STORE_OK)
      __atomic_add_fetch(&race->winners[round], 1, __ATOMIC_SEQ_CST);
    else if (result != ECOAUTH_STORE_CONFLICT)
      kit_answers(ECOAUTH_STORE_CONFLICT, result, "save in a race");
    if (!meet(race, 2 * round + 1)) break;
    int64_t stored = kit_load(store, key);
    if (result == ECOAUTH_STORE_OK && stored != mine)
      kit_wrong("save of %lld in a race answered OK, but load finds %lld", (long long)mine, (long long)stored);
  }
  kit_close(store);
}

/* Of several who replace the same record exactly one succeeds, and its record is the one that is there. */
void check_race(void) {
  pid_t processes[racers];
  struct racer each[racers];
  if (!has_locks()) return;
  struct race* race = mmap(NULL, sizeof *race, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (race == MAP_FAILED) exit(1);
  for (int i = 0; i < racers; ++i) {
    each[i] = (struct racer){race, i};
    processes[i] = kit_begin(run_race, &each[i]);
  }
  for (int i = 0; i < racers; ++i) kit_end(processes[i]);
  for (int round = 0; round < race_rounds; ++round)
    if (race->winners[round] != 1)
      kit_wrong("%d processes were told that they replaced record %d", race->winners[round], round);
  munmap(race, sizeof *race);
}

struct holder {
  char key[kit_longest_key + 1];
  int ready, release; /* pipes */
};

static void hold_lock(void* context) {
  struct holder* holder = context;
  char byte = 0;
  void* store = kit_open();
  if (kit_answers(ECOAUTH_STORE_OK, kit.subject->lock(store, holder->key, 0), "lock in another process")) byte = 1;
  if (write(holder->ready, &byte, 1) != 1 || read(holder->release, &byte, 1) != 1) exit(1);
  kit.subject->unlock(store, holder->key);
  if (write(holder->ready, &byte, 1) != 1 || read(holder->release, &byte, 1) != 1) exit(1);
  kit_close(store);
}

void check_locks(void) {
  struct holder holder;
  int ready[2], release[2];
  char other[kit_longest_key + 1], byte = 0;
  if (!has_locks()) return;
  void* store = kit_open();
  if (pipe(ready) != 0 || pipe(release) != 0) exit(1);
  kit_key(holder.key, "locked");
  holder.ready = ready[1];
  holder.release = release[0];
  for (int killed = 0; killed < 2; ++killed) {
    pid_t child = kit_begin(hold_lock, &holder);
    if (read(ready[0], &byte, 1) != 1 || !byte) break;
    kit_answers(ECOAUTH_STORE_CONFLICT, kit.subject->lock(store, holder.key, 0), "lock of what another process holds");
    int64_t began = kit_now_ms();
    kit_answers(ECOAUTH_STORE_CONFLICT, kit.subject->lock(store, holder.key, 300), "lock that waits in vain");
    if (kit_now_ms() - began < 200)
      kit_wrong("lock was to wait 300 ms and gave up after %lld", (long long)(kit_now_ms() - began));
    if (kit_now_ms() - began > 5000)
      kit_wrong("lock was to wait 300 ms and took %lld", (long long)(kit_now_ms() - began));
    if (kit_answers(ECOAUTH_STORE_OK, kit.subject->lock(store, kit_key(other, "other"), 0), "lock of another key"))
      kit.subject->unlock(store, other);
    /* Whoever holds the lock is the one who saves; a reader needs none. */
    kit_load(store, holder.key);
    if (killed)
      kit_kill(child);
    else if (write(release[1], &byte, 1) != 1 || read(ready[0], &byte, 1) != 1)
      kit_wrong("the other process has ended early");
    if (kit_answers(ECOAUTH_STORE_OK, kit.subject->lock(store, holder.key, free_after_death_ms),
                    killed ? "lock whose holder was killed" : "lock whose holder gave it back"))
      kit.subject->unlock(store, holder.key);
    if (!killed) {
      if (write(release[1], &byte, 1) != 1) kit_wrong("the other process has ended early");
      kit_end(child);
    }
  }
  kit_close(store);
}
