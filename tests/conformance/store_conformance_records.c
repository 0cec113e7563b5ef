/* Checks of what is saved, loaded, listed and erased.
 * SPDX-License-Identifier: MIT */
#define _GNU_SOURCE 1
#include <stdlib.h>
#include <string.h>

#include "store_conformance_kit.h"

void check_life(void) {
  char key[kit_longest_key + 1];
  void* store = kit_open();
  kit_key(key, "life");
  for (int round = 0; round < 2; ++round) {
    if (kit_load(store, key) != 0) kit_wrong("load found a record before the first was saved");
    kit_answers(ECOAUTH_STORE_CONFLICT, kit_save(store, key, 1, 2), "save over a record that does not exist");
    kit_answers(ECOAUTH_STORE_OK, kit_save(store, key, 0, 1), "the first save");
    if (kit_load(store, key) != 1) kit_wrong("load does not hand out what was saved");
    kit_answers(ECOAUTH_STORE_CONFLICT, kit_save(store, key, 0, 5), "save as the first over one that exists");
    kit_answers(ECOAUTH_STORE_OK, kit_save(store, key, 1, 2), "save");
    kit_answers(ECOAUTH_STORE_CONFLICT, kit_save(store, key, 1, 3), "save over one that has been replaced");
    kit_answers(ECOAUTH_STORE_CONFLICT, kit_save(store, key, 3, 4), "save over one that is not there yet");
    /* Numbers need not follow one another, and take all of 64 bits. */
    kit_answers(ECOAUTH_STORE_OK, kit_save(store, key, 2, ((int64_t)1 << 40) + 7), "save with a gap in the numbers");
    kit_answers(ECOAUTH_STORE_CONFLICT, kit_save(store, key, 7, 8), "save over a number that only ends alike");
    if (kit_load(store, key) != ((int64_t)1 << 40) + 7) kit_wrong("a refused save has changed the record");
    kit_close(store);
    store = kit_open();
    if (kit_load(store, key) != ((int64_t)1 << 40) + 7)
      kit_wrong("the record is gone when the store is kit_open again");
    kit_answers(ECOAUTH_STORE_OK, kit.subject->erase(store, key), "erase");
    kit_answers(ECOAUTH_STORE_OK, kit.subject->erase(store, key), "erase of what is gone");
    if (kit_load(store, key) != 0) kit_wrong("an erased record is still handed out");
    kit_close(store);
    store = kit_open();
    if (kit_load(store, key) != 0) kit_wrong("an erased record comes back when the store is kit_open again");
  }
  kit_close(store);
}

void check_sizes(void) {
  static const size_t sizes[] = {
      1, 2, 511, 512, 513, 4095, 4096, 4097, 8192, 16384, 32000, 32767, kit_longest_record_bytes, 3};
  static unsigned char bytes[kit_longest_record_bytes];
  char key[kit_longest_key + 1];
  void* store = kit_open();
  kit_key(key, "sizes");
  int64_t seq = 0;
  for (size_t i = 0; i < sizeof sizes / sizeof *sizes; ++i) {
    for (int kind = 0; kind < 3; ++kind, ++seq) { /* mixed, zeros, line ends */
      ecoauth_blob blob = {NULL, 0};
      kit_fill(bytes, sizes[i], seq);
      if (kind) memset(bytes, kind == 1 ? 0 : '\n', sizes[i]);
      if (!kit_answers(ECOAUTH_STORE_OK, kit.subject->save(store, key, seq, bytes, sizes[i], seq + 1), "save")) {
        kit_wrong("... of %zu bytes", sizes[i]);
        kit_close(store);
        return;
      }
      kit_answers(ECOAUTH_STORE_OK, kit.subject->load(store, key, &blob), "load");
      if (blob.size_bytes != sizes[i] || memcmp(blob.data, bytes, sizes[i]) != 0)
        kit_wrong("%zu bytes were saved, %zu others loaded", sizes[i], blob.size_bytes);
      free(blob.data);
    }
  }
  kit_close(store);
}

static const char* const key_names[] = {
    "a", "A", "a.b", "a-b", "a_b", "a.b.", "a..b", "..", "-", "_", "0", "rf", "a.tmp", "a.lock", "nul",
    /* 100 characters with what stands before them, and two that differ in the last one */
    "0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890",
    "0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567891"};
enum { key_count = sizeof key_names / sizeof *key_names };

static bool listed(const ecoauth_blob* list, const char* key) {
  size_t length = strlen(key);
  int times = 0;
  const char* at = list->data;
  for (const char* end_of = at + list->size_bytes; at < end_of;) {
    const char* line_end = memchr(at, '\n', (size_t)(end_of - at));
    size_t line_length = (size_t)((line_end ? line_end : end_of) - at);
    times += line_length == length && memcmp(at, key, length) == 0;
    at += line_length + 1;
  }
  if (times > 1) kit_wrong("list names %s %d times", key, times);
  return times == 1;
}

