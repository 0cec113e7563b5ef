/* Event loops: sockets and the callback that say "the queue is no longer empty". */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "capi_test.h"

static int32_t fd_of(ecoauth_client* client) {
  int32_t fd = -1;
  ecoauth_error* error = NULL;
  CHECK_EXPLAINED(ECOAUTH_OK, ecoauth_client_wakeup_fd(client, &fd, &error), error);
  CHECK(fd >= 0);
  return fd;
}

static bool readable(int fd, int64_t timeout_ms) {
  struct pollfd wait = {fd, POLLIN, 0};
  return poll(&wait, 1, (int)timeout_ms) == 1;
}

/* The number of bytes that waited. */
static int drain(int fd) {
  char bytes[64];
  int count = 0;
  ssize_t got;
  while ((got = read(fd, bytes, sizeof bytes)) > 0) count += (int)got;
  CHECK(got == -1 && errno == EAGAIN);
  return count;
}

static bool take_event(ecoauth_client* client) {
  ecoauth_event* event = NULL;
  int32_t result = ecoauth_client_next_event(client, 0, &event, NULL);
  CHECK(result == ECOAUTH_OK || result == ECOAUTH_ERROR_TIMEOUT);
  ecoauth_event_free(event);
  return result == ECOAUTH_OK;
}

/* An operation that ends without a server. */
static int64_t start_something(ecoauth_account* account) {
  int64_t operation = 0;
  CHECK_RESULT(ECOAUTH_OK, ecoauth_account_get_token_start(account, 0, &operation, NULL));
  return operation;
}

/* Ends one operation, without an event of it, so that all its events are in the queue. */
static void fill(ecoauth_account* account, int operations) {
  for (int i = 0; i < operations; ++i) start_something(account);
  CHECK_RESULT(ECOAUTH_ERROR_NEEDS_AUTHORIZATION,
               ecoauth_account_get_token(account, 0, LONG_MS, &(ecoauth_token*){NULL}, NULL));
}

static void what_kind_of_descriptor(void) {
  ecoauth_client* client = client_of(offline_options(ECOAUTH_DISPATCH_POLL));
  int type = 0;
  socklen_t size = sizeof type;
  int32_t fd = fd_of(client);
  CHECK_NUMBER(FD_CLOEXEC, fcntl(fd, F_GETFD));
  CHECK((fcntl(fd, F_GETFL) & O_NONBLOCK) != 0);
  CHECK_NUMBER(0, getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size));
  CHECK_NUMBER(SOCK_STREAM, type);
  CHECK(!readable(fd, 0));
  close(fd);
  ecoauth_client_free(client);
}

static void two_at_once(void) {
  ecoauth_client* client = client_of(offline_options(ECOAUTH_DISPATCH_POLL));
  ecoauth_account* account = account_of(client);
  int32_t first = fd_of(client), second = fd_of(client);
  fill(account, 3);
  CHECK(readable(first, LONG_MS) && readable(second, LONG_MS));
  CHECK_NUMBER(1, drain(first)); /* one byte for an empty queue that no longer is */
  CHECK_NUMBER(1, drain(second));
  CHECK(!readable(first, 20));
  int taken = 0;
  while (take_event(client)) { /* again while events are left, and not when none is */
    ++taken;
    bool left = readable(first, 0);
    CHECK(left == readable(second, 0));
    if (!left) break;
    CHECK(drain(first) == 1 && drain(second) == 1);
  }
  CHECK(taken >= 3);
  CHECK(!take_event(client));
  fill(account, 1);
  CHECK(readable(first, LONG_MS) && readable(second, LONG_MS));
  close(first);
  close(second);
  ecoauth_account_close(account);
  ecoauth_client_free(client);
}

static void made_when_events_wait_already(void) {
  ecoauth_client* client = client_of(offline_options(ECOAUTH_DISPATCH_POLL));
  ecoauth_account* account = account_of(client);
  fill(account, 1);
  int32_t fd = fd_of(client);
  CHECK(readable(fd, 0));
  CHECK_NUMBER(1, drain(fd));
  close(fd);
  ecoauth_account_close(account);
  ecoauth_client_free(client);
}

enum { loop_operations = 500 };

static void* start_many(void* account) {
  for (int i = 0; i < loop_operations; ++i) start_something(account);
  return NULL;
}

