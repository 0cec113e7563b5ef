/* Sealed stores as a host sees them: sources of keys, nothing in plain, nothing without a key. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "capi_test.h"
#include "records.h"

enum { key_bytes = 32 };

/* A keeper of keys: the first is the current one. */
struct keeper {
  unsigned char keys[2][key_bytes];
  char ids[2][17]; /* as the library asked for them; found out by the test */
  int count;
  int32_t result; /* instead of a key */
  int asked, finalized;
  char asked_for[17];
};

static void give_key(struct keeper* keeper, int number, unsigned char first_byte) {
  for (int i = 0; i < key_bytes; ++i) keeper->keys[number][i] = (unsigned char)(first_byte + i * 7);
  if (keeper->count <= number) keeper->count = number + 1;
}

static int32_t key_of(void* user_data, const char* key_id, ecoauth_blob* out) {
  struct keeper* keeper = user_data;
  add_one(&keeper->asked);
  if (keeper->result != ECOAUTH_STORE_OK) return keeper->result;
  if (!key_id)
    return ecoauth_blob_set(out, keeper->keys[0], key_bytes) == ECOAUTH_OK ? ECOAUTH_STORE_OK : ECOAUTH_STORE_FATAL;
  snprintf(keeper->asked_for, sizeof keeper->asked_for, "%s", key_id);
  for (int i = 0; i < keeper->count; ++i)
    if (strcmp(keeper->ids[i], key_id) == 0) {
      ecoauth_blob_set(out, keeper->keys[i], key_bytes);
      return ECOAUTH_STORE_OK;
    }
  return ECOAUTH_STORE_NOT_FOUND;
}

static void finalize(void* user_data) { add_one(&((struct keeper*)user_data)->finalized); }

static bool holds(const struct records* records, const char* text) {
  for (size_t i = 0; i < most_records; ++i)
    if (records->all[i].data && memmem(records->all[i].data, records->all[i].size_bytes, text, strlen(text)))
      return true;
  return false;
}

/* The id of the key that the one record is sealed with. */
static void sealed_with(const struct records* records, char id[17]) {
  static const char line[] = "\nseal aes-256-gcm ";
  const char* found = memmem(records->all[0].data, records->all[0].size_bytes, line, sizeof line - 1);
  CHECK(found != NULL);
  memcpy(id, found + sizeof line - 1, 16);
  id[16] = '\0';
}

static ecoauth_client* client_on(struct records* records, struct keeper* keeper) {
  ecoauth_store* store = records_store(records, false);
  if (keeper) CHECK_RESULT(ECOAUTH_OK, ecoauth_store_seal_with_callback(store, key_of, keeper, finalize));
  ecoauth_options* options = sandbox_options(ECOAUTH_DISPATCH_POLL);
  CHECK_RESULT(ECOAUTH_OK, ecoauth_options_set_store(options, store));
  return client_of(options);
}

static void check_seal(ecoauth_account* account, const char* seal) {
  ecoauth_status* status = NULL;
  CHECK_RESULT(ECOAUTH_OK, ecoauth_account_status(account, &status, NULL));
  CHECK_TEXT(seal, ecoauth_status_seal(status));
  ecoauth_status_free(status);
}

static void features(void) {
  CHECK_NUMBER(1, ecoauth_has_feature("sealing"));
  CHECK(ecoauth_has_feature("seal-secret-service") == 0 || ecoauth_has_feature("seal-secret-service") == 1);
}

