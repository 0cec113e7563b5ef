/* The host's own store: what its callbacks get, what their answers lead to, and that nothing good is lost by them. */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "capi_test.h"

static ecoauth_client* client_on(struct records* records) {
  ecoauth_options* options = sandbox_options(ECOAUTH_DISPATCH_POLL);
  CHECK_RESULT(ECOAUTH_OK, ecoauth_options_set_store(options, records_store(records, false)));
  return client_of(options);
}

/* Is this text anywhere in the records? */
static bool holds(const struct records* records, const char* text) {
  for (size_t i = 0; i < most_records; ++i)
    if (records->all[i].data && memmem(records->all[i].data, records->all[i].size_bytes, text, strlen(text)))
      return true;
  return false;
}

static void a_life(void) {
  struct records records = {0};
  ecoauth_token* token = NULL;
  ecoauth_status* status = NULL;
  ecoauth_client* client = client_on(&records);
  ecoauth_account* account = account_of(client);
  CHECK_NUMBER(0, records.loads); /* opening reads nothing */
  CHECK_RESULT(ECOAUTH_OK, ecoauth_account_authorize_pin(account, LONG_MS, NULL));
  CHECK(records.loads > 0 && records.saves > 0);
  CHECK_NUMBER(1, records_count(&records));
  CHECK(strspn(records.all[0].key, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-") ==
        strlen(records.all[0].key));
  CHECK(strncmp(records.all[0].key, "default-", 8) == 0);
  CHECK_RESULT(ECOAUTH_OK, ecoauth_account_status(account, &status, NULL));
  CHECK_TEXT("callbacks", ecoauth_status_store(status));
  ecoauth_status_free(status);
  ecoauth_account_close(account);
  ecoauth_client_free(client);
  CHECK_NUMBER(1, records.finalized);

  client = client_on(&records); /* the next process, as it were */
  account = account_of(client);
  CHECK_RESULT(ECOAUTH_OK, ecoauth_account_get_token(account, 0, LONG_MS, &token, NULL));
  CHECK_NUMBER(1, ecoauth_token_generation(token));
  CHECK(holds(&records, ecoauth_token_access_token(token)));
  CHECK_RESULT(ECOAUTH_OK, ecoauth_account_sign_out(account, LONG_MS, NULL));
  CHECK(records.erases > 0 && !holds(&records, ecoauth_token_access_token(token)));
  ecoauth_token_free(token);
  CHECK_RESULT(ECOAUTH_ALREADY_DONE, ecoauth_account_sign_out(account, LONG_MS, NULL));
  CHECK_RESULT(ECOAUTH_ERROR_NEEDS_AUTHORIZATION, ecoauth_account_get_token(account, 0, LONG_MS, &token, NULL));
  ecoauth_account_close(account);
  ecoauth_client_free(client);
  CHECK_NUMBER(2, records.finalized);
  records_clear(&records);
}

/* A client on an authorized record that the test may look into. */
struct scene {
  struct records records;
  ecoauth_client* client;
  ecoauth_account* account;
};

static void open_scene(struct scene* scene) {
  memset(scene, 0, sizeof *scene);
  authorize_records(&scene->records);
  scene->client = client_on(&scene->records);
  scene->account = account_of(scene->client);
}

static void close_scene(struct scene* scene) {
  ecoauth_account_close(scene->account);
  ecoauth_client_free(scene->client);
  records_clear(&scene->records);
}

static void loads_that_fail(void) {
  static const struct {
    int32_t answer, code;
  } answers[] = {{ECOAUTH_STORE_FATAL, ECOAUTH_ERROR_CALLBACK},
                 {ECOAUTH_STORE_RETRY, ECOAUTH_ERROR_CALLBACK},
                 {ECOAUTH_STORE_CONFLICT, ECOAUTH_ERROR_CALLBACK},
                 {-1, ECOAUTH_ERROR_CALLBACK},
                 {INT32_MIN, ECOAUTH_ERROR_CALLBACK},
                 {4711, ECOAUTH_ERROR_CALLBACK}};
  struct scene scene;
  ecoauth_error* error = NULL;
  ecoauth_token* token = NULL;
  open_scene(&scene);
  for (size_t i = 0; i < sizeof answers / sizeof *answers; ++i) {
    scene.records.load_result = answers[i].answer;
    CHECK_EXPLAINED(answers[i].code, ecoauth_account_wait(scene.account, 0, LONG_MS, &error), error);
    CHECK_RESULT(answers[i].code, ecoauth_account_get_token(scene.account, 0, LONG_MS, &token, &error));
    CHECK_NUMBER(answers[i].answer == ECOAUTH_STORE_RETRY ? ECOAUTH_ACTION_RETRY : ECOAUTH_ACTION_FIX_STORAGE,
                 ecoauth_error_action(error));
    ecoauth_error_free(error);
    error = NULL;
    CHECK(token == NULL);
  }
  CHECK_NUMBER(1, records_count(&scene.records));
  scene.records.load_result = ECOAUTH_STORE_OK;
  CHECK_EXPLAINED(ECOAUTH_OK, ecoauth_account_get_token(scene.account, 0, LONG_MS, &token, &error), error);
  ecoauth_token_free(token);
  close_scene(&scene);
}

static void records_that_are_damaged(void) {
  static const char* const damages[] = {"", "garbage", "ecoauth-record 1\n"};
  struct scene scene;
  ecoauth_error* error = NULL;
  ecoauth_token* token = NULL;
  open_scene(&scene);
  for (size_t i = 0; i < sizeof damages / sizeof *damages; ++i) {
    struct record* record = &scene.records.all[0];
    void* good = record->data;
    const size_t good_bytes = record->size_bytes;
    record->data = strdup(damages[i]);
    record->size_bytes = strlen(damages[i]);
    int32_t result = ecoauth_account_get_token(scene.account, 0, LONG_MS, &token, &error);
    /* Nothing at all is no record but a mistake of the callback. */
    CHECK_RESULT(i == 0 ? ECOAUTH_ERROR_CALLBACK : ECOAUTH_ERROR_STORE_CORRUPT, result);
    CHECK_NUMBER(i == 0 ? ECOAUTH_ACTION_FIX_CONFIG : ECOAUTH_ACTION_FIX_STORAGE, ecoauth_error_action(error));
    ecoauth_error_free(error);
    error = NULL;
    /* Damage is never "none": a new authorization must not overwrite it. */
    CHECK(ecoauth_account_authorize_pin(scene.account, 2000, NULL) < 0);
    CHECK_NUMBER(0, scene.records.erases);
    CHECK_TEXT(damages[i], (const char*)record->data);
    free(record->data);
    record->data = good;
    record->size_bytes = good_bytes;
  }
  close_scene(&scene);
}

/* Saves that fail for now are tried again; meanwhile the new token is good, and the host gets the record. */
static void saves_that_fail_for_now(void) {
  struct scene scene;
  ecoauth_error* error = NULL;
  ecoauth_token* token = NULL;
  open_scene(&scene);
  CHECK_RESULT(ECOAUTH_OK, ecoauth_account_wait(scene.account, 0, LONG_MS, NULL));
  sandbox_control(test_sandbox(), "fault", "name=delay&ms=300&at=token");
  int64_t operation = 0;
  CHECK_RESULT(ECOAUTH_OK, ecoauth_account_refresh_start(scene.account, &operation, NULL));
  sandbox_await_requests(test_sandbox(), "token", 1);
  pthread_mutex_lock(&scene.records.mutex);
  scene.records.save_result = ECOAUTH_STORE_RETRY; /* the intent is saved, the new tokens cannot be */
  pthread_mutex_unlock(&scene.records.mutex);
  ecoauth_event* event = await_event(scene.client, ECOAUTH_EVENT_UNSAVED);
  CHECK(ecoauth_event_data(event) != NULL && ecoauth_event_data_bytes(event) > 100);
  CHECK_RESULT(ECOAUTH_ERROR_CALLBACK, ecoauth_error_code(ecoauth_event_error(event)));
  ecoauth_event_free(event);
  CHECK_EXPLAINED(ECOAUTH_UNSAVED_BUT_USABLE, ecoauth_account_get_token(scene.account, 0, LONG_MS, &token, &error),
                  error);
  CHECK_NUMBER(2, ecoauth_token_generation(token));
  ecoauth_token_free(token);
  CHECK_EXPLAINED(ECOAUTH_ERROR_UNSAVED, ecoauth_client_quiesce(scene.client, 50, &error), error);
  pthread_mutex_lock(&scene.records.mutex);
  scene.records.save_result = ECOAUTH_STORE_OK;
  pthread_mutex_unlock(&scene.records.mutex);
  CHECK_EXPLAINED(ECOAUTH_OK, ecoauth_client_quiesce(scene.client, LONG_MS, &error), error);
  ecoauth_account_close(scene.account);
  ecoauth_client_free(scene.client);
  scene.client = client_on(&scene.records);
  scene.account = account_of(scene.client);
  CHECK_RESULT(ECOAUTH_OK, ecoauth_account_get_token(scene.account, 0, LONG_MS, &token, NULL));
  CHECK_NUMBER(2, ecoauth_token_generation(token));
  ecoauth_token_free(token);
  close_scene(&scene);
}

/* Somebody else has saved in between: what is there is read again, and nothing of it is overwritten unread. */
static void a_conflict(void) {
  struct scene scene, other;
  ecoauth_error* error = NULL;
  ecoauth_token* token = NULL;
  open_scene(&scene);
  CHECK_RESULT(ECOAUTH_OK, ecoauth_account_get_token(scene.account, 0, LONG_MS, &token, NULL));
  ecoauth_token_free(token);
  other.client = client_on(&scene.records); /* on the same records */
  other.account = account_of(other.client);
  CHECK_EXPLAINED(ECOAUTH_OK, ecoauth_account_refresh(other.account, LONG_MS, &error), error);
  CHECK_NUMBER(2, ecoauth_account_generation(other.account));
  CHECK_NUMBER(1, ecoauth_account_generation(scene.account)); /* has not heard of it */
  CHECK_EXPLAINED(ECOAUTH_OK, ecoauth_account_refresh(scene.account, LONG_MS, &error), error);
  CHECK(ecoauth_account_generation(scene.account) >= 2);
  ecoauth_account_close(other.account);
  ecoauth_client_free(other.client);
  close_scene(&scene);
}

static void erasing_that_fails(void) {
  struct scene scene;
  ecoauth_error* error = NULL;
  ecoauth_token* token = NULL;
  open_scene(&scene);
  scene.records.erase_result = ECOAUTH_STORE_FATAL;
  CHECK_EXPLAINED(ECOAUTH_ERROR_CALLBACK, ecoauth_account_sign_out(scene.account, LONG_MS, &error), error);
  CHECK_NUMBER(1, records_count(&scene.records));
  CHECK_EXPLAINED(ECOAUTH_OK, ecoauth_account_get_token(scene.account, 0, LONG_MS, &token, &error), error);
  ecoauth_token_free(token);
  close_scene(&scene);
}

struct blob_results {
  int32_t null_blob, null_data, huge, empty, good;
};

static int32_t load_with_blob(void* user_data, const char* key, ecoauth_blob* out) {
  struct blob_results* results = user_data;
  (void)key;
  results->null_blob = ecoauth_blob_set(NULL, "x", 1);
  results->null_data = ecoauth_blob_set(out, NULL, 1);
  results->huge = ecoauth_blob_set(out, "x", SIZE_MAX);
  results->empty = ecoauth_blob_set(out, NULL, 0);
  results->good = ecoauth_blob_set(out, "x", 1);
  return ECOAUTH_STORE_NOT_FOUND; /* what was set does not count then */
}

static int32_t save_nothing(void* user_data, const char* key, int64_t expected_seq, const void* data, size_t size_bytes,
                            int64_t new_seq) {
  (void)user_data, (void)key, (void)expected_seq, (void)data, (void)size_bytes, (void)new_seq;
  return ECOAUTH_STORE_OK;
}

static int32_t erase_nothing(void* user_data, const char* key) {
  (void)user_data, (void)key;
  return ECOAUTH_STORE_OK;
}

static void blobs(void) {
  struct blob_results results = {1, 1, 1, 1, 1};
  ecoauth_options* options = offline_options(ECOAUTH_DISPATCH_POLL);
  CHECK_RESULT(ECOAUTH_OK, ecoauth_options_set_store(
                               options, ecoauth_store_new_callbacks(&results, NULL, load_with_blob, save_nothing,
                                                                    erase_nothing, NULL, NULL, NULL)));
  ecoauth_client* client = client_of(options);
  ecoauth_account* account = account_of(client);
  CHECK_RESULT(ECOAUTH_OK, ecoauth_account_wait(account, 0, LONG_MS, NULL));
  CHECK_RESULT(ECOAUTH_ERROR_INVALID_ARGUMENT, results.null_blob);
  CHECK_RESULT(ECOAUTH_ERROR_INVALID_ARGUMENT, results.null_data);
  CHECK_RESULT(ECOAUTH_ERROR_INVALID_ARGUMENT, results.huge);
  CHECK_RESULT(ECOAUTH_OK, results.empty);
  CHECK_RESULT(ECOAUTH_OK, results.good);
  ecoauth_account_close(account);
  ecoauth_client_free(client);
}

int main(int argc, char** argv) {
  static const struct test_case cases[] = {
      {"a life", a_life},
      {"loads that fail", loads_that_fail},
      {"records that are damaged", records_that_are_damaged},
      {"saves that fail for now", saves_that_fail_for_now},
      {"a conflict", a_conflict},
      {"erasing that fails", erasing_that_fails},
      {"blobs", blobs},
  };
  return RUN_CASES(argc, argv, cases);
}
