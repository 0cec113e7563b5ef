/* Signals: a peer that resets never raises SIGPIPE in the host; library threads take none of the host's signals; a host
 * that blocks every signal, and one that is interrupted a thousand times a second, work like any other.
 *
 * usage: signals_test LIBRARY SANDBOX PEER
 * SPDX-License-Identifier: MIT */
#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "host.h"

static const char *library_path, *peer_program;
static struct server sandbox;
static const char* sandbox_ca;

static ecoauth_client* patient_client(const struct library* eco, const char* url, const char* ca_file) {
  ecoauth_options* options = host_options(eco, url, ca_file, NULL);
  CHECK(eco->ecoauth_options_set_dispatch(options, ECOAUTH_DISPATCH_POLL) == ECOAUTH_OK);
  CHECK(eco->ecoauth_options_set_shutdown_timeout_ms(options, 200) == ECOAUTH_OK);
  return host_client(eco, options);
}

/* --- SIGPIPE
 * ------------------------------------------------------------------------------------------------------------- */

/* What a careless program does: two writes to a peer that has gone. It must die of it, or the peers prove nothing. */
static void write_carelessly(void* url) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
  address.sin_port = htons((uint16_t)atoi(strrchr((const char*)url, ':') + 1));
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  CHECK(connect(fd, (struct sockaddr*)&address, sizeof address) == 0);
  for (int i = 0; i < 1000; ++i) {
    CHECK(write(fd, "GET / HTTP/1.1\r\n\r\n", 18) > 0 || errno == ECONNRESET || errno == EPIPE);
    usleep(1000);
  }
}

static void peer_raises_sigpipe(const struct server* peer) {
  pid_t child = fork();
  CHECK(child >= 0);
  if (child == 0) {
    write_carelessly((void*)peer->url);
    _exit(0);
  }
  int status = await_child(child, 20000);
  CHECK_SAYING(WIFSIGNALED(status) && WTERMSIG(status) == SIGPIPE, "wait status 0x%x", (unsigned)status);
}

struct caller {
  const struct library* eco;
  const char *url, *ca_file;
};

/* Made before the library is loaded, with SIGPIPE open: what POCO does to the loading thread does not reach it. */
static void* call_from_old_thread(void* argument) {
  const struct caller* caller = argument;
  while (!__atomic_load_n(&caller->eco, __ATOMIC_ACQUIRE)) usleep(1000);
  const struct library* eco = caller->eco;
  for (int i = 0; i < 5; ++i) {
    ecoauth_client* client = patient_client(eco, caller->url, caller->ca_file);
    ecoauth_account* account = host_account(eco, client);
    CHECK(eco->ecoauth_account_authorize_pin(account, 10000, NULL) < 0);
    eco->ecoauth_client_free(client);
    eco->ecoauth_account_close(account);
  }
  return NULL;
}

static void resetting_peer(void* argument) {
  const char* mode = argument;
  bool tls = strncmp(mode, "tls", 3) == 0;
  const char* ca_file = tls ? temporary_path(mode) : NULL;
  struct server peer = server_start((char* const[]){(char*)peer_program, (char*)mode, (char*)ca_file, NULL});
  if (!tls) peer_raises_sigpipe(&peer);
  struct caller caller = {NULL, peer.url, ca_file};
  pthread_t old_thread;
  CHECK(pthread_create(&old_thread, NULL, call_from_old_thread, &caller) == 0);
  struct library eco = library_load(library_path);
  __atomic_store_n(&caller.eco, &eco, __ATOMIC_RELEASE);
  struct caller here = {&eco, peer.url, ca_file};
  call_from_old_thread(&here);
  pthread_join(old_thread, NULL);
  server_stop(&peer);
}

/* The host closes its end of the wakeup socket and goes on: the next event finds nobody. */
static void closed_wakeup_socket(void* unused) {
  (void)unused;
  struct library eco = library_load(library_path);
  struct server peer = server_start((char* const[]){(char*)peer_program, "silent", NULL});
  ecoauth_client* client = patient_client(&eco, peer.url, NULL);
  for (int i = 0; i < 4; ++i) {
    char key[] = {'a', (char)('0' + i), 0}; /* a new account each time: the last one's request may still be under way */
    ecoauth_account* account = NULL;
    CHECK(eco.ecoauth_account_open(client, key, &account, NULL) == ECOAUTH_OK);
    int32_t fd = -1;
    CHECK(eco.ecoauth_client_wakeup_fd(client, &fd, NULL) == ECOAUTH_OK && fd >= 0);
    close(fd);
    int64_t operation = host_start(&eco, account, &peer);
    CHECK(eco.ecoauth_client_cancel(client, operation) ==
          ECOAUTH_OK); /* its event is made on this thread or a worker */
    ecoauth_event* event = NULL;
    do {
      eco.ecoauth_event_free(event);
      ecoauth_error* error = NULL;
      int32_t result = eco.ecoauth_client_next_event(client, 10000, &event, &error);
      CHECK_OK(&eco, result, error);
    } while (eco.ecoauth_event_kind(event) != ECOAUTH_EVENT_COMPLETED);
    eco.ecoauth_event_free(event);
    eco.ecoauth_account_close(account);
  }
  eco.ecoauth_client_free(client);
  server_stop(&peer);
}

