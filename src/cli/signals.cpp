#include "cli/signals.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>

#include "cli/exit_codes.hpp"

namespace ecoauth::cli {

namespace {

int pipe_ends[2] = {-1, -1};
volatile std::sig_atomic_t raised_count = 0;

void on_signal(int) {
  const int saved_errno = errno;
  if (raised_count > 0) _exit(exit_interrupted);
  raised_count = 1;
  const char byte = 1;
  if (write(pipe_ends[1], &byte, 1) < 0) _exit(exit_interrupted);
  errno = saved_errno;
}

}  // namespace

Signals::Signals() {
  if (pipe2(pipe_ends, O_CLOEXEC | O_NONBLOCK) != 0) return;
  struct sigaction action {};
  action.sa_handler = on_signal;
  sigemptyset(&action.sa_mask);
  for (const int number : {SIGINT, SIGTERM, SIGHUP}) {
    struct sigaction present {};
    // nohup and background jobs of simple shells ignore some of them; that is the user's wish.
    if (sigaction(number, nullptr, &present) == 0 && present.sa_handler == SIG_IGN) continue;
    sigaction(number, &action, nullptr);
  }
}

int Signals::fd() const { return pipe_ends[0]; }

bool Signals::raised() const { return raised_count > 0; }

}  // namespace ecoauth::cli
