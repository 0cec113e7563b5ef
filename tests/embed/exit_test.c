/* exit() with a worker in the middle of a request: 200 processes, none crashes, each ends in bounded time. The worker
 * is in a TLS handshake, in a read, or busy decrypting, which is where exit handlers of OpenSSL and POCO used to pull
 * the rug away (without the library's guard a third to a half of such processes crash).
 *
 * usage: exit_test LIBRARY PEER EXIT_HOST
 * SPDX-License-Identifier: MIT */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "host.h"

enum { batches = 25, at_once = 8, storms_from = 15, shutdown_ms = 100, allowance_ms = 5000 };

static const char* const ways[] = {"exit", "return", "exit-thread", "free-at-exit", "quit-callback"};
static const char* const modes[] = {"tls-handshake", "tls-silent", "tls-drip", "silent", "tls-reset"};
enum { way_count = sizeof ways / sizeof *ways, mode_count = sizeof modes / sizeof *modes, storm_mode = mode_count - 1 };

struct host {
  pid_t process;
  FILE* out;
  int in;
  const char *way, *mode;
};

static struct host start(const char* program, const char* library, const char* way, const char* mode,
                         const struct server* peer, const char* certificate) {
  struct host host = {.way = way, .mode = mode};
  int out[2], in[2];
  CHECK(pipe2(out, O_CLOEXEC) == 0 && pipe2(in, O_CLOEXEC) == 0);
  host.process = fork();
  CHECK(host.process >= 0);
  if (host.process == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    dup2(in[0], STDIN_FILENO);
    dup2(out[1], STDOUT_FILENO);
    execl(program, program, library, way, peer->url, certificate, (char*)NULL);
    _exit(127);
  }
  close(in[0]);
  close(out[1]);
  host.in = in[1];
  CHECK((host.out = fdopen(out[0], "r")));
  return host;
}

static void await_go(const struct host* host) {
  char line[64] = "";
  CHECK_SAYING(fgets(line, sizeof line, host->out) && strcmp(line, "go\n") == 0, "%s at a %s peer did not start: %s",
               host->way, host->mode, line);
}

static void let_go(const struct host* host) { CHECK(write(host->in, "!", 1) == 1); }

/* Judges how it ended. Returns how long leaving took. */
static int64_t finish(struct host* host) {
  char line[64] = "";
  long long left_at = 0;
  CHECK_SAYING(fgets(line, sizeof line, host->out) && sscanf(line, "leaving %lld", &left_at) == 1,
               "%s at a %s peer: %s", host->way, host->mode, line);
  int status = await_child(host->process, shutdown_ms + allowance_ms);
  int64_t took = now_ms() - left_at;
  CHECK_SAYING(WIFEXITED(status) && WEXITSTATUS(status) == 0, "%s at a %s peer: wait status 0x%x", host->way,
               host->mode, (unsigned)status);
  fclose(host->out);
  close(host->in);
  return took;
}

int main(int argc, char** argv) {
  CHECK(argc == 4);
  struct server peers[mode_count];
  const char* certificates[mode_count];
  for (int i = 0; i < mode_count; ++i) {
    bool tls = strncmp(modes[i], "tls", 3) == 0;
    certificates[i] = tls ? temporary_path(modes[i]) : "";
    peers[i] = server_start(tls ? (char* const[]){argv[2], (char*)modes[i], (char*)certificates[i], NULL}
                                : (char* const[]){argv[2], (char*)modes[i], NULL});
  }
  int64_t longest = 0;
  struct host hosts[at_once];
  for (int batch = 0; batch < batches; ++batch) {
    bool storm = batch >= storms_from;
    int mode = storm ? storm_mode : batch % storm_mode;
    for (int i = 0; i < at_once; ++i)
      hosts[i] = start(argv[3], argv[1], storm ? "storm" : ways[(batch + i) % way_count], modes[mode], &peers[mode],
                       certificates[mode]);
    for (int i = 0; i < at_once; ++i) await_go(&hosts[i]);
    /* The peer's line may be another host's: a batch shares its peer, and all wait for all. */
    for (int i = 0; i < at_once && !storm; ++i) server_await_line(&peers[mode]);
    for (int i = 0; i < at_once; ++i) let_go(&hosts[i]);
    /* Storms begin when they are let go, and end at any moment within. */
    for (int i = 0; i < at_once && storm; ++i) {
      usleep((useconds_t)(500 * batch));
      let_go(&hosts[i]);
    }
    for (int i = 0; i < at_once; ++i) {
      int64_t took = finish(&hosts[i]);
      if (took > longest) longest = took;
    }
  }
  printf("%d exits, 0 crashes, the longest took %lld ms\n", (int)(batches * at_once), (long long)longest);
  for (int i = 0; i < mode_count; ++i) server_stop(&peers[i]);
  return 0;
}
