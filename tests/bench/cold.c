/* The first token in a cold process: read the record, refresh once over the network, save, copy the token, end.
 *
 * usage: cold login|token URL CA_FILE host|file PLACE
 *   login authorizes and leaves the record in PLACE; token is what is measured.
 *   host keeps the record in the plain file PLACE by callbacks that flush nothing; file is the library's own store,
 * durable. SPDX-License-Identifier: MIT */
#include <string.h>

#include "bench.h"

static int32_t load(void* place, const char* key, ecoauth_blob* out) {
  (void)key;
  static char record[65536];
  FILE* file = fopen(place, "re");
  if (!file) return ECOAUTH_STORE_NOT_FOUND;
  size_t length = fread(record, 1, sizeof record, file);
  fclose(file);
  return ecoauth_blob_set(out, record, length) == ECOAUTH_OK ? ECOAUTH_STORE_OK : ECOAUTH_STORE_FATAL;
}

static int32_t save(void* place, const char* key, int64_t expected_seq, const void* data, size_t size_bytes,
                    int64_t new_seq) {
  (void)key, (void)expected_seq, (void)new_seq;
  FILE* file = fopen(place, "we");
  if (!file) return ECOAUTH_STORE_FATAL;
  bool written = fwrite(data, 1, size_bytes, file) == size_bytes;
  return fclose(file) == 0 && written ? ECOAUTH_STORE_OK : ECOAUTH_STORE_FATAL;
}

static int32_t erase(void* place, const char* key) {
  (void)key;
  remove(place);
  return ECOAUTH_STORE_OK;
}

int main(int argc, char** argv) {
  BENCH_NEED(argc == 6);
  ecoauth_store* store = strcmp(argv[4], "host") == 0
                             ? ecoauth_store_new_callbacks(argv[5], NULL, load, save, erase, NULL, NULL, NULL)
                             : ecoauth_store_new_file(argv[5]);
  BENCH_NEED(store);
  ecoauth_client* client = NULL;
  ecoauth_account* account = bench_account(argv[2], argv[3], store, &client);
  if (strcmp(argv[1], "login") == 0)
    bench_login(account);
  else
    bench_refresh(account);
  char token[16384];
  BENCH_NEED(ecoauth_account_copy_token(account, token, sizeof token, NULL, NULL) == ECOAUTH_OK);
  ecoauth_account_close(account);
  ecoauth_client_free(client);
  return 0;
}