static void arguments(void) {
  struct keeper keeper = {0};
  ecoauth_store* store = ecoauth_store_new_memory();
  CHECK_RESULT(ECOAUTH_ERROR_INVALID_ARGUMENT, ecoauth_store_seal_with_callback(store, NULL, &keeper, finalize));
  CHECK_NUMBER(1, keeper.finalized);
  CHECK_RESULT(ECOAUTH_ERROR_INVALID_ARGUMENT, ecoauth_store_seal_with_callback(NULL, key_of, &keeper, finalize));
  CHECK_NUMBER(2, keeper.finalized);
  CHECK_RESULT(ECOAUTH_ERROR_INVALID_ARGUMENT, ecoauth_store_seal_with_fd(store, -1));
  CHECK_RESULT(ECOAUTH_ERROR_INVALID_ARGUMENT, ecoauth_store_seal_with_fd(store, 999999));
  CHECK_RESULT(ECOAUTH_ERROR_INVALID_ARGUMENT, ecoauth_store_seal_with_file(store, NULL));
  CHECK_RESULT(ECOAUTH_ERROR_INVALID_ARGUMENT, ecoauth_store_seal_with_file(store, ""));
  CHECK_RESULT(ECOAUTH_ERROR_INVALID_ARGUMENT, ecoauth_store_seal_with_file(store, "\xff"));
  CHECK_RESULT(ECOAUTH_ERROR_INVALID_ARGUMENT, ecoauth_store_seal_with_secret_service(store, "", NULL));
  CHECK_RESULT(ECOAUTH_ERROR_INVALID_ARGUMENT, ecoauth_store_seal_with_secret_service(store, NULL, ""));
  /* Each source replaces the one before. */
  CHECK_RESULT(ECOAUTH_OK, ecoauth_store_seal_with_callback(store, key_of, &keeper, finalize));
  CHECK_NUMBER(2, keeper.finalized);
  CHECK_RESULT(ECOAUTH_OK, ecoauth_store_seal_with_file(store, "relative/name"));
  CHECK_NUMBER(3, keeper.finalized);
  const int32_t expected = ecoauth_has_feature("seal-secret-service") ? ECOAUTH_OK : ECOAUTH_ERROR_UNSUPPORTED;
  CHECK_RESULT(expected, ecoauth_store_seal_with_secret_service(store, NULL, NULL));
  CHECK_RESULT(expected, ecoauth_store_seal_with_secret_service(store, "label", "unix:path=/nowhere"));
  CHECK_RESULT(ECOAUTH_OK, ecoauth_store_seal_with_callback(store, key_of, &keeper, finalize));
  ecoauth_store_free(store);
  CHECK_NUMBER(4, keeper.finalized);
  CHECK_NUMBER(0, keeper.asked);
}

/* From a PIN to a signing out, and on to a second client: the host's store never sees anything in plain. */
static void a_sealed_life(void) {
  struct records records = {0};
  struct keeper keeper = {0};
  give_key(&keeper, 0, 1);
  ecoauth_client* client = client_on(&records, &keeper);
  ecoauth_account* account = account_of(client);
  CHECK_NUMBER(0, keeper.asked); /* opening asks for nothing */
  check_seal(account, "aes-256-gcm");
  CHECK_RESULT(ECOAUTH_OK, ecoauth_account_authorize_pin(account, LONG_MS, NULL));
  CHECK(keeper.asked > 0 && !holds(&records, TEST_CLIENT_ID));
  sealed_with(&records, keeper.ids[0]);
  ecoauth_account_close(account);
  ecoauth_client_free(client);
  CHECK_NUMBER(1, keeper.finalized);

  client = client_on(&records, &keeper);
  account = account_of(client);
  ecoauth_token* token = NULL;
  CHECK_RESULT(ECOAUTH_OK, ecoauth_account_get_token(account, 0, LONG_MS, &token, NULL));
  CHECK_TEXT(keeper.ids[0], keeper.asked_for);
  CHECK(!holds(&records, ecoauth_token_access_token(token)));
  ecoauth_token_free(token);
  check_seal(account, "aes-256-gcm");
  CHECK_RESULT(ECOAUTH_OK, ecoauth_account_refresh(account, LONG_MS, NULL));
  CHECK_RESULT(ECOAUTH_OK, ecoauth_account_sign_out(account, LONG_MS, NULL));
  CHECK(!holds(&records, TEST_CLIENT_ID));
  ecoauth_account_close(account);
  ecoauth_client_free(client);
  CHECK_NUMBER(2, keeper.finalized);
  records_clear(&records);
}

