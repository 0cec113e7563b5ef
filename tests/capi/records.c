#include "records.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct record* find(struct records* records, const char* key) {
  for (size_t i = 0; i < most_records; ++i)
    if (records->all[i].data && strcmp(records->all[i].key, key) == 0) return &records->all[i];
  return NULL;
}

static struct record* make(struct records* records, const char* key) {
  for (size_t i = 0; i < most_records; ++i) {
    if (records->all[i].data) continue;
    strncpy(records->all[i].key, key, sizeof records->all[i].key - 1);
    return &records->all[i];
  }
  return NULL;
}

static int32_t load(void* user_data, const char* key, ecoauth_blob* out) {
  struct records* records = user_data;
  pthread_mutex_lock(&records->mutex);
  ++records->loads;
  int32_t result = records->load_result;
  const struct record* record = find(records, key);
  if (result == ECOAUTH_STORE_OK && !record) result = ECOAUTH_STORE_NOT_FOUND;
  if (result == ECOAUTH_STORE_OK && ecoauth_blob_set(out, record->data, record->size_bytes) != ECOAUTH_OK)
    result = ECOAUTH_STORE_RETRY;
  pthread_mutex_unlock(&records->mutex);
  return result;
}

static int32_t save(void* user_data, const char* key, int64_t expected_seq, const void* data, size_t size_bytes,
                    int64_t new_seq) {
  struct records* records = user_data;
  pthread_mutex_lock(&records->mutex);
  ++records->saves;
  int32_t result = records->save_result;
  struct record* record = find(records, key);
  if (result == ECOAUTH_STORE_OK && (record ? record->seq : 0) != expected_seq) result = ECOAUTH_STORE_CONFLICT;
  if (result == ECOAUTH_STORE_OK) {
    if (!record) record = make(records, key);
    void* copy = record ? malloc(size_bytes) : NULL;
    if (copy) {
      memcpy(copy, data, size_bytes);
      free(record->data);
      record->data = copy;
      record->size_bytes = size_bytes;
      record->seq = new_seq;
    } else {
      result = ECOAUTH_STORE_RETRY;
    }
  }
  pthread_mutex_unlock(&records->mutex);
  return result;
}

static int32_t erase(void* user_data, const char* key) {
  struct records* records = user_data;
  pthread_mutex_lock(&records->mutex);
  ++records->erases;
  struct record* record = records->erase_result == ECOAUTH_STORE_OK ? find(records, key) : NULL;
  if (record) {
    free(record->data);
    memset(record, 0, sizeof *record);
  }
  pthread_mutex_unlock(&records->mutex);
  return records->erase_result;
}

static void finalize(void* user_data) {
  struct records* records = user_data;
  __atomic_add_fetch(&records->finalized, 1, __ATOMIC_SEQ_CST);
}

static void finalize_copy(void* user_data) {
  records_clear(user_data);
  free(user_data);
}

void records_copy(const struct records* from, struct records* into) {
  for (size_t i = 0; i < most_records; ++i) {
    into->all[i] = from->all[i];
    if (!from->all[i].data) continue;
    into->all[i].data = malloc(from->all[i].size_bytes);
    memcpy(into->all[i].data, from->all[i].data, from->all[i].size_bytes);
  }
}

ecoauth_store* records_store(struct records* records, bool copy) {
  if (copy) {
    struct records* own = calloc(1, sizeof *own);
    records_copy(records, own);
    records = own;
  }
  return ecoauth_store_new_callbacks(records, copy ? finalize_copy : finalize, load, save, erase, NULL, NULL, NULL);
}

int records_count(struct records* records) {
  int count = 0;
  pthread_mutex_lock(&records->mutex);
  for (size_t i = 0; i < most_records; ++i) count += records->all[i].data != NULL;
  pthread_mutex_unlock(&records->mutex);
  return count;
}

void records_clear(struct records* records) {
  for (size_t i = 0; i < most_records; ++i) free(records->all[i].data);
  memset(records->all, 0, sizeof records->all);
}

void records_grants(struct records* records, char* text, size_t size_bytes) {
  static const char* const names[] = {"\ngrant.access-token ", "\ngrant.generation ", "\ngrant.candidate ",
                                      "\ngrant.obtained "};
  size_t size = 0;
  text[0] = '\0';
  pthread_mutex_lock(&records->mutex);
  for (size_t i = 0; i < most_records; ++i) {
    const struct record* record = &records->all[i];
    for (size_t n = 0; record->data && n < sizeof names / sizeof *names; ++n) {
      const char* line = memmem(record->data, record->size_bytes, names[n], strlen(names[n]));
      if (line && size < size_bytes)
        size += (size_t)snprintf(text + size, size_bytes - size, "%.*s", (int)strcspn(line + 1, "\n") + 1, line);
    }
  }
  pthread_mutex_unlock(&records->mutex);
}
