/* How to keep records safely with nothing but files (POSIX, Linux locks):
 *   <key>.record    a line "sample 1 <seq> <size> <checksum>", then the bytes; replaced by rename, never written in
 * place <key>.lock      byte 0: the right to refresh, byte 1: one save at a time; never removed, so that nobody locks a
 * ghost SPDX-License-Identifier: MIT */
#define _GNU_SOURCE 1
#include "sample_store.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

enum { longest_record_bytes = 32768, longest_head_bytes = 100, longest_path_bytes = 4096 };

static const char record_suffix[] = ".record", new_suffix[] = ".new", lock_suffix[] = ".lock";

struct held_lock {
  struct held_lock* next;
  int fd;
  char key[101];
};

/* A record that is in its place, but may not survive a power cut: its folder could not be synced. */
struct half_saved {
  struct half_saved* next;
  int64_t seq;
  char key[101];
};

struct store {
  char folder[longest_path_bytes - 128];
  pthread_mutex_t mutex;
  struct held_lock* held;
  struct half_saved* half_saved;
};

struct stored {
  int64_t seq;
  size_t size_bytes;
  unsigned char bytes[longest_record_bytes];
};

void* sample_store_open(const char* folder) {
  struct store* store = calloc(1, sizeof *store);
  if (!store || strlen(folder) >= sizeof store->folder) {
    free(store);
    return NULL;
  }
  strcpy(store->folder, folder);
  pthread_mutex_init(&store->mutex, NULL);
  return store;
}

void sample_store_close(void* user_data) {
  struct store* store = user_data;
  while (store->held) sample_store_unlock(store, store->held->key);
  for (struct half_saved* next; store->half_saved; store->half_saved = next) {
    next = store->half_saved->next;
    free(store->half_saved);
  }
  pthread_mutex_destroy(&store->mutex);
  free(store);
}

static const char* path_of(char* buffer, const struct store* store, const char* key, const char* suffix) {
  snprintf(buffer, longest_path_bytes, "%s/%s%s", store->folder, key, suffix);
  return buffer;
}

/* What helps by itself, or when somebody makes room, is worth another try. */
static int32_t failure(void) {
  switch (errno) {
    case EIO:
    case ENOSPC:
    case EDQUOT:
    case EINTR:
    case EAGAIN:
    case EMFILE:
    case ENFILE:
    case ENOMEM:
    case ENOLCK:
      return ECOAUTH_STORE_RETRY;
    default:
      return ECOAUTH_STORE_FATAL;
  }
}

/* FNV-1a: against accidents, not against people. */
static uint64_t checksum_of(int64_t seq, const void* data, size_t size_bytes) {
  const unsigned char* bytes = data;
  uint64_t sum = 14695981039346656037u ^ (uint64_t)seq;
  for (size_t i = 0; i < size_bytes; ++i) sum = (sum ^ bytes[i]) * 1099511628211u;
  return sum;
}

/* --- Reading ------------------------------------------------------------------------------------------------------ */

static bool read_all(int fd, char* buffer, size_t room, size_t* size_bytes) {
  *size_bytes = 0;
  while (*size_bytes < room) {
    ssize_t got = read(fd, buffer + *size_bytes, room - *size_bytes);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return false;
    if (got == 0) break;
    *size_bytes += (size_t)got;
  }
  return true;
}

static bool parse(const char* text, size_t size_bytes, struct stored* stored) {
  const char* line_end = memchr(text, '\n', size_bytes < longest_head_bytes ? size_bytes : longest_head_bytes);
  char head[longest_head_bytes + 1];
  uint64_t sum;
  if (!line_end) return false;
  memcpy(head, text, (size_t)(line_end - text));
  head[line_end - text] = '\0';
  if (sscanf(head, "sample 1 %" SCNd64 " %zu %" SCNx64, &stored->seq, &stored->size_bytes, &sum) != 3) return false;
  if (stored->size_bytes != size_bytes - (size_t)(line_end + 1 - text) || stored->size_bytes > longest_record_bytes)
    return false;
  memcpy(stored->bytes, line_end + 1, stored->size_bytes);
  return sum == checksum_of(stored->seq, stored->bytes, stored->size_bytes);
}