/* A plain record becomes a sealed one, and that of an old key one of the new. */
static void seals_change(void) {
  struct records records = {0};
  struct keeper keeper = {0};
  char id[17];
  authorize_records(&records);
  CHECK(holds(&records, TEST_CLIENT_ID));
  ecoauth_client* client = client_on(&records, NULL);
  ecoauth_account* account = account_of(client);
  CHECK_RESULT(ECOAUTH_OK, ecoauth_account_wait(account, 0, LONG_MS, NULL));
  check_seal(account, "none");
  ecoauth_account_close(account);
  ecoauth_client_free(client);

  give_key(&keeper, 0, 1);
  client = client_on(&records, &keeper);
  account = account_of(client);
  CHECK_RESULT(ECOAUTH_OK, ecoauth_account_refresh(account, LONG_MS, NULL));
  check_seal(account, "aes-256-gcm");
  CHECK(!holds(&records, TEST_CLIENT_ID));
  sealed_with(&records, keeper.ids[0]);
  ecoauth_account_close(account);
  ecoauth_client_free(client);

  memcpy(keeper.keys[1], keeper.keys[0], key_bytes);
  strcpy(keeper.ids[1], keeper.ids[0]);
  give_key(&keeper, 0, 99);
  keeper.ids[0][0] = '\0';
  keeper.count = 2;
  const int saves = records.saves;
  client = client_on(&records, &keeper);
  account = account_of(client);
  CHECK_RESULT(ECOAUTH_OK, ecoauth_account_wait(account, 0, LONG_MS, NULL));
  await_count(&records.saves, saves + 1); /* it was refreshed a moment ago: sealing anew does not need that */
  ecoauth_account_close(account);
  ecoauth_client_free(client);
  sealed_with(&records, id);
  CHECK(strcmp(id, keeper.ids[1]) != 0);
  records_clear(&records);
}

/* Without the key nothing is read, sent or overwritten; with it all goes on. */
static void without_the_key(void) {
  struct records records = {0};
  struct keeper keeper = {0};
  ecoauth_error* error = NULL;
  ecoauth_token* token = NULL;
  give_key(&keeper, 0, 1);
  authorize_records(&records);
  ecoauth_client* client = client_on(&records, &keeper);
  ecoauth_account* account = account_of(client);
  CHECK_RESULT(ECOAUTH_OK, ecoauth_account_refresh(account, LONG_MS, NULL));
  ecoauth_account_close(account);
  ecoauth_client_free(client);
  sealed_with(&records, keeper.ids[0]);

  static const struct {
    int32_t answer, code, action;
  } answers[] = {{ECOAUTH_STORE_NOT_FOUND, ECOAUTH_ERROR_STORE, ECOAUTH_ACTION_FIX_STORAGE},
                 {ECOAUTH_STORE_RETRY, ECOAUTH_ERROR_CALLBACK, ECOAUTH_ACTION_RETRY},
                 {ECOAUTH_STORE_FATAL, ECOAUTH_ERROR_CALLBACK, ECOAUTH_ACTION_FIX_STORAGE},
                 {4711, ECOAUTH_ERROR_CALLBACK, ECOAUTH_ACTION_FIX_STORAGE}};
  client = client_on(&records, &keeper);
  account = account_of(client);
  const int saves = records.saves, requests = sandbox_requests(test_sandbox(), "token");
  for (size_t i = 0; i < sizeof answers / sizeof *answers; ++i) {
    keeper.result = answers[i].answer;
    CHECK_RESULT(answers[i].code, ecoauth_account_get_token(account, 0, LONG_MS, &token, &error));
    CHECK_NUMBER(answers[i].action, ecoauth_error_action(error));
    CHECK(strlen(ecoauth_error_advice(error)) > 10);
    ecoauth_error_free(error);
    CHECK(ecoauth_account_authorize_pin(account, LONG_MS, NULL) == answers[i].code);
    CHECK(ecoauth_account_sign_out(account, LONG_MS, NULL) == answers[i].code);
  }
  check_seal(account, "aes-256-gcm");
  CHECK_NUMBER(saves, records.saves);
  CHECK_NUMBER(0, records.erases);
  CHECK_NUMBER(requests, sandbox_requests(test_sandbox(), "token"));
  keeper.result = ECOAUTH_STORE_OK;
  CHECK_EXPLAINED(ECOAUTH_OK, ecoauth_account_get_token(account, 0, LONG_MS, &token, &error), error);
  ecoauth_token_free(token);
  ecoauth_account_close(account);
  ecoauth_client_free(client);

  client = client_on(&records, NULL); /* a host that knows of no sealing */
  account = account_of(client);
  CHECK_EXPLAINED(ECOAUTH_ERROR_STORE, ecoauth_account_get_token(account, 0, LONG_MS, &token, &error), error);
  CHECK_RESULT(ECOAUTH_ERROR_STORE, ecoauth_account_authorize_pin(account, LONG_MS, NULL));
  check_seal(account, "aes-256-gcm");
  ecoauth_account_close(account);
  ecoauth_client_free(client);
  records_clear(&records);
}

