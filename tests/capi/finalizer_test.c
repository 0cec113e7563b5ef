/* Every user_data that was taken ends exactly once, after its last callback, on every path. */
#include <pthread.h>
#include <semaphore.h>
#include <stdlib.h>
#include <string.h>

#include "capi_test.h"

/* A user_data. */
struct data {
  int finalized, called;
  int called_after_end;
  int inside;
  sem_t *entered, *leave; /* the callback waits here, if they are there */
};

static void finalize(void* user_data) {
  struct data* data = user_data;
  if (read_count(&data->inside) != 0) add_one(&data->called_after_end);
  add_one(&data->finalized);
}

static void called(struct data* data) {
  if (read_count(&data->finalized) != 0) add_one(&data->called_after_end);
  add_one(&data->inside);
  add_one(&data->called);
  if (data->entered) {
    sem_post(data->entered);
    sem_wait(data->leave);
    if (read_count(&data->finalized) != 0) add_one(&data->called_after_end);
  }
  __atomic_sub_fetch(&data->inside, 1, __ATOMIC_SEQ_CST);
}

static void on_pin(void* user_data, const char* key, const char* pin, const char* url, int64_t remaining_ms) {
  (void)key, (void)pin, (void)url, (void)remaining_ms;
  called(user_data);
}

static void on_event(void* user_data, const ecoauth_event* event) {
  (void)event;
  called(user_data);
}

static void on_log(void* user_data, int32_t level, const char* line) {
  (void)level, (void)line;
  called(user_data);
}

static void on_wakeup(void* user_data) { called(user_data); }

static int32_t load(void* user_data, const char* key, ecoauth_blob* out) {
  (void)key, (void)out;
  called(user_data);
  return ECOAUTH_STORE_NOT_FOUND;
}

static int32_t save(void* user_data, const char* key, int64_t expected_seq, const void* bytes, size_t size_bytes,
                    int64_t new_seq) {
  (void)key, (void)expected_seq, (void)bytes, (void)size_bytes, (void)new_seq;
  called(user_data);
  return ECOAUTH_STORE_OK;
}

static int32_t erase(void* user_data, const char* key) {
  (void)key;
  called(user_data);
  return ECOAUTH_STORE_OK;
}

static int32_t lock(void* user_data, const char* key, int64_t timeout_ms) {
  (void)key, (void)timeout_ms;
  called(user_data);
  return ECOAUTH_STORE_OK;
}

static void unlock(void* user_data, const char* key) {
  (void)key;
  called(user_data);
}

static ecoauth_store* store_of(struct data* data) {
  return ecoauth_store_new_callbacks(data, finalize, load, save, erase, NULL, lock, unlock);
}

enum { pin, event, log_line, wakeup, store, kinds };

/* Options with every kind of callback. */
static ecoauth_options* options_of(struct data* data, int32_t dispatch) {
  ecoauth_options* options = offline_options(dispatch);
  memset(data, 0, kinds * sizeof *data);
  CHECK_RESULT(ECOAUTH_OK, ecoauth_options_set_pin_callback(options, on_pin, &data[pin], finalize));
  CHECK_RESULT(ECOAUTH_OK, ecoauth_options_set_event_callback(options, on_event, &data[event], finalize));
  CHECK_RESULT(ECOAUTH_OK,
               ecoauth_options_set_log_callback(options, ECOAUTH_LOG_TRACE, on_log, &data[log_line], finalize));
  CHECK_RESULT(ECOAUTH_OK, ecoauth_options_set_wakeup_callback(options, on_wakeup, &data[wakeup], finalize));
  CHECK_RESULT(ECOAUTH_OK, ecoauth_options_set_store(options, store_of(&data[store])));
  return options;
}

static void check_all(const struct data* data, int expected) {
  for (int kind = 0; kind < kinds; ++kind) {
    CHECK_NUMBER(expected, read_count(&data[kind].finalized));
    CHECK_NUMBER(0, read_count(&data[kind].called_after_end));
  }
}

static void freed_options(void) {
  struct data data[kinds];
  ecoauth_options* options = options_of(data, ECOAUTH_DISPATCH_WORKER);
  check_all(data, 0);
  ecoauth_options_free(options);
  check_all(data, 1);
}

static void replaced(void) {
  struct data first[kinds], second[kinds] = {{0}};
  ecoauth_options* options = options_of(first, ECOAUTH_DISPATCH_WORKER);
  CHECK_RESULT(ECOAUTH_OK, ecoauth_options_set_pin_callback(options, on_pin, &second[pin], finalize));
  CHECK_RESULT(ECOAUTH_OK, ecoauth_options_set_event_callback(options, on_event, &second[event], finalize));
  CHECK_RESULT(ECOAUTH_OK, ecoauth_options_set_log_callback(options, 1, on_log, &second[log_line], finalize));
  CHECK_RESULT(ECOAUTH_OK, ecoauth_options_set_wakeup_callback(options, on_wakeup, &second[wakeup], finalize));
  CHECK_RESULT(ECOAUTH_OK, ecoauth_options_set_store(options, store_of(&second[store])));
  check_all(first, 1);
  check_all(second, 0);
  ecoauth_options_free(options);
  check_all(first, 1);
  check_all(second, 1);
}