/* --- The library's threads
 * ----------------------------------------------------------------------------------------------- */

static uint64_t blocked_by(const char* task) {
  char path[64], line[256];
  snprintf(path, sizeof path, "/proc/self/task/%.16s/status", task);
  FILE* status = fopen(path, "re");
  CHECK(status);
  uint64_t mask = 0;
  while (fgets(line, sizeof line, status))
    if (sscanf(line, "SigBlk: %" SCNx64, &mask) == 1) break;
  fclose(status);
  return mask;
}

/* Everything but what a fault of the thread itself raises, SIGABRT, and profilers' SIGPROF. */
static void threads_block_signals(void* unused) {
  (void)unused;
  struct library eco = library_load(library_path);
  struct server peer = server_start((char* const[]){(char*)peer_program, "silent", NULL});
  ecoauth_client* client = patient_client(&eco, peer.url, NULL);
  ecoauth_account* account = host_account(&eco, client);
  host_start(&eco, account, &peer);
  uint64_t wanted = ~UINT64_C(0);
  for (const int* open =
           (const int[]){SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGABRT, SIGPROF, SIGKILL, SIGSTOP, 32, 33, 0};
       *open; ++open)
    wanted &= ~(UINT64_C(1) << (*open - 1));
  struct dirent** tasks;
  int count = scandir("/proc/self/task", &tasks, NULL, NULL), seen = 0;
  for (int i = 0; i < count; ++i) {
    int number = atoi(tasks[i]->d_name);
    if (number > 0 && number != getpid()) {
      uint64_t mask = blocked_by(tasks[i]->d_name);
      CHECK_SAYING((mask & wanted) == wanted, "thread %d blocks only %" PRIx64, number, mask);
      ++seen;
    }
    free(tasks[i]);
  }
  free(tasks);
  CHECK(seen > 0);
  eco.ecoauth_client_free(client);
  eco.ecoauth_account_close(account);
  server_stop(&peer);
}

/* --- Special hosts
 * ------------------------------------------------------------------------------------------------------- */

static void whole_life(void) {
  struct library eco = library_load(library_path);
  ecoauth_client* client = patient_client(&eco, sandbox.url, sandbox_ca);
  ecoauth_account* account = host_account(&eco, client);
  host_login(&eco, account);
  for (int i = 0; i < 5; ++i) {
    ecoauth_error* error = NULL;
    int32_t result = eco.ecoauth_account_refresh(account, 20000, &error);
    CHECK_OK(&eco, result, error);
    host_use(&eco, account);
  }
  ecoauth_event* event = NULL;
  int events = 0;
  for (; eco.ecoauth_client_next_event(client, 300, &event, NULL) == ECOAUTH_OK; ++events)
    eco.ecoauth_event_free(event);
  CHECK(events > 2);
  eco.ecoauth_client_free(client);
  eco.ecoauth_account_close(account);
}

static void blocks_everything(void* unused) {
  (void)unused;
  sigset_t all, mask, pending;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, NULL);
  pthread_sigmask(SIG_SETMASK, NULL, &all); /* without the two that cannot be blocked */
  whole_life();
  pthread_sigmask(SIG_SETMASK, NULL, &mask);
  CHECK(memcmp(&mask, &all, NSIG / 8) == 0);
  sigpending(&pending);
  for (int number = 1; number < NSIG; ++number)
    CHECK_SAYING(number == SIGCHLD || sigismember(&pending, number) != 1, "signal %d is pending", number);
}

static pthread_t main_thread;
static volatile sig_atomic_t interruptions, strayed;

static void interrupt(int number) {
  (void)number;
  if (pthread_equal(pthread_self(), main_thread))
    ++interruptions;
  else
    ++strayed;
}

static void is_interrupted(void* unused) {
  (void)unused;
  main_thread = pthread_self();
  struct sigaction action = {.sa_handler = interrupt}; /* no SA_RESTART: every wait of this thread is cut short */
  sigaction(SIGALRM, &action, NULL);
  struct itimerval each_ms = {{0, 1000}, {0, 1000}}, never = {{0, 0}, {0, 0}};
  setitimer(ITIMER_REAL, &each_ms, NULL);
  whole_life();
  setitimer(ITIMER_REAL, &never, NULL);
  CHECK_SAYING(interruptions > 200, "only %d interruptions", (int)interruptions);
  CHECK_SAYING(strayed == 0, "%d signals on the library's threads", (int)strayed);
}

int main(int argc, char** argv) {
  CHECK(argc == 4);
  library_path = argv[1];
  peer_program = argv[3];
  signal(SIGPIPE, SIG_DFL);
  sigset_t none;
  sigemptyset(&none);
  pthread_sigmask(SIG_SETMASK, &none, NULL);
  sandbox_ca = temporary_path("ca.pem");
  sandbox = sandbox_start(argv[2], sandbox_ca);
  in_child(resetting_peer, "reset", 60000);
  in_child(resetting_peer, "reset-soon", 60000);
  in_child(resetting_peer, "tls-reset", 60000);
  in_child(closed_wakeup_socket, NULL, 60000);
  in_child(threads_block_signals, NULL, 60000);
  in_child(blocks_everything, NULL, 60000);
  in_child(is_interrupted, NULL, 60000);
  server_stop(&sandbox);
  return 0;
}
