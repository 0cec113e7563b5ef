/* A program that uses the library as any other, and does what it is told; for tests that let the world around it fail.
 *
 * usage: host URL STORE ACCOUNT[,ACCOUNT ...] [NAME=VALUE ...] COMMAND ...
 *   STORE     file:FOLDER, calls:FOLDER (the sample store of tests/conformance), given:FILE (a record, kept in memory)
 *   NAME      ca, request_timeout_ms, connect_timeout_ms, shutdown_timeout_ms, keep_fresh, events=1 (prints them),
 *             seal (a file of keys)
 *   COMMAND   login refresh token request status quiesce begin end sleep:MS; saved: waits until nothing is unsaved;
 *             "-" reads more of them from standard input
 *
 * With several accounts every command is done for all of them side by side. Each answer is a line of JSON on standard
 * output. The exit code is 0 when everything was OK.
 */
#include <ecoauth/ecoauth.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#include "marks.h"
#include "sample_store.h"

#define CLIENT_ID "abcdefghijklmnopqrstuvwxyz012345"

enum { most_accounts = 512, longest_record_bytes = 32768 };
static const int64_t patience_ms = 60000;

static pthread_mutex_t output = PTHREAD_MUTEX_INITIALIZER;
static int failures;

static void mark(int which) { prctl(FAULTS_MARK, which, 0, 0, 0); }