/* A callback of NULL takes the old one away and needs no user_data of its own. */
static void taken_away(void) {
  struct data first[kinds], second = {0};
  ecoauth_options* options = options_of(first, ECOAUTH_DISPATCH_POLL);
  CHECK_RESULT(ECOAUTH_OK, ecoauth_options_set_pin_callback(options, NULL, &second, finalize));
  CHECK_NUMBER(1, second.finalized);
  CHECK_RESULT(ECOAUTH_OK, ecoauth_options_set_event_callback(options, NULL, NULL, NULL));
  CHECK_RESULT(ECOAUTH_OK, ecoauth_options_set_log_callback(options, 0, NULL, NULL, NULL));
  CHECK_NUMBER(1, first[pin].finalized);
  CHECK_NUMBER(1, first[event].finalized);
  CHECK_NUMBER(1, first[log_line].finalized);
  CHECK_NUMBER(0, first[wakeup].finalized);
  ecoauth_client* client = client_of(options); /* none is left that polling would forbid */
  ecoauth_client_free(client);
  check_all(first, 1);
}

static void failed_setters(void) {
  const int32_t bad = ECOAUTH_ERROR_INVALID_ARGUMENT;
  struct data data = {0}, held[kinds];
  CHECK_RESULT(bad, ecoauth_options_set_pin_callback(NULL, on_pin, &data, finalize));
  CHECK_RESULT(bad, ecoauth_options_set_event_callback(NULL, on_event, &data, finalize));
  CHECK_RESULT(bad, ecoauth_options_set_log_callback(NULL, 1, on_log, &data, finalize));
  CHECK_RESULT(bad, ecoauth_options_set_wakeup_callback(NULL, on_wakeup, &data, finalize));
  CHECK_RESULT(bad, ecoauth_options_set_store(NULL, store_of(&data)));
  CHECK_NUMBER(5, data.finalized);
  ecoauth_options* options = options_of(held, ECOAUTH_DISPATCH_WORKER);
  CHECK_RESULT(bad, ecoauth_options_set_log_callback(options, 6, on_log, &data, finalize));
  CHECK_RESULT(bad, ecoauth_options_set_log_callback(options, -1, on_log, &data, finalize));
  CHECK_NUMBER(7, data.finalized);
  check_all(held, 0);
  ecoauth_options_free(options);
  check_all(held, 1);
}

static void stores_that_nobody_took(void) {
  struct data data = {0};
  ecoauth_store_free(store_of(&data));
  CHECK_NUMBER(1, data.finalized);
  CHECK(ecoauth_store_new_callbacks(&data, finalize, NULL, save, erase, NULL, NULL, NULL) == NULL);
  CHECK(ecoauth_store_new_callbacks(&data, finalize, load, NULL, erase, NULL, NULL, NULL) == NULL);
  CHECK(ecoauth_store_new_callbacks(&data, finalize, load, save, NULL, NULL, NULL, NULL) == NULL);
  CHECK(ecoauth_store_new_callbacks(&data, finalize, load, save, erase, NULL, lock, NULL) == NULL);
  CHECK(ecoauth_store_new_callbacks(&data, finalize, load, save, erase, NULL, NULL, unlock) == NULL);
  CHECK_NUMBER(6, data.finalized);
  ecoauth_store_free(ecoauth_store_new_callbacks(NULL, NULL, load, save, erase, NULL, NULL, NULL));
}

static void failed_client_new(void) {
  struct data data[kinds];
  ecoauth_client* client = NULL;
  CHECK_RESULT(ECOAUTH_ERROR_INVALID_ARGUMENT,
               ecoauth_client_new(options_of(data, ECOAUTH_DISPATCH_POLL), &client, NULL)); /* with callbacks */
  check_all(data, 1);
  CHECK_RESULT(ECOAUTH_ERROR_INVALID_ARGUMENT,
               ecoauth_client_new(options_of(data, ECOAUTH_DISPATCH_WORKER), NULL, NULL));
  check_all(data, 1);
}

/* Makes every callback but the pin's be called. */
static void use(ecoauth_client* client) {
  ecoauth_account* account = account_of(client);
  ecoauth_token* token = NULL;
  int64_t operation = 0;
  CHECK_RESULT(ECOAUTH_OK, ecoauth_account_get_token_start(account, 0, &operation, NULL));
  CHECK_RESULT(ECOAUTH_ERROR_NEEDS_AUTHORIZATION, ecoauth_account_get_token(account, 0, LONG_MS, &token, NULL));
  CHECK(token == NULL);
  ecoauth_account_close(account);
}

static void freed_client(void) {
  struct data data[kinds];
  ecoauth_client* client = client_of(options_of(data, ECOAUTH_DISPATCH_WORKER));
  check_all(data, 0);
  use(client);
  await_count(&data[event].called, 1);
  check_all(data, 0);
  ecoauth_client_free(client);
  check_all(data, 1);
  CHECK(read_count(&data[store].called) > 0 && data[event].called > 0 && data[log_line].called > 0 &&
        data[wakeup].called > 0);
}

