#include "cli/signals.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdint>

#include "cli/exit_codes.hpp"
#include "cli/time_text.hpp"

namespace ecoauth::cli {

namespace {

constexpr int64_t echo_ms = 500;

int pipe_ends[2] = {-1, -1};
std::atomic<int64_t> first_ms{0};
static_assert(std::atomic<int64_t>::is_always_lock_free, "a signal handler may not wait for a lock");

void on_signal(int number) {
  const int saved_errno = errno;
  const int64_t now_ms = boot_ms();
  if (first_ms == 0) {
    first_ms = now_ms;
    const char byte = 1;
    if (write(pipe_ends[1], &byte, 1) < 0) _exit(exit_interrupted);
  } else if (number == SIGINT && now_ms - first_ms >= echo_ms) {
    _exit(exit_interrupted);
  }
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

bool Signals::raised() { return first_ms != 0; }

}  // namespace ecoauth::cli