static int64_t now_ms(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* --- What is printed ---------------------------------------------------------------------------------------------- */

static void put_text(const char* name, const char* text) {
  printf(", \"%s\": \"", name);
  for (; *text; ++text) {
    if (*text == '"' || *text == '\\') putchar('\\');
    putchar((unsigned char)*text < 0x20 ? ' ' : *text);
  }
  putchar('"');
}

static void put_error(const ecoauth_error* error) {
  if (!error) return;
  put_text("action", ecoauth_action_name(ecoauth_error_action(error)));
  put_text("message", ecoauth_error_message(error));
  put_text("advice", ecoauth_error_advice(error));
  printf(", \"retry_ms\": %lld", (long long)ecoauth_error_retry_after_ms(error));
}

static void print_event(void* user_data, const ecoauth_event* event) {
  static const char* const kinds[] = {"", "PIN", "PROGRESS", "STATE", "TOKEN", "COMPLETED", "LOG", "UNSAVED", "CLOSED"};
  int32_t kind = ecoauth_event_kind(event);
  const unsigned char* data = ecoauth_event_data(event);
  (void)user_data;
  if (kind < 0 || kind > 8) return;
  pthread_mutex_lock(&output);
  printf("{\"event\": \"%s\", \"account\": \"%s\", \"state\": %d, \"flags\": %d, \"generation\": %lld", kinds[kind],
         ecoauth_event_account_key(event), ecoauth_event_state(event), ecoauth_event_flags(event),
         (long long)ecoauth_event_generation(event));
  if (ecoauth_event_error(event))
    put_text("result", ecoauth_result_name(ecoauth_error_code(ecoauth_event_error(event))));
  put_error(ecoauth_event_error(event));
  if (data) {
    printf(", \"data\": \"");
    for (size_t i = 0; i < ecoauth_event_data_bytes(event); ++i) printf("%02x", data[i]);
    putchar('"');
  }
  printf("}\n");
  fflush(stdout);
  pthread_mutex_unlock(&output);
}

/* --- The stores --------------------------------------------------------------------------------------------------- */

static int32_t save_and_say_so(void* store, const char* key, int64_t expected_seq, const void* data, size_t size_bytes,
                               int64_t new_seq) {
  int32_t result = sample_store_save(store, key, expected_seq, data, size_bytes, new_seq);
  if (result == ECOAUTH_STORE_OK) mark(FAULTS_MARK_SAVED);
  return result;
}

struct given {
  unsigned char bytes[longest_record_bytes];
  size_t size_bytes;
};
static int32_t load_given(void* store, const char* key, ecoauth_blob* out) {
  const struct given* given = store;
  return (void)key, ecoauth_blob_set(out, given->bytes, given->size_bytes) < 0 ? ECOAUTH_STORE_FATAL : ECOAUTH_STORE_OK;
}
static int32_t save_given(void* store, const char* key, int64_t expected_seq, const void* data, size_t size_bytes,
                          int64_t new_seq) {
  struct given* given = store;
  (void)key, (void)expected_seq, (void)new_seq;
  memcpy(given->bytes, data, size_bytes);
  given->size_bytes = size_bytes;
  return ECOAUTH_STORE_OK;
}
static int32_t erase_given(void* store, const char* key) {
  return (void)key, ((struct given*)store)->size_bytes = 0, ECOAUTH_STORE_OK;
}

static ecoauth_store* open_store(const char* where) {
  const char* path = strchr(where, ':');
  if (!path++) return NULL;
  if (strncmp(where, "file:", 5) == 0) return ecoauth_store_new_file(path);
  if (strncmp(where, "calls:", 6) == 0)
    return ecoauth_store_new_callbacks(sample_store_open(path), sample_store_close, sample_store_load, save_and_say_so,
                                       sample_store_erase, sample_store_list, sample_store_lock, sample_store_unlock);
  struct given* given = calloc(1, sizeof *given);
  FILE* file = fopen(path, "rb");
  if (!given || !file) return NULL;
  given->size_bytes = fread(given->bytes, 1, sizeof given->bytes, file);
  fclose(file);
  return ecoauth_store_new_callbacks(given, free, load_given, save_given, erase_given, NULL, NULL, NULL);
}

/* --- Commands ----------------------------------------------------------------------------------------------------- */

struct task {
  ecoauth_client* client;
  ecoauth_account* account;
  const char* name;
  const char* command;
};

static int32_t request(ecoauth_account* account, ecoauth_error** error) {
  static const char target[] =
      "/1/thermostatSummary?json=%7B%22selection%22%3A%7B%22selectionType%22%3A%22registered%22%2C%22selectionMatch%22%"
      "3A%22%22%7D%7D";
  ecoauth_response* response = NULL;
  int32_t result = ecoauth_account_request(account, "GET", target, NULL, 0, NULL, patience_ms, &response, error);
  if (result >= 0 && ecoauth_response_api_status(response) != 0) result = ECOAUTH_ERROR_SERVER;
  ecoauth_response_free(response);
  return result;
}

/* Waits until the newest tokens are saved. */
static int32_t await_saved(ecoauth_account* account) {
  for (int64_t until_ms = now_ms() + patience_ms; now_ms() < until_ms;) {
    ecoauth_status* status = NULL;
    ecoauth_account_status(account, &status, NULL);
    bool unsaved = ecoauth_status_flags(status) & ECOAUTH_FLAG_UNSAVED;
    ecoauth_status_free(status);
    if (!unsaved) return ECOAUTH_OK;
    nanosleep(&(struct timespec){0, 20000000}, NULL);
  }
  return ECOAUTH_ERROR_UNSAVED;
}

static void* perform(void* context) {
  const struct task* task = context;
  const char* command = task->command;
  ecoauth_error* error = NULL;
  int32_t result = ECOAUTH_OK;
  int64_t began_ms = now_ms(), valid_ms = -1;
  if (strcmp(command, "login") == 0) {
    result = ecoauth_account_authorize_pin(task->account, patience_ms, &error);
  } else if (strcmp(command, "refresh") == 0) {
    result = ecoauth_account_refresh(task->account, patience_ms, &error);
  } else if (strcmp(command, "token") == 0) {
    ecoauth_token* token = NULL;
    result = ecoauth_account_get_token(task->account, 0, patience_ms, &token, &error);
    valid_ms = ecoauth_token_valid_ms(token);
    ecoauth_token_free(token);
  } else if (strcmp(command, "request") == 0) {
    result = request(task->account, &error);
  } else if (strcmp(command, "status") == 0) {
    result = ecoauth_account_wait(task->account, 0, patience_ms, &error);
  } else if (strcmp(command, "quiesce") == 0) {
    result = ecoauth_client_quiesce(task->client, 1000, &error);
  } else if (strcmp(command, "saved") == 0) {
    result = await_saved(task->account);
  } else if (strncmp(command, "sleep:", 6) == 0) {
    struct timespec pause = {atol(command + 6) / 1000, atol(command + 6) % 1000 * 1000000};
    nanosleep(&pause, NULL);
  } else {
    fprintf(stderr, "host: no such command: %s\n", command);
    exit(2);
  }
  int64_t took_ms = now_ms() - began_ms;
  ecoauth_status* status = NULL;
  ecoauth_account_status(task->account, &status, NULL);
  pthread_mutex_lock(&output);
  if (result < 0) ++failures;
  printf(
      "{\"account\": \"%s\", \"did\": \"%s\", \"result\": \"%s\", \"took_ms\": %lld, \"valid_ms\": %lld, "
      "\"generation\": %lld",
      task->name, command, ecoauth_result_name(result), (long long)took_ms, (long long)valid_ms,
      (long long)ecoauth_status_generation(status));
  printf(", \"state\": %d, \"flags\": %d", ecoauth_status_grant_state(status), ecoauth_status_flags(status));
  put_error(error);
  printf("}\n");
  fflush(stdout);
  pthread_mutex_unlock(&output);
  ecoauth_status_free(status);
  ecoauth_error_free(error);
  return NULL;
}

static void perform_all(struct task* tasks, int count, const char* command) {
  pthread_t threads[most_accounts];
  if (strcmp(command, "begin") == 0 || strcmp(command, "end") == 0) {
    mark(command[0] == 'b' ? FAULTS_MARK_BEGIN : FAULTS_MARK_END);
    return;
  }
  for (int i = 0; i < count; ++i) tasks[i].command = command;
  if (count == 1) {
    perform(&tasks[0]);
    return;
  }
  for (int i = 0; i < count; ++i)
    if (pthread_create(&threads[i], NULL, perform, &tasks[i]) != 0) exit(2);
  for (int i = 0; i < count; ++i) pthread_join(threads[i], NULL);
}

static bool set_option(ecoauth_options* options, ecoauth_store* store, const char* word) {
  const char* value = strchr(word, '=');
  if (!value++) return false;
  int32_t result = ECOAUTH_ERROR_INVALID_ARGUMENT;
  if (strncmp(word, "ca=", 3) == 0) result = ecoauth_options_set_ca_file(options, value);
  if (strncmp(word, "request_timeout_ms=", 19) == 0)
    result = ecoauth_options_set_request_timeout_ms(options, atol(value));
  if (strncmp(word, "connect_timeout_ms=", 19) == 0)
    result = ecoauth_options_set_connect_timeout_ms(options, atol(value));
  if (strncmp(word, "shutdown_timeout_ms=", 20) == 0)
    result = ecoauth_options_set_shutdown_timeout_ms(options, atol(value));
  if (strncmp(word, "keep_fresh=", 11) == 0) result = ecoauth_options_set_keep_fresh(options, atoi(value));
  if (strncmp(word, "seal=", 5) == 0) result = ecoauth_store_seal_with_file(store, value);
  if (strncmp(word, "events=", 7) == 0) result = ecoauth_options_set_event_callback(options, print_event, NULL, NULL);
  if (result != ECOAUTH_OK) {
    fprintf(stderr, "host: %s: %s\n", word, ecoauth_result_name(result));
    exit(2);
  }
  return true;
}

int main(int argc, char** argv) {
  static struct task tasks[most_accounts];
  int count = 0;
  if (argc < 5) return 2;
  ecoauth_options* options = ecoauth_options_new();
  ecoauth_options_set_client_id(options, CLIENT_ID);
  ecoauth_options_set_base_url(options, argv[1]);
  ecoauth_store* store = open_store(argv[2]);
  int next = 4;
  while (next < argc && set_option(options, store, argv[next])) ++next;
  ecoauth_options_set_store(options, store);
  ecoauth_client* client = NULL;
  ecoauth_error* error = NULL;
  if (ecoauth_client_new(options, &client, &error) != ECOAUTH_OK) {
    fprintf(stderr, "host: %s\n", ecoauth_error_message(error));
    return 2;
  }
  for (char* name = strtok(argv[3], ","); name && count < most_accounts; name = strtok(NULL, ","), ++count) {
    tasks[count] = (struct task){client, NULL, name, NULL};
    if (ecoauth_account_open(client, name, &tasks[count].account, NULL) != ECOAUTH_OK) return 2;
  }
  for (; next < argc; ++next) {
    char line[64];
    if (strcmp(argv[next], "-") != 0) {
      perform_all(tasks, count, argv[next]);
      continue;
    }
    while (fgets(line, sizeof line, stdin)) {
      line[strcspn(line, "\n")] = '\0';
      perform_all(tasks, count, line);
    }
  }
  for (int i = 0; i < count; ++i) ecoauth_account_close(tasks[i].account);
  ecoauth_client_free(client);
  return failures ? 1 : 0;
}