static void client_that_was_never_used(void) {
  struct data data[kinds];
  ecoauth_client_free(client_of(options_of(data, ECOAUTH_DISPATCH_CALLER)));
  check_all(data, 1);
}

static void accounts_do_not_keep_what_the_host_gave(void) {
  struct data data[kinds];
  ecoauth_client* client = client_of(options_of(data, ECOAUTH_DISPATCH_WORKER));
  ecoauth_account* account = account_of(client);
  use(client);
  ecoauth_client_free(client);
  check_all(data, 1);
  ecoauth_account_close(account);
  check_all(data, 1);
}

static void closed_in_the_background(void) {
  struct data data[kinds];
  ecoauth_client* client = client_of(options_of(data, ECOAUTH_DISPATCH_WORKER));
  use(client);
  CHECK_RESULT(ECOAUTH_OK, ecoauth_client_close_start(client, NULL));
  ecoauth_client_free(client);
  check_all(data, 1);
}

static ecoauth_client* client_to_free;

static void free_on_event(void* user_data, const ecoauth_event* happened) {
  called(user_data);
  if (ecoauth_event_kind(happened) == ECOAUTH_EVENT_COMPLETED && client_to_free) {
    ecoauth_client* client = client_to_free;
    client_to_free = NULL;
    ecoauth_client_free(client); /* deferred: it would wait for this very callback */
  }
}

static void freed_inside_a_callback(void) {
  struct data data[kinds];
  ecoauth_options* options = options_of(data, ECOAUTH_DISPATCH_WORKER);
  CHECK_RESULT(ECOAUTH_OK, ecoauth_options_set_event_callback(options, free_on_event, &data[event], finalize));
  CHECK_NUMBER(1, data[event].finalized);
  data[event].finalized = 0;
  client_to_free = client_of(options);
  ecoauth_account* account = account_of(client_to_free);
  int64_t operation = 0;
  CHECK_RESULT(ECOAUTH_OK, ecoauth_account_get_token_start(account, 0, &operation, NULL));
  for (int kind = 0; kind < kinds; ++kind) await_count(&data[kind].finalized, 1);
  CHECK_RESULT(ECOAUTH_ERROR_CLOSED, ecoauth_account_refresh(account, 0, NULL));
  ecoauth_account_close(account);
  check_all(data, 1);
}

/* A callback that does not return in time is cut off: it keeps its user_data, and that ends when it returns. */
static void stuck(int kind) {
  struct data data[kinds];
  sem_t entered, leave;
  sem_init(&entered, 0, 0);
  sem_init(&leave, 0, 0);
  ecoauth_options* options = options_of(data, ECOAUTH_DISPATCH_WORKER);
  CHECK_RESULT(ECOAUTH_OK, ecoauth_options_set_shutdown_timeout_ms(options, 0));
  data[kind].entered = &entered;
  data[kind].leave = &leave;
  ecoauth_client* client = client_of(options);
  ecoauth_account* account = account_of(client);
  int64_t operation = 0, before_ms = now_ms();
  CHECK_RESULT(ECOAUTH_OK, ecoauth_account_get_token_start(account, 0, &operation, NULL));
  sem_wait(&entered);
  ecoauth_account_close(account);
  ecoauth_client_free(client);
  CHECK(now_ms() - before_ms < 5000);
  CHECK_NUMBER(0, read_count(&data[kind].finalized));
  for (int other = 0; other < kinds; ++other)
    if (other != kind) await_count(&data[other].finalized, 1);
  for (int i = 0; i < 1000; ++i) sem_post(&leave); /* also for calls that come behind it */
  for (int each = 0; each < kinds; ++each) await_count(&data[each].finalized, 1);
  sleep_ms(20);
  check_all(data, 1);
  sem_destroy(&entered);
  sem_destroy(&leave);
}

static void stuck_event_callback(void) { stuck(event); }
static void stuck_log_callback(void) { stuck(log_line); }
static void stuck_wakeup_callback(void) { stuck(wakeup); }
static void stuck_store_callback(void) { stuck(store); }

int main(int argc, char** argv) {
  static const struct test_case cases[] = {
      {"freed options", freed_options},
      {"replaced", replaced},
      {"taken away", taken_away},
      {"failed setters", failed_setters},
      {"stores that nobody took", stores_that_nobody_took},
      {"failed client_new", failed_client_new},
      {"freed client", freed_client},
      {"client that was never used", client_that_was_never_used},
      {"accounts do not keep what the host gave", accounts_do_not_keep_what_the_host_gave},
      {"closed in the background", closed_in_the_background},
      {"freed inside a callback", freed_inside_a_callback},
      {"stuck event callback", stuck_event_callback},
      {"stuck log callback", stuck_log_callback},
      {"stuck wakeup callback", stuck_wakeup_callback},
      {"stuck store callback", stuck_store_callback},
  };
  return RUN_CASES(argc, argv, cases);
}