static int32_t read_record(const struct store* store, const char* key, struct stored* stored) {
  char path[longest_path_bytes];
  char* text = malloc(longest_head_bytes + longest_record_bytes + 1);
  size_t size_bytes;
  int32_t result = ECOAUTH_STORE_OK;
  if (!text) return ECOAUTH_STORE_RETRY;
  int fd = open(path_of(path, store, key, record_suffix), O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
  if (fd < 0) {
    result = errno == ENOENT ? ECOAUTH_STORE_NOT_FOUND : failure();
  } else {
    if (!read_all(fd, text, longest_head_bytes + longest_record_bytes + 1, &size_bytes))
      result = failure();
    else if (!parse(text, size_bytes, stored))
      result = ECOAUTH_STORE_FATAL; /* damaged: never "there is none" */
    close(fd);
  }
  free(text);
  return result;
}

int32_t sample_store_load(void* user_data, const char* key, ecoauth_blob* out) {
  struct stored* stored = malloc(sizeof *stored);
  int32_t result = stored ? read_record(user_data, key, stored) : ECOAUTH_STORE_RETRY;
  if (result == ECOAUTH_STORE_OK && ecoauth_blob_set(out, stored->bytes, stored->size_bytes) < 0)
    result = ECOAUTH_STORE_RETRY;
  free(stored);
  return result;
}

/* --- Locks: of an open file description, so that they end with the process, however it ends ----------------------- */

/* A descriptor that holds the lock on one byte, -1 when somebody else has it for longer than `timeout_ms`, -2 on
 * failure. */
static int take_byte(const struct store* store, const char* key, off_t byte, int64_t timeout_ms) {
  char path[longest_path_bytes];
  const struct timespec pause = {0, 2000000};
  struct timespec began, now;
  struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = byte, .l_len = 1};
  int fd = open(path_of(path, store, key, lock_suffix), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd < 0) return -2;
  clock_gettime(CLOCK_MONOTONIC, &began);
  for (;;) {
    if (fcntl(fd, F_OFD_SETLK, &lock) == 0) return fd;
    bool held = errno == EAGAIN || errno == EACCES;
    clock_gettime(CLOCK_MONOTONIC, &now);
    int64_t waited_ms = (now.tv_sec - began.tv_sec) * 1000 + (now.tv_nsec - began.tv_nsec) / 1000000;
    if (!held || waited_ms >= timeout_ms) {
      int why = errno;
      close(fd);
      errno = why;
      return held ? -1 : -2;
    }
    nanosleep(&pause, NULL);
  }
}

/* Unlocked in so many words: a forked child may have a copy of the descriptor. */
static void give_back(int fd) {
  struct flock unlock = {.l_type = F_UNLCK, .l_whence = SEEK_SET};
  fcntl(fd, F_OFD_SETLK, &unlock);
  close(fd);
}

int32_t sample_store_lock(void* user_data, const char* key, int64_t timeout_ms) {
  struct store* store = user_data;
  struct held_lock* held = malloc(sizeof *held);
  if (!held) return ECOAUTH_STORE_RETRY;
  held->fd = take_byte(store, key, 0, timeout_ms);
  if (held->fd < 0) {
    int32_t result = held->fd == -1 ? ECOAUTH_STORE_CONFLICT : failure();
    free(held);
    return result;
  }
  snprintf(held->key, sizeof held->key, "%s", key);
  pthread_mutex_lock(&store->mutex);
  held->next = store->held;
  store->held = held;
  pthread_mutex_unlock(&store->mutex);
  return ECOAUTH_STORE_OK;
}

void sample_store_unlock(void* user_data, const char* key) {
  struct store* store = user_data;
  pthread_mutex_lock(&store->mutex);
  struct held_lock** at = &store->held;
  while (*at && strcmp((*at)->key, key) != 0) at = &(*at)->next;
  struct held_lock* held = *at;
  if (held) *at = held->next;
  pthread_mutex_unlock(&store->mutex);
  if (!held) return;
  give_back(held->fd);
  free(held);
}

/* --- Writing ------------------------------------------------------------------------------------------------------ */

static int32_t write_record(const char* path, int64_t seq, const void* data, size_t size_bytes) {
  char head[longest_head_bytes];
  int head_bytes = snprintf(head, sizeof head, "sample 1 %" PRId64 " %zu %" PRIx64 "\n", seq, size_bytes,
                            checksum_of(seq, data, size_bytes));
  int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd < 0) return failure();
  const char* pieces[] = {head, data};
  size_t left[] = {(size_t)head_bytes, size_bytes};
  int32_t result = ECOAUTH_STORE_OK;
  for (int i = 0; i < 2 && result == ECOAUTH_STORE_OK;) {
    ssize_t written = write(fd, pieces[i], left[i]);
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) result = failure();
    if (written <= 0) break;
    pieces[i] += written;
    left[i] -= (size_t)written;
    i += left[i] == 0;
  }
  /* A failed sync is not tried again: the kernel may have dropped what it could not write. The next save writes anew.
   */
  if (result == ECOAUTH_STORE_OK && (left[0] || left[1])) result = ECOAUTH_STORE_RETRY;
  if (result == ECOAUTH_STORE_OK && fsync(fd) != 0) result = failure();
  if (close(fd) != 0 && result == ECOAUTH_STORE_OK) result = failure();
  return result;
}

