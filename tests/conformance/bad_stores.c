#define _GNU_SOURCE 1
#include "bad_stores.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sample_store.h"

static void* open_sample(const char* place) { return sample_store_open(place); }

static int damage_sample(const char* place, const char* key) {
  char path[4096], byte;
  snprintf(path, sizeof path, "%s/%s.record", place, key);
  int fd = open(path, O_RDWR);
  int damaged = fd >= 0 && pread(fd, &byte, 1, 60) == 1 && (byte ^= 1, pwrite(fd, &byte, 1, 60) == 1);
  if (fd >= 0) close(fd);
  return damaged ? 0 : -1;
}

/* --- Defects around the good store -------------------------------------------------------------------------------- */

/* The stored number does not matter. */
static int32_t save_over_anything(void* store, const char* key, int64_t expected, const void* data, size_t size_bytes,
                                  int64_t seq) {
  int32_t result = ECOAUTH_STORE_CONFLICT;
  for (int64_t guess = expected; result == ECOAUTH_STORE_CONFLICT && guess < expected + 5; ++guess)
    result = sample_store_save(store, key, guess, data, size_bytes, seq);
  return result == ECOAUTH_STORE_CONFLICT ? sample_store_save(store, key, 0, data, size_bytes, seq) : result;
}

static int32_t load_damage_as_nothing(void* store, const char* key, ecoauth_blob* out) {
  int32_t result = sample_store_load(store, key, out);
  return result == ECOAUTH_STORE_FATAL ? ECOAUTH_STORE_NOT_FOUND : result;
}

static int32_t save_text(void* store, const char* key, int64_t expected, const void* data, size_t size_bytes,
                         int64_t seq) {
  return sample_store_save(store, key, expected, data, strnlen(data, size_bytes), seq);
}

static int32_t save_short(void* store, const char* key, int64_t expected, const void* data, size_t size_bytes,
                          int64_t seq) {
  return size_bytes > 16384 ? ECOAUTH_STORE_FATAL : sample_store_save(store, key, expected, data, size_bytes, seq);
}

static const char* folded(const char* key) {
  static __thread char small[101];
  size_t i = 0;
  for (; key[i]; ++i) small[i] = (char)tolower((unsigned char)key[i]);
  small[i] = '\0';
  return small;
}
static int32_t load_folded(void* store, const char* key, ecoauth_blob* out) {
  return sample_store_load(store, folded(key), out);
}
static int32_t save_folded(void* store, const char* key, int64_t expected, const void* data, size_t size_bytes,
                           int64_t seq) {
  return sample_store_save(store, folded(key), expected, data, size_bytes, seq);
}

static const char* cut(const char* key) {
  static __thread char front[65];
  snprintf(front, sizeof front, "%.64s", key);
  return front;
}
static int32_t load_cut(void* store, const char* key, ecoauth_blob* out) {
  return sample_store_load(store, cut(key), out);
}
static int32_t save_cut(void* store, const char* key, int64_t expected, const void* data, size_t size_bytes,
                        int64_t seq) {
  return sample_store_save(store, cut(key), expected, data, size_bytes, seq);
}

static int32_t erase_nothing(void* store, const char* key) { return (void)store, (void)key, ECOAUTH_STORE_OK; }

static int32_t erase_strictly(void* store, const char* key) {
  ecoauth_blob* none = NULL;
  int32_t found = sample_store_load(store, key, none);
  return found == ECOAUTH_STORE_NOT_FOUND ? ECOAUTH_STORE_NOT_FOUND : sample_store_erase(store, key);
}

static int32_t list_nothing(void* store, ecoauth_blob* out) { return (void)store, ecoauth_blob_set(out, "", 0); }

static int32_t lock_nothing(void* store, const char* key, int64_t timeout_ms) {
  return (void)store, (void)key, (void)timeout_ms, ECOAUTH_STORE_OK;
}
static void unlock_nothing(void* store, const char* key) { (void)store, (void)key; }

static int32_t lock_at_once(void* store, const char* key, int64_t timeout_ms) {
  return (void)timeout_ms, sample_store_lock(store, key, 0);
}

static int32_t lock_all(void* store, const char* key, int64_t timeout_ms) {
  return (void)key, sample_store_lock(store, "all", timeout_ms);
}
static void unlock_all(void* store, const char* key) { (void)key, sample_store_unlock(store, "all"); }

/* --- A store like those that lose tokens in the field ------------------------------------------------------------- */