/* An event loop that takes one event per wakeup while another thread makes them must never sleep with events left. */
static void never_lost(void) {
  ecoauth_client* client = client_of(offline_options(ECOAUTH_DISPATCH_POLL));
  ecoauth_account* account = account_of(client);
  int32_t fd = fd_of(client);
  pthread_t starter;
  CHECK(pthread_create(&starter, NULL, start_many, account) == 0);
  for (int completed = 0; completed < loop_operations;) {
    ecoauth_event* event = NULL;
    CHECK(readable(fd, LONG_MS));
    drain(fd);
    int32_t result = ecoauth_client_next_event(client, 0, &event, NULL);
    CHECK(result == ECOAUTH_OK || result == ECOAUTH_ERROR_TIMEOUT);
    completed += ecoauth_event_kind(event) == ECOAUTH_EVENT_COMPLETED;
    ecoauth_event_free(event);
  }
  pthread_join(starter, NULL);
  close(fd);
  ecoauth_account_close(account);
  ecoauth_client_free(client);
}

/* The bytes of a descriptor that nobody reads fill its buffer, and hinder nobody. */
static void never_read(void) {
  ecoauth_client* client = client_of(offline_options(ECOAUTH_DISPATCH_POLL));
  ecoauth_account* account = account_of(client);
  int32_t unread = fd_of(client), fd = fd_of(client);
  for (int i = 0; i < 3000; ++i) {
    start_something(account);
    CHECK(readable(fd, LONG_MS));
    drain(fd);
    while (take_event(client)) drain(fd);
  }
  CHECK(readable(unread, 0));
  close(fd);
  close(unread);
  ecoauth_account_close(account);
  ecoauth_client_free(client);
}

/* The host closes its end whenever it likes; SIGPIPE would end this program. */
static void closed_by_the_host(void) {
  ecoauth_client* client = client_of(offline_options(ECOAUTH_DISPATCH_POLL));
  ecoauth_account* account = account_of(client);
  int32_t first = fd_of(client), second = fd_of(client);
  close(first);
  fill(account, 2);
  CHECK(readable(second, LONG_MS));
  close(second);
  fill(account, 2);
  ecoauth_account_close(account);
  ecoauth_client_free(client);
}

static void end_of_file(void) {
  char byte;
  ecoauth_error* error = NULL;
  ecoauth_client* client = client_of(offline_options(ECOAUTH_DISPATCH_POLL));
  int32_t fd = fd_of(client), late = -1;
  CHECK_RESULT(ECOAUTH_OK, ecoauth_client_close_start(client, NULL));
  CHECK(readable(fd, LONG_MS));
  CHECK_NUMBER(1, drain(fd));
  ecoauth_event_free(await_event(client, ECOAUTH_EVENT_CLOSED));
  CHECK_EXPLAINED(ECOAUTH_ERROR_CLOSED, ecoauth_client_wakeup_fd(client, &late, &error), error);
  ecoauth_client_free(client);
  CHECK(readable(fd, LONG_MS));
  CHECK_NUMBER(0, read(fd, &byte, 1));
  close(fd);
}

static void no_descriptor_to_be_had(void) {
  struct rlimit before, none;
  ecoauth_error* error = NULL;
  ecoauth_client* client = client_of(offline_options(ECOAUTH_DISPATCH_POLL));
  int32_t fd = -1;
  CHECK(getrlimit(RLIMIT_NOFILE, &before) == 0);
  none = before;
  none.rlim_cur = 0;
  CHECK(setrlimit(RLIMIT_NOFILE, &none) == 0);
  int32_t result = ecoauth_client_wakeup_fd(client, &fd, &error);
  CHECK(setrlimit(RLIMIT_NOFILE, &before) == 0);
  CHECK_EXPLAINED(ECOAUTH_ERROR_INTERNAL, result, error);
  CHECK_NUMBER(-1, fd);
  close(fd_of(client));
  ecoauth_client_free(client);
}

static void count_call(void* user_data) { add_one(user_data); }

static void the_callback(void) {
  int calls = 0;
  ecoauth_options* options = offline_options(ECOAUTH_DISPATCH_CALLER);
  CHECK_RESULT(ECOAUTH_OK, ecoauth_options_set_wakeup_callback(options, count_call, &calls, NULL));
  ecoauth_client* client = client_of(options);
  ecoauth_account* account = account_of(client);
  for (int round = 1; round <= 5; ++round) {
    start_something(account);
    await_count(&calls, round);
    while (ecoauth_client_dispatch(client, 50, NULL) > 0) {
    }
    calls = round;
  }
  ecoauth_account_close(account);
  ecoauth_client_free(client);
}

int main(int argc, char** argv) {
  static const struct test_case cases[] = {
      {"what kind of descriptor", what_kind_of_descriptor},
      {"two at once", two_at_once},
      {"made when events wait already", made_when_events_wait_already},
      {"never lost", never_lost},
      {"never read", never_read},
      {"closed by the host", closed_by_the_host},
      {"no descriptor to be had", no_descriptor_to_be_had},
      {"the callback", the_callback},
      {"end of file", end_of_file},
  };
  return RUN_CASES(argc, argv, cases);
}