/* Sealing is asked for and there has never been a key: a plain record is served, and neither refreshed nor saved. */
static void never_a_key(void) {
  struct records records = {0};
  struct keeper keeper = {0};
  ecoauth_error* error = NULL;
  ecoauth_token* token = NULL;
  keeper.result = ECOAUTH_STORE_FATAL;
  authorize_records(&records);
  ecoauth_client* client = client_on(&records, &keeper);
  ecoauth_account* account = account_of(client);
  CHECK_EXPLAINED(ECOAUTH_OK, ecoauth_account_get_token(account, 0, LONG_MS, &token, &error), error);
  ecoauth_token_free(token);
  check_seal(account, "none");
  const int requests = sandbox_requests(test_sandbox(), "token");
  CHECK_EXPLAINED(ECOAUTH_ERROR_CALLBACK, ecoauth_account_refresh(account, LONG_MS, &error), error);
  CHECK_NUMBER(requests, sandbox_requests(test_sandbox(), "token"));
  CHECK_NUMBER(0, records.saves);
  CHECK_RESULT(ECOAUTH_OK, ecoauth_account_get_token(account, 0, LONG_MS, &token, NULL));
  ecoauth_token_free(token);
  ecoauth_account_close(account);
  ecoauth_client_free(client);
  records_clear(&records);
}