struct naive {
  char folder[4096 - 256];
};

static void* naive_open(const char* place) {
  struct naive* naive = calloc(1, sizeof *naive);
  snprintf(naive->folder, sizeof naive->folder, "%s", place);
  return naive;
}

static const char* naive_path(char* buffer, const struct naive* naive, const char* key, const char* suffix) {
  snprintf(buffer, 4096, "%s/%s%s", naive->folder, key, suffix);
  return buffer;
}

static int32_t naive_load(void* store, const char* key, ecoauth_blob* out) {
  static __thread char bytes[32768 + 32];
  char path[4096];
  FILE* file = fopen(naive_path(path, store, key, ".record"), "rb");
  if (!file) return ECOAUTH_STORE_NOT_FOUND;
  size_t size_bytes = fread(bytes, 1, sizeof bytes, file);
  fclose(file);
  if (size_bytes < 20) return ECOAUTH_STORE_FATAL;
  return ecoauth_blob_set(out, bytes + 20, size_bytes - 20) < 0 ? ECOAUTH_STORE_RETRY : ECOAUTH_STORE_OK;
}

static int64_t naive_seq(const char* path) {
  FILE* file = fopen(path, "rb");
  long long seq = 0;
  if (!file) return 0;
  if (fscanf(file, "%lld", &seq) != 1) seq = -1;
  fclose(file);
  return seq;
}

enum naive_ways { in_place, by_rename, by_rename_and_sync, by_rename_slowly, by_rename_of_one_name };

static int32_t naive_save(struct naive* naive, const char* key, int64_t expected, const void* data, size_t size_bytes,
                          int64_t seq, enum naive_ways way) {
  char path[4096], written[4096], own_name[32];
  snprintf(own_name, sizeof own_name, ".new-%ld", way == by_rename_of_one_name ? 0L : (long)getpid());
  if (naive_seq(naive_path(path, naive, key, ".record")) != expected) return ECOAUTH_STORE_CONFLICT;
  if (way == by_rename_slowly) usleep(1000); /* so that others get between, however few processors there are */
  FILE* file = fopen(naive_path(written, naive, key, way == in_place ? ".record" : own_name), "wb");
  if (!file) return ECOAUTH_STORE_FATAL;
  fprintf(file, "%-19lld\n", (long long)seq);
  fwrite(data, 1, size_bytes, file);
  if (fflush(file) != 0) return fclose(file), ECOAUTH_STORE_RETRY;
  if (way == by_rename_and_sync) fsync(fileno(file)); /* whether it worked nobody asks */
  fclose(file);
  if (way == by_rename_of_one_name) usleep(1000);
  if (way != in_place && rename(written, path) != 0) return ECOAUTH_STORE_RETRY;
  return ECOAUTH_STORE_OK;
}

static int32_t save_in_place(void* store, const char* key, int64_t expected, const void* data, size_t size_bytes,
                             int64_t seq) {
  return naive_save(store, key, expected, data, size_bytes, seq, in_place);
}
static int32_t save_by_rename(void* store, const char* key, int64_t expected, const void* data, size_t size_bytes,
                              int64_t seq) {
  return naive_save(store, key, expected, data, size_bytes, seq, by_rename);
}
static int32_t save_slowly(void* store, const char* key, int64_t expected, const void* data, size_t size_bytes,
                           int64_t seq) {
  return naive_save(store, key, expected, data, size_bytes, seq, by_rename_slowly);
}
static int32_t save_by_one_name(void* store, const char* key, int64_t expected, const void* data, size_t size_bytes,
                                int64_t seq) {
  return naive_save(store, key, expected, data, size_bytes, seq, by_rename_of_one_name);
}
static int32_t save_with_sync(void* store, const char* key, int64_t expected, const void* data, size_t size_bytes,
                              int64_t seq) {
  return naive_save(store, key, expected, data, size_bytes, seq, by_rename_and_sync);
}

