/* SPDX-License-Identifier: MIT */
#include "host.h"

#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

int check_fd = STDERR_FILENO;

static char folder[64];
static pid_t folder_owner;

static int remove_entry(const char* path, const struct stat* about, int kind, struct FTW* place) {
  (void)about, (void)kind, (void)place;
  return remove(path);
}

static void remove_folder(void) {
  if (folder_owner == getpid()) nftw(folder, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
}

void check_failed(const char* file, int line, const char* condition, const char* format, ...) {
  va_list arguments;
  va_start(arguments, format);
  dprintf(check_fd, "%s:%d: not true: %s; ", file, line, condition);
  vdprintf(check_fd, format, arguments);
  dprintf(check_fd, "\n");
  va_end(arguments);
  fflush(NULL);
  remove_folder();
  _exit(1); /* not exit(): the library may be in the middle of something */
}

void check_result(const struct library* eco, const char* file, int line, int32_t result, ecoauth_error* error) {
  if (result < 0)
    check_failed(file, line, "success", "%s: %s %s", eco->ecoauth_result_name(result),
                 error ? eco->ecoauth_error_message(error) : "(no error object)",
                 error ? eco->ecoauth_error_advice(error) : "");
  CHECK(!error);
}

struct library library_load_plainly(const char* path) {
  struct library eco = {.handle = dlopen(path, RTLD_NOW | RTLD_LOCAL)};
  CHECK_SAYING(eco.handle, "%s", dlerror());
#define EMBED_LOOK_UP(name) CHECK((*(void**)& eco.name = dlsym(eco.handle, #name)) != NULL);
  EMBED_FUNCTIONS(EMBED_LOOK_UP)
#undef EMBED_LOOK_UP
  CHECK(eco.ecoauth_version() == ECOAUTH_VERSION_NUMBER);
  return eco;
}

struct library library_load(const char* path) {
  sigset_t mask;
  pthread_sigmask(SIG_SETMASK, NULL, &mask);
  struct library eco = library_load_plainly(path);
  pthread_sigmask(SIG_SETMASK, &mask, NULL);
  return eco;
}

void library_unload(struct library* eco) {
  CHECK(dlclose(eco->handle) == 0);
  memset(eco, 0, sizeof *eco);
}

/* --- Servers
 * ------------------------------------------------------------------------------------------------------------- */

static size_t read_line(int fd, char* line, size_t size) {
  size_t length = 0;
  int64_t end = now_ms() + 20000;
  for (;;) {
    struct pollfd waited = {fd, POLLIN, 0};
    int64_t left = end - now_ms();
    CHECK_SAYING(left > 0, "a server said nothing for 20 s");
    if (poll(&waited, 1, (int)left) <= 0) continue;
    ssize_t got = read(fd, line + length, 1);
    if (got < 0 && errno == EINTR) continue;
    CHECK_SAYING(got == 1, "a server has ended");
    if (line[length] == '\n') break;
    CHECK(++length < size);
  }
  line[length] = 0;
  return length;
}

struct server server_start(char* const arguments[]) {
  struct server server = {.process = -1};
  int out[2];
  CHECK(pipe2(out, O_CLOEXEC) == 0);
  pid_t parent = getpid();
  server.process = fork();
  CHECK(server.process >= 0);
  if (server.process == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) _exit(1);
    dup2(out[1], STDOUT_FILENO);
    execv(arguments[0], arguments);
    _exit(127);
  }
  close(out[1]);
  server.out = out[0];
  char line[256];
  read_line(server.out, line, sizeof line);
  const char* url = strstr(line, "http");
  CHECK_SAYING(url && strlen(url) < sizeof server.url, "\"%s\"", line);
  strcpy(server.url, url);
  return server;
}

struct server sandbox_start(const char* program, const char* ca_file) {
  char* const plain[] = {(char*)program, "--auto-approve", "0", "--interval", "1", "--access-seconds", "300", NULL};
  char* const tls[] = {(char*)program, "--auto-approve", "0", "--interval", "1", "--access-seconds", "300", "--tls",
                       "--tls-ca-out", (char*)ca_file,   NULL};
  return server_start(ca_file ? tls : plain);
}

void server_await_line(const struct server* server) {
  char line[256];
  read_line(server->out, line, sizeof line);
}

void server_stop(struct server* server) {
  kill(server->process, SIGTERM);
  await_child(server->process, 10000);
  close(server->out);
  server->process = -1;
}

/* --- Clients
 * ------------------------------------------------------------------------------------------------------------- */

ecoauth_options* host_options(const struct library* eco, const char* url, const char* ca_file,
                              const char* store_folder) {
  ecoauth_options* options = eco->ecoauth_options_new();
  CHECK(options);
  CHECK(eco->ecoauth_options_set_client_id(options, EMBED_CLIENT_ID) == ECOAUTH_OK);
  CHECK(eco->ecoauth_options_set_base_url(options, url) == ECOAUTH_OK);
  if (ca_file) CHECK(eco->ecoauth_options_set_ca_file(options, ca_file) == ECOAUTH_OK);
  ecoauth_store* store = store_folder ? eco->ecoauth_store_new_file(store_folder) : eco->ecoauth_store_new_memory();
  CHECK(store);
  CHECK(eco->ecoauth_options_set_store(options, store) == ECOAUTH_OK);
  return options;
}