static void check_list(void* store, int first_kept) {
  ecoauth_blob list = {NULL, 0};
  char key[kit_longest_key + 1];
  if (!kit.subject->list || !kit_answers(ECOAUTH_STORE_OK, kit.subject->list(store, &list), "list")) return;
  for (int i = 0; i < key_count; ++i)
    if (listed(&list, kit_key(key, key_names[i])) != (i >= first_kept))
      kit_wrong(i >= first_kept ? "list does not name %s" : "list names %s, which was erased", key);
  if (listed(&list, "") || listed(&list, kit.run)) kit_wrong("list names what is no key");
  free(list.data);
}

void check_keys(void) {
  char key[kit_longest_key + 1];
  void* store = kit_open();
  for (int i = 0; i < key_count; ++i)
    if (!kit_answers(ECOAUTH_STORE_OK, kit_save(store, kit_key(key, key_names[i]), 0, i + 1), "the first save"))
      kit_wrong("... under the key %s", key);
  for (int i = 0; i < key_count; ++i)
    if (kit_load(store, kit_key(key, key_names[i])) != i + 1) kit_wrong("the record of %s is another key's", key);
  check_list(store, 0);
  for (int i = 0; i < key_count; ++i) {
    kit_answers(ECOAUTH_STORE_OK, kit.subject->erase(store, kit_key(key, key_names[i])), "erase");
    if (i + 1 < key_count && kit_load(store, kit_key(key, key_names[i + 1])) != i + 2)
      kit_wrong("erasing %s took the record of %s along", key_names[i], key_names[i + 1]);
    if (i == 2) check_list(store, 3);
  }
  kit_close(store);
}

void check_damage(void) {
  char key[kit_longest_key + 1];
  if (!kit.subject->damage) {
    fprintf(kit.out, "  damage: not checked, the subject cannot damage a record\n");
    return;
  }
  void* store = kit_open();
  kit_key(key, "damage");
  kit_answers(ECOAUTH_STORE_OK, kit_save(store, key, 0, 1), "save");
  kit_close(store);
  if (kit.subject->damage(kit.place, key) != 0) kit_wrong("the subject did not damage the record");
  store = kit_open();
  ecoauth_blob blob = {NULL, 0};
  int32_t result = kit.subject->load(store, key, &blob);
  if (result != ECOAUTH_STORE_FATAL)
    kit_wrong("load of a damaged record answered %s instead of FATAL", kit_name_of(result));
  result = kit_save(store, key, 0, 1);
  if (result == ECOAUTH_STORE_OK) kit_wrong("a damaged record was overwritten as if there were none");
  free(blob.data);
  kit_close(store);
}

void check_syncs(void) {
  char key[kit_longest_key + 1];
  if (kit.subject->syncs_elsewhere) return;
  void* store = kit_open();
  kit_key(key, "kit_syncs");
  for (int64_t number = 0; number < 4; ++number) {
    int before = kit_syncs;
    kit_answers(ECOAUTH_STORE_OK, kit_save(store, key, number, number + 1), "save");
    if (kit_syncs == before)
      kit_wrong("save answered OK without fsync() or fdatasync(): a power cut may take the record");
  }
  int before = kit_syncs;
  kit_answers(ECOAUTH_STORE_OK, kit.subject->erase(store, key), "erase");
  if (kit_syncs == before)
    kit_wrong("erase answered OK without fsync() or fdatasync(): a power cut may bring the record back");
  kit_close(store);
}

/* Whichever of its kit_syncs fails, a save must not say OK unless it has synced again since; and the same save works
 * then. */
void check_failing_syncs(void) {
  char key[kit_longest_key + 1];
  int64_t number = 1;
  if (kit.subject->syncs_elsewhere) return;
  void* store = kit_open();
  kit_key(key, "failing");
  kit_answers(ECOAUTH_STORE_OK, kit_save(store, key, 0, 1), "save");
  for (int failing = 1; failing < 20 && !kit.wrong; ++failing) {
    kit_syncs = 0;
    kit_failing_sync = failing;
    int32_t result = kit_save(store, key, number, number + 1);
    kit_failing_sync = 0;
    int64_t found = kit_load(store, key);
    if (kit_syncs < failing) break; /* it does not sync so often */
    if (result == ECOAUTH_STORE_OK && kit_syncs == failing)
      kit_wrong("save answered OK although its sync number %d failed", failing);
    if (result == ECOAUTH_STORE_CONFLICT) kit_wrong("a failed sync is not a CONFLICT");
    if (found != number && found != number + 1)
      kit_wrong("after a failed sync the record is neither the old nor the new one");
    if (result != ECOAUTH_STORE_OK)
      kit_answers(ECOAUTH_STORE_OK, kit_save(store, key, number, number + 1),
                  "the same save again after a failed sync");
    if (kit_load(store, key) != ++number) kit_wrong("the record saved after a failed sync is not there");
  }
  kit_close(store);
}
