/* The conformance kit on the sample, in which it must find nothing, and on stores with one defect each, which it must
 * find. usage: sample_test [SEED]
 */
#define _GNU_SOURCE 1
#include <ftw.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bad_stores.h"

static int remove_one(const char* path, const struct stat* status, int kind, struct FTW* where) {
  return (void)status, (void)kind, (void)where, remove(path);
}

/* Runs it on an empty folder; what the kit said is in `said`, to be freed. */
static int run(const struct store_subject* subject, unsigned seed, const char* only, char** said) {
  char folder[] = "/tmp/ecoauth-conformance.XXXXXX";
  FILE* out = tmpfile();
  if (!out || !mkdtemp(folder)) exit(1);
  int failed = store_conformance(subject, folder, seed, only, out);
  long size = (fseek(out, 0, SEEK_END), ftell(out));
  rewind(out);
  *said = calloc(1, (size_t)size + 1);
  if (fread(*said, 1, (size_t)size, out) != (size_t)size) exit(1);
  fclose(out);
  nftw(folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
  return failed;
}

int main(int argc, char** argv) {
  unsigned seed = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10) : 1;
  char* said;
  int missed = 0;
  int failed = run(&good_store, seed, NULL, &said);
  printf("the sample, seed %u:\n%s\n", seed, said);
  free(said);
  if (failed != 0) return 1;
  for (int i = 0; i < bad_store_count; ++i) {
    const struct bad_store* bad = &bad_stores[i];
    bool found = run(&bad->subject, seed, bad->found_by, &said) == 1;
    const char* first = strstr(said, ": ");
    printf("%s by \"%s\": a store that %s%.*s\n", found ? "found " : "MISSED", bad->found_by, bad->defect,
           found && first ? (int)strcspn(first, "\n") : 0, first ? first : "");
    free(said);
    missed += !found;
  }
  printf("%d of %d bad stores found\n", bad_store_count - missed, bad_store_count);
  return missed == 0 ? 0 : 1;
}