ecoauth_client* host_client(const struct library* eco, ecoauth_options* options) {
  ecoauth_client* client = NULL;
  ecoauth_error* error = NULL;
  int32_t result = eco->ecoauth_client_new(options, &client, &error);
  CHECK_OK(eco, result, error);
  CHECK(client);
  return client;
}

ecoauth_account* host_account(const struct library* eco, ecoauth_client* client) {
  ecoauth_account* account = NULL;
  ecoauth_error* error = NULL;
  int32_t result = eco->ecoauth_account_open(client, NULL, &account, &error);
  CHECK_OK(eco, result, error);
  CHECK(account);
  return account;
}

void host_use(const struct library* eco, ecoauth_account* account) {
  ecoauth_token* token = NULL;
  ecoauth_error* error = NULL;
  int32_t result = eco->ecoauth_account_get_token(account, 0, 20000, &token, &error);
  CHECK_OK(eco, result, error);
  const char* access_token = eco->ecoauth_token_access_token(token);
  CHECK(strlen(access_token) > 20);
  CHECK(eco->ecoauth_token_valid_ms(token) > 0);
  char copy[16384];
  size_t needed = 0;
  CHECK(eco->ecoauth_account_copy_token(account, copy, sizeof copy, &needed, NULL) == ECOAUTH_OK);
  CHECK(strcmp(copy, access_token) == 0 && needed == strlen(copy) + 1);
  eco->ecoauth_token_free(token);
}

void host_login(const struct library* eco, ecoauth_account* account) {
  ecoauth_error* error = NULL;
  int32_t result = eco->ecoauth_account_authorize_pin(account, 20000, &error);
  CHECK_OK(eco, result, error);
  host_use(eco, account);
}

int64_t host_start(const struct library* eco, ecoauth_account* account, const struct server* peer) {
  int64_t operation = 0;
  ecoauth_error* error = NULL;
  int32_t result = eco->ecoauth_account_authorize_pin_start(account, &operation, &error);
  CHECK_OK(eco, result, error);
  CHECK(operation > 0);
  server_await_line(peer);
  return operation;
}

/* --- The process around
 * -------------------------------------------------------------------------------------------------- */

const char* temporary_folder(void) {
  if (!folder[0]) {
    const char* base = getenv("TMPDIR");
    snprintf(folder, sizeof folder, "%s/ecoauth-embed.XXXXXX", base && strlen(base) < 30 ? base : "/tmp");
    CHECK(mkdtemp(folder));
    folder_owner = getpid();
    atexit(remove_folder);
  }
  return folder;
}

const char* temporary_path(const char* name) {
  static char* paths[64]; /* so that they are not taken for lost */
  static int count;
  CHECK(count < 64 && asprintf(&paths[count], "%s/%s", temporary_folder(), name) > 0);
  return paths[count++];
}

int64_t now_ms(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * INT64_C(1000) + now.tv_nsec / 1000000;
}

static int entries(const char* path) {
  DIR* listed = opendir(path);
  CHECK(listed);
  int count = 0;
  for (struct dirent* entry; (entry = readdir(listed));) count += entry->d_name[0] != '.';
  closedir(listed);
  return count;
}

int thread_count(void) { return entries("/proc/self/task"); }
int descriptor_count(void) { return entries("/proc/self/fd") - 1; } /* one is the listing itself */

static void sleep_ms(int ms) {
  struct timespec left = {ms / 1000, ms % 1000 * 1000000L};
  while (nanosleep(&left, &left) != 0 && errno == EINTR) continue;
}

void await_threads(int expected) {
  int64_t end = now_ms() + 10000;
  int count;
  while ((count = thread_count()) != expected) {
    CHECK_SAYING(now_ms() < end, "%d threads, expected %d", count, expected);
    sleep_ms(2);
  }
}

int await_child(pid_t child, int64_t timeout_ms) {
  int64_t end = now_ms() + timeout_ms;
  int status = 0;
  for (;;) {
    pid_t ended = waitpid(child, &status, WNOHANG);
    if (ended == child) return status;
    CHECK(ended == 0 || errno == EINTR);
    if (now_ms() > end) {
      kill(child, SIGKILL);
      waitpid(child, &status, 0);
      CHECK_SAYING(false, "a child had not ended after %lld ms", (long long)timeout_ms);
    }
    sleep_ms(2);
  }
}

void in_child(void (*body)(void*), void* argument, int64_t timeout_ms) {
  fflush(NULL);
  pid_t child = fork();
  CHECK(child >= 0);
  if (child == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    body(argument);
    fflush(NULL);
    _exit(0);
  }
  int status = await_child(child, timeout_ms);
  CHECK_SAYING(WIFEXITED(status) && WEXITSTATUS(status) == 0, "the child's wait status is 0x%x", (unsigned)status);
}