/* Saved a little later, all at once: what was acknowledged last is in memory only. */
static struct {
  char key[101];
  unsigned char bytes[32768];
  size_t size_bytes;
  int64_t seq;
} later;
static int32_t load_latest(void* store, const char* key, ecoauth_blob* out) {
  if (strcmp(later.key, key) == 0 && later.seq)
    return ecoauth_blob_set(out, later.bytes, later.size_bytes), ECOAUTH_STORE_OK;
  return sample_store_load(store, key, out);
}
static int32_t save_later(void* store, const char* key, int64_t expected, const void* data, size_t size_bytes,
                          int64_t seq) {
  static int64_t on_disk;
  if (strcmp(later.key, key) == 0 && later.seq) {
    if (later.seq != expected) return ECOAUTH_STORE_CONFLICT;
    if (later.seq % 3 == 0 || !on_disk) {
      if (sample_store_save(store, key, on_disk, later.bytes, later.size_bytes, later.seq) == ECOAUTH_STORE_OK)
        on_disk = later.seq;
    }
  } else if (expected) {
    int32_t result = sample_store_save(store, key, expected, data, size_bytes, seq);
    if (result != ECOAUTH_STORE_OK) return result;
    on_disk = seq;
  }
  snprintf(later.key, sizeof later.key, "%s", key);
  memcpy(later.bytes, data, size_bytes);
  later.size_bytes = size_bytes;
  later.seq = seq;
  return ECOAUTH_STORE_OK;
}

/* A lock that is a file: whoever dies leaves it behind. */
static int32_t lock_by_file(void* store, const char* key, int64_t timeout_ms) {
  char path[4096];
  naive_path(path, store, key, ".held");
  for (int64_t waited_ms = 0;; waited_ms += 10) {
    int fd = open(path, O_CREAT | O_EXCL | O_WRONLY, 0600);
    if (fd >= 0) return close(fd), ECOAUTH_STORE_OK;
    if (errno != EEXIST) return ECOAUTH_STORE_FATAL;
    if (waited_ms >= timeout_ms) return ECOAUTH_STORE_CONFLICT;
    usleep(10000);
  }
}
static void unlock_by_file(void* store, const char* key) {
  char path[4096];
  unlink(naive_path(path, store, key, ".held"));
}

/* --- The lists ---------------------------------------------------------------------------------------------------- */

#define GOOD                                                                                                        \
  .open = open_sample, .close = sample_store_close, .load = sample_store_load, .save = sample_store_save,           \
  .erase = sample_store_erase, .list = sample_store_list, .lock = sample_store_lock, .unlock = sample_store_unlock, \
  .damage = damage_sample
#define NAIVE                                                                                          \
  .open = naive_open, .close = free, .load = naive_load, .erase = erase_nothing, .lock = lock_by_file, \
  .unlock = unlock_by_file

const struct store_subject good_store = {GOOD};

#if defined(__GNUC__)
#pragma GCC diagnostic ignored "-Woverride-init"
#endif
const struct bad_store bad_stores[] = {
    {"replaces whatever is there", "life", {GOOD, .save = save_over_anything}},
    {"erases nothing", "life", {GOOD, .erase = erase_nothing}},
    {"wants something to erase", "life", {GOOD, .erase = erase_strictly}},
    {"ends records at the first zero byte", "sizes", {GOOD, .save = save_text}},
    {"takes 16 KiB at most", "sizes", {GOOD, .save = save_short}},
    {"does not tell small from capital letters", "keys", {GOOD, .load = load_folded, .save = save_folded}},
    {"cuts keys to 64 characters", "keys", {GOOD, .load = load_cut, .save = save_cut}},
    {"lists nothing", "keys", {GOOD, .list = list_nothing}},
    {"takes damage for absence", "damage", {GOOD, .load = load_damage_as_nothing}},
    {"saves a little later", "killed", {GOOD, .load = load_latest, .save = save_later}},
    {"writes in place", "killed", {NAIVE, .save = save_in_place}},
    {"writes in place, seen by a reader", "reading", {NAIVE, .save = save_in_place}},
    {"never syncs", "syncs", {NAIVE, .save = save_by_rename}},
    {"does not care whether a sync failed", "failing-syncs", {NAIVE, .save = save_with_sync}},
    {"looks first and replaces afterwards", "race", {NAIVE, .save = save_slowly}},
    {"has one temporary file for all who save", "race", {NAIVE, .save = save_by_one_name}},
    {"locks nothing", "locks", {GOOD, .lock = lock_nothing, .unlock = unlock_nothing}},
    {"does not give locks back", "locks", {GOOD, .unlock = unlock_nothing}},
    {"does not wait for a lock", "locks", {GOOD, .lock = lock_at_once}},
    {"has one lock for all keys", "locks", {GOOD, .lock = lock_all, .unlock = unlock_all}},
    {"leaves locks behind", "locks", {NAIVE, .save = save_by_rename}},
};
const int bad_store_count = (int)(sizeof bad_stores / sizeof *bad_stores);