/* The record that a host is handed when it could not be saved is sealed too. */
/* And put back by the host, as docs/embedding.md has it. */
static void what_cannot_be_saved_is_handed_over_sealed(void) {
  struct records records = {0};
  struct keeper keeper = {0};
  give_key(&keeper, 0, 1);
  authorize_records(&records);
  ecoauth_client* client = client_on(&records, &keeper);
  ecoauth_account* account = account_of(client);
  CHECK_RESULT(ECOAUTH_OK, ecoauth_account_wait(account, 0, LONG_MS, NULL));
  sandbox_control(test_sandbox(), "fault", "name=delay&ms=300&at=token");
  int64_t operation = 0;
  const int requests = sandbox_requests(test_sandbox(), "token");
  CHECK_RESULT(ECOAUTH_OK, ecoauth_account_refresh_start(account, &operation, NULL));
  sandbox_await_requests(test_sandbox(), "token", requests + 1);
  pthread_mutex_lock(&records.mutex);
  records.save_result = ECOAUTH_STORE_RETRY; /* the intent is saved, the new tokens cannot be */
  pthread_mutex_unlock(&records.mutex);
  ecoauth_event* event = await_event(client, ECOAUTH_EVENT_UNSAVED);
  const void* data = ecoauth_event_data(event);
  const size_t size = ecoauth_event_data_bytes(event);
  CHECK(size > 0 && !memmem(data, size, TEST_CLIENT_ID, strlen(TEST_CLIENT_ID)));
  CHECK(memmem(data, size, "\nseal aes-256-gcm ", 18) != NULL);
  const char* seq = memmem(data, size, "\nseq ", 5);
  CHECK(seq != NULL);
  struct record kept = {.data = malloc(size), .size_bytes = size, .seq = strtoll(seq + 5, NULL, 10)};
  memcpy(kept.data, data, size);
  memcpy(kept.key, records.all[0].key, sizeof kept.key);
  ecoauth_event_free(event);
  ecoauth_account_close(account);
  ecoauth_client_free(client); /* the disk does not come back in this process's life */

  records_clear(&records);
  records.all[0] = kept;
  sealed_with(&records, keeper.ids[0]);
  records.save_result = ECOAUTH_STORE_OK;
  client = client_on(&records, &keeper);
  account = account_of(client);
  ecoauth_token* token = NULL;
  ecoauth_error* error = NULL;
  CHECK_EXPLAINED(ECOAUTH_OK, ecoauth_account_get_token(account, 0, LONG_MS, &token, &error), error);
  CHECK_NUMBER(2, ecoauth_token_generation(token));
  ecoauth_token_free(token);
  CHECK_RESULT(ECOAUTH_OK,
               ecoauth_account_sign_out(account, LONG_MS, NULL)); /* its number is right: it can be replaced */
  ecoauth_account_close(account);
  ecoauth_client_free(client);
  records_clear(&records);
}

static void files_and_descriptors(void) {
  char folder[] = "/tmp/ecoauth-seal-XXXXXX", path[64], digits[2 * key_bytes + 2] = "";
  CHECK(mkdtemp(folder) != NULL);
  snprintf(path, sizeof path, "%s/key", folder);
  for (int i = 0; i < key_bytes; ++i) sprintf(digits + 2 * i, "%02x", i * 5);
  strcat(digits, "\n");
  const int file = open(path, O_CREAT | O_RDWR | O_CLOEXEC, 0600);
  CHECK(write(file, digits, strlen(digits)) == (ssize_t)strlen(digits));

  for (int round = 0; round < 4; ++round) {
    struct records records = {0};
    authorize_records(&records);
    ecoauth_store* store = records_store(&records, false);
    if (round % 2 == 0)
      CHECK_RESULT(ECOAUTH_OK, ecoauth_store_seal_with_file(store, path));
    else
      CHECK_RESULT(ECOAUTH_OK, ecoauth_store_seal_with_fd(store, file));
    ecoauth_options* options = sandbox_options(ECOAUTH_DISPATCH_POLL);
    CHECK_RESULT(ECOAUTH_OK, ecoauth_options_set_store(options, store));
    ecoauth_client* client = client_of(options);
    ecoauth_account* account = account_of(client);
    ecoauth_error* error = NULL;
    CHECK_EXPLAINED(ECOAUTH_OK, ecoauth_account_refresh(account, LONG_MS, &error), error);
    CHECK(!holds(&records, TEST_CLIENT_ID));
    check_seal(account, "aes-256-gcm");
    ecoauth_account_close(account);
    ecoauth_client_free(client);
    records_clear(&records);
  }
  close(file);
  unlink(path);
  rmdir(folder);
}

int main(int argc, char** argv) {
  static const struct test_case cases[] = {
      {"features", features},
      {"arguments", arguments},
      {"a sealed life", a_sealed_life},
      {"seals change", seals_change},
      {"without the key", without_the_key},
      {"never a key", never_a_key},
      {"what cannot be saved is handed over sealed", what_cannot_be_saved_is_handed_over_sealed},
      {"files and descriptors", files_and_descriptors}};
  return RUN_CASES(argc, argv, cases);
}