/* A new or a removed name is durable when its folder is. */
static int32_t sync_folder(const struct store* store) {
  int fd = open(store->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return failure();
  int32_t result = fsync(fd) == 0 ? ECOAUTH_STORE_OK : failure();
  close(fd);
  return result;
}

/* Was it this process that put the record `seq` there and could not finish? Forgets it. */
static bool take_half_saved(struct store* store, const char* key, int64_t seq) {
  pthread_mutex_lock(&store->mutex);
  struct half_saved** at = &store->half_saved;
  while (*at && strcmp((*at)->key, key) != 0) at = &(*at)->next;
  struct half_saved* found = *at;
  if (found) *at = found->next;
  pthread_mutex_unlock(&store->mutex);
  bool same = found && found->seq == seq;
  free(found);
  return same;
}

static void note_half_saved(struct store* store, const char* key, int64_t seq) {
  struct half_saved* half = malloc(sizeof *half);
  if (!half) return; /* then the next try will be a conflict, and the library reads again */
  snprintf(half->key, sizeof half->key, "%s", key);
  half->seq = seq;
  pthread_mutex_lock(&store->mutex);
  half->next = store->half_saved;
  store->half_saved = half;
  pthread_mutex_unlock(&store->mutex);
}

int32_t sample_store_save(void* user_data, const char* key, int64_t expected_seq, const void* data, size_t size_bytes,
                          int64_t new_seq) {
  struct store* store = user_data;
  char path[longest_path_bytes], new_path[longest_path_bytes];
  if (size_bytes > longest_record_bytes) return ECOAUTH_STORE_FATAL;
  struct stored* stored = malloc(sizeof *stored);
  if (!stored) return ECOAUTH_STORE_RETRY;
  int guard = take_byte(store, key, 1, 5000);
  int32_t result = guard >= 0 ? read_record(store, key, stored) : guard == -1 ? ECOAUTH_STORE_RETRY : failure();
  if (result == ECOAUTH_STORE_OK || result == ECOAUTH_STORE_NOT_FOUND) {
    int64_t found = result == ECOAUTH_STORE_OK ? stored->seq : 0;
    bool again = take_half_saved(store, key, found) && found == new_seq;
    result = found == expected_seq || again ? ECOAUTH_STORE_OK : ECOAUTH_STORE_CONFLICT;
  }
  if (result == ECOAUTH_STORE_OK) {
    result = write_record(path_of(new_path, store, key, new_suffix), new_seq, data, size_bytes);
    if (result == ECOAUTH_STORE_OK && rename(new_path, path_of(path, store, key, record_suffix)) != 0)
      result = failure();
    if (result == ECOAUTH_STORE_OK && (result = sync_folder(store)) != ECOAUTH_STORE_OK)
      note_half_saved(store, key, new_seq);
  }
  if (guard >= 0) give_back(guard);
  free(stored);
  return result;
}

int32_t sample_store_erase(void* user_data, const char* key) {
  struct store* store = user_data;
  char path[longest_path_bytes];
  int guard = take_byte(store, key, 1, 5000);
  if (guard < 0) return guard == -1 ? ECOAUTH_STORE_RETRY : failure();
  int32_t result = ECOAUTH_STORE_OK;
  if (unlink(path_of(path, store, key, new_suffix)) != 0 && errno != ENOENT) result = failure();
  if (unlink(path_of(path, store, key, record_suffix)) != 0 && errno != ENOENT) result = failure();
  if (result == ECOAUTH_STORE_OK) result = sync_folder(store);
  give_back(guard);
  return result;
}

int32_t sample_store_list(void* user_data, ecoauth_blob* out) {
  struct store* store = user_data;
  DIR* folder = opendir(store->folder);
  char* names = NULL;
  size_t size_bytes = 0;
  if (!folder) return failure();
  FILE* list = open_memstream(&names, &size_bytes);
  for (struct dirent* entry; list && (entry = readdir(folder)) != NULL;) {
    size_t length = strlen(entry->d_name), suffix = sizeof record_suffix - 1;
    if (length > suffix && strcmp(entry->d_name + length - suffix, record_suffix) == 0)
      fprintf(list, "%.*s\n", (int)(length - suffix), entry->d_name);
  }
  closedir(folder);
  bool complete = list && fclose(list) == 0;
  int32_t result = complete && ecoauth_blob_set(out, names, size_bytes) >= 0 ? ECOAUTH_STORE_OK : ECOAUTH_STORE_RETRY;
  free(names);
  return result;
}
