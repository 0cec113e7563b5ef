#include "cli/process_guard.hpp"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <csignal>

namespace ecoauth::cli {

namespace {

/// A program started without descriptor 1 or 2 would otherwise open its token file under that number and print into it.
void open_standard_descriptors() {
  int fd = open("/dev/null", O_RDWR);
  while (fd >= 0 && fd <= STDERR_FILENO) fd = dup(fd);
  if (fd > STDERR_FILENO) close(fd);
}

}  // namespace

void guard_process() {
  open_standard_descriptors();
  const rlimit none{0, 0};
  setrlimit(RLIMIT_CORE, &none);
  // Not even the same user may attach, or read memory and environment through /proc.
  prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
  // A reader that left and a file size limit are noticed by write() and reported, instead of ending the process.
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGXFSZ, SIG_IGN);
}

}  // namespace ecoauth::cli
