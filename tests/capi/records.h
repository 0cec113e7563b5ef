/* A store of the host in C: records in memory, behind the callbacks of <ecoauth/store.h>. */
#ifndef CAPI_RECORDS_H
#define CAPI_RECORDS_H

#include <ecoauth/ecoauth.h>
#include <pthread.h>
#include <stdbool.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { most_records = 8 };

struct record {
  char key[101];
  void* data;
  size_t size_bytes;
  int64_t seq;
};

/* Zeros make a good empty one. */
struct records {
  pthread_mutex_t mutex;
  struct record all[most_records];
  int loads, saves, erases, finalized;
  /* What the callbacks answer instead of working; 0: they work. */
  int32_t load_result, save_result, erase_result;
};

/* A store on `records`, which must outlive it. `copy`: on a copy of what is there now, which ends with the store. */
ecoauth_store* records_store(struct records* records, bool copy);
/* `into` is empty. */
void records_copy(const struct records* from, struct records* into);
int records_count(struct records* records);
/* The lines of all stored grants that no answer of a server may change, as far as they fit. */
void records_grants(struct records* records, char* text, size_t size_bytes);
void records_clear(struct records* records);

#ifdef __cplusplus
}
#endif

#endif
