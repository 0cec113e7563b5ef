#include "sandbox_process.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { most_arguments = 32, start_timeout_ms = 30000, await_timeout_ms = 20000 };

static void give_up(const char* format, ...) __attribute__((format(printf, 1, 2), noreturn));

static void give_up(const char* format, ...) {
  va_list arguments;
  va_start(arguments, format);
  fprintf(stderr, "sandbox_process: ");
  vfprintf(stderr, format, arguments);
  fprintf(stderr, "\n");
  va_end(arguments);
  _exit(1);
}

static void sleep_ms(long ms) {
  struct timespec time = {ms / 1000, ms % 1000 * 1000000};
  nanosleep(&time, NULL);
}

static void read_ready_line(struct sandbox* sandbox) {
  static const char ready[] = "ecoauth-sandbox ready: ";
  char line[256];
  size_t size = 0;
  while (size + 1 < sizeof line && (size == 0 || line[size - 1] != '\n')) {
    struct pollfd wait = {sandbox->output, POLLIN, 0};
    if (poll(&wait, 1, start_timeout_ms) <= 0) give_up("the sandbox does not say that it is ready");
    ssize_t got = read(sandbox->output, line + size, 1);
    if (got <= 0) give_up("the sandbox has ended instead of starting");
    size += (size_t)got;
  }
  line[size - 1] = '\0';
  if (strncmp(line, ready, sizeof ready - 1) != 0) give_up("unexpected first line: %s", line);
  if (size - sizeof ready >= sizeof sandbox->url) give_up("its address is too long: %s", line);
  memcpy(sandbox->url, line + sizeof ready - 1, size - sizeof ready + 1);
  sandbox->port = atoi(strrchr(sandbox->url, ':') + 1);
  if (sandbox->port <= 0) give_up("no port in: %s", line);
}

void sandbox_start(struct sandbox* sandbox, const char* program, const char* const* arguments) {
  const char* all[most_arguments] = {program};
  int pipe_fds[2];
  const pid_t parent = getpid();
  for (int i = 1; arguments && arguments[i - 1]; ++i) {
    if (i + 1 >= most_arguments) give_up("too many arguments");
    all[i] = arguments[i - 1];
  }
  if (pipe(pipe_fds) != 0) give_up("pipe: %s", strerror(errno));
  sandbox->process = fork();
  if (sandbox->process < 0) give_up("fork: %s", strerror(errno));
  if (sandbox->process == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) _exit(1);
    dup2(pipe_fds[1], 1);
    close(pipe_fds[0]);
    close(pipe_fds[1]);
    execv(program, (char* const*)all);
    _exit(127);
  }
  close(pipe_fds[1]);
  sandbox->output = pipe_fds[0];
  read_ready_line(sandbox);
}

void sandbox_stop(struct sandbox* sandbox) {
  if (sandbox->process <= 0) return;
  kill(sandbox->process, SIGTERM);
  while (waitpid(sandbox->process, NULL, 0) < 0 && errno == EINTR) {
  }
  close(sandbox->output);
  sandbox->process = 0;
}

/* One request on a connection of its own; the whole answer, with its head. */
static char* exchange(const struct sandbox* sandbox, const char* method, const char* what, const char* form) {
  struct sockaddr_in address = {0};
  char request[2048];
  size_t capacity = 1 << 16, size = 0;
  char* answer = malloc(capacity);
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  address.sin_family = AF_INET;
  address.sin_port = htons((uint16_t)sandbox->port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (connect(fd, (const struct sockaddr*)&address, sizeof address) != 0) give_up("connect: %s", strerror(errno));
  int length = snprintf(request, sizeof request,
                        "%s /sandbox/%s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nConnection: close\r\n"
                        "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: %zu\r\n\r\n%s",
                        method, what, sandbox->port, strlen(form), form);
  if (length <= 0 || (size_t)length >= sizeof request) give_up("the form is too long");
  if (send(fd, request, (size_t)length, MSG_NOSIGNAL) != length) give_up("send: %s", strerror(errno));
  for (;;) {
    if (capacity - size < 4096) answer = realloc(answer, capacity *= 2);
    ssize_t got = recv(fd, answer + size, capacity - size - 1, 0);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) give_up("recv: %s", strerror(errno));
    if (got == 0) break;
    size += (size_t)got;
  }
  answer[size] = '\0';
  close(fd);
  if (strncmp(answer, "HTTP/1.1 200", 12) != 0) give_up("%s %s %s: %s", method, what, form, answer);
  return answer;
}

void sandbox_control(const struct sandbox* sandbox, const char* what, const char* form) {
  free(exchange(sandbox, "POST", what, form));
}

void sandbox_delete(const struct sandbox* sandbox, const char* what) { free(exchange(sandbox, "DELETE", what, "")); }

static char* body_of(char* answer) {
  const char* body = strstr(answer, "\r\n\r\n");
  if (!body) give_up("an answer without a body");
  memmove(answer, body + 4, strlen(body + 4) + 1);
  return answer;
}

char* sandbox_post(const struct sandbox* sandbox, const char* what, const char* form) {
  return body_of(exchange(sandbox, "POST", what, form));
}

char* sandbox_get(const struct sandbox* sandbox, const char* what) {
  return body_of(exchange(sandbox, "GET", what, ""));
}

int sandbox_requests(const struct sandbox* sandbox, const char* endpoint) {
  char wanted[64];
  char* log = sandbox_get(sandbox, "log");
  int count = 0;
  snprintf(wanted, sizeof wanted, "\"endpoint\": \"%s\"", endpoint);
  for (const char* at = log; (at = strstr(at, wanted)) != NULL; ++at) ++count;
  free(log);
  return count;
}

void sandbox_await_requests(const struct sandbox* sandbox, const char* endpoint, int count) {
  for (int waited_ms = 0; sandbox_requests(sandbox, endpoint) < count; waited_ms += 10) {
    if (waited_ms >= await_timeout_ms) give_up("fewer than %d requests to %s have come", count, endpoint);
    sleep_ms(10);
  }
}
