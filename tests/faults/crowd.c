/* One of several processes whose threads share one account and call the API all the time, as a careful host does: when
 * the API refuses a token it reports that, takes the next one, and tries once more.
 *
 * usage: crowd URL STORE_FOLDER THREADS SHARED_FILE NUMBER
 *
 * SHARED_FILE holds 64-bit numbers: the driver's words (crowd.py) and, for every process and thread, what it has done.
 * The process ends when it is told to, or when standard input ends.
 */
#include <arpa/inet.h>
#include <ecoauth/ecoauth.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define CLIENT_ID "abcdefghijklmnopqrstuvwxyz012345"

enum {
  most_processes = 16,
  most_threads = 16,
  patience_ms = 60000,
  /* The driver's words. */
  word_stop = 0,
  word_pause_ms = 1,
  word_forks = 2, /* how many children each process is to have */
  driver_words = 8,
  /* Of a process. */
  word_pid = 0,
  word_forked = 1,
  word_child = 2,
  process_words = 8,
  /* Of a thread. */
  word_generation = 0, /* of the last token that worked */
  word_calls = 1,      /* that worked, at the first or second try */
  word_retries = 2,    /* of these, at the second */
  word_failures = 3,
  word_error = 4, /* a result code, or the API's status of a second refusal */
  word_slowest_ms = 5,
  word_waits = 6, /* of the failures, those that were told to wait: ECOAUTH_ERROR_RATE_LIMITED */
  thread_words = 8,
  block_words = process_words + most_threads * thread_words,
  all_words = driver_words + most_processes * block_words
};

static volatile int64_t* words;
static volatile int64_t* own;
static ecoauth_account* account;
static int port;

static int64_t now_ms(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void sleep_ms(int64_t ms) {
  struct timespec pause = {ms / 1000, (long)(ms % 1000) * 1000000};
  nanosleep(&pause, NULL);
}

static int64_t word(int at) { return __atomic_load_n(&words[at], __ATOMIC_SEQ_CST); }
static void set(volatile int64_t* at, int64_t value) { __atomic_store_n(at, value, __ATOMIC_SEQ_CST); }

/* The API's status code, -1 when there was no answer that could be understood. */
static int call_api(const char* access_token) {
  static const char target[] =
      "/1/thermostatSummary?json=%7B%22selection%22%3A%7B%22selectionType%22%3A%22registered%22%2C%22selectionMatch%22%"
      "3A%22%22%7D%7D";
  char request[20000], answer[8192];
  size_t size = 0;
  int status = -1, fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  int length =
      snprintf(request, sizeof request,
               "GET %s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nAuthorization: Bearer %s\r\nConnection: close\r\n\r\n", target,
               port, access_token);
  if (connect(fd, (struct sockaddr*)&address, sizeof address) == 0 &&
      send(fd, request, (size_t)length, MSG_NOSIGNAL) == length) {
    ssize_t got;
    while (size + 1 < sizeof answer && (got = recv(fd, answer + size, sizeof answer - 1 - size, 0)) > 0)
      size += (size_t)got;
    answer[size] = '\0';
    const char* code = strstr(answer, "\"code\"");
    if (code && (code = strpbrk(code + 6, "0123456789")) != NULL) status = atoi(code);
  }
  close(fd);
  return status;
}

/* One API call with a second try; what went wrong, or 0. */
static int64_t call_once(volatile int64_t* mine) {
  for (int attempt = 0;; ++attempt) {
    ecoauth_token* token = NULL;
    int32_t result = ecoauth_account_get_token(account, 0, patience_ms, &token, NULL);
    if (result < 0) return result;
    int64_t generation = ecoauth_token_generation(token);
    int status = call_api(ecoauth_token_access_token(token));
    ecoauth_token_free(token);
    if (status == 0) {
      set(&mine[word_retries], mine[word_retries] + attempt);
      set(&mine[word_calls], mine[word_calls] + 1);
      set(&mine[word_generation], generation);
      return 0;
    }
    if (attempt == 1) return status;
    ecoauth_account_report_rejected(account, generation, NULL);
  }
}

static void* use(void* context) {
  volatile int64_t* mine = context;
  while (!word(word_stop)) {
    int64_t began_ms = now_ms();
    int64_t error = call_once(mine);
    if (error && !word(word_stop)) {
      set(&mine[word_error], error);
      set(&mine[word_failures], mine[word_failures] + 1);
      if (error == ECOAUTH_ERROR_RATE_LIMITED) set(&mine[word_waits], mine[word_waits] + 1);
    }
    if (now_ms() - began_ms > mine[word_slowest_ms]) set(&mine[word_slowest_ms], now_ms() - began_ms);
    sleep_ms(word(word_pause_ms));
  }
  return NULL;
}

/* A child that does nothing but live, with copies of all descriptors, until the driver ends. */
static void fork_one(void) {
  pid_t child = fork();
  if (child == 0) {
    char byte;
    while (read(0, &byte, 1) > 0) {
    }
    _exit(0);
  }
  set(&own[word_child], child);
  set(&own[word_forked], own[word_forked] + 1);
}

int main(int argc, char** argv) {
  pthread_t threads[most_threads];
  if (argc != 6) return 2;
  int count = atoi(argv[3]), number = atoi(argv[5]);
  int file = open(argv[4], O_RDWR | O_CLOEXEC);
  if (file < 0 || count > most_threads || number >= most_processes) return 2;
  words = mmap(NULL, all_words * sizeof *words, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  if (words == MAP_FAILED) return 2;
  own = words + driver_words + number * block_words;
  port = atoi(strrchr(argv[1], ':') + 1);

  ecoauth_options* options = ecoauth_options_new();
  ecoauth_client* client = NULL;
  ecoauth_options_set_client_id(options, CLIENT_ID);
  ecoauth_options_set_base_url(options, argv[1]);
  ecoauth_options_set_store(options, ecoauth_store_new_file(argv[2]));
  if (ecoauth_client_new(options, &client, NULL) != ECOAUTH_OK) return 2;
  if (ecoauth_account_open(client, "shared", &account, NULL) != ECOAUTH_OK) return 2;
  set(&own[word_forked], 0);
  set(&own[word_pid], getpid());
  for (int i = 0; i < count; ++i)
    if (pthread_create(&threads[i], NULL, use, (void*)(own + process_words + i * thread_words)) != 0) return 2;

  while (!word(word_stop)) {
    struct pollfd input = {0, POLLIN, 0};
    if (poll(&input, 1, 2) > 0) break; /* the driver has ended */
    if (own[word_forked] < word(word_forks)) fork_one();
  }
  set(&words[word_stop], 1);
  for (int i = 0; i < count; ++i) pthread_join(threads[i], NULL);
  ecoauth_account_close(account);
  ecoauth_client_free(client);
  return 0;
}
