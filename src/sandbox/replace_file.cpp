#include "sandbox/replace_file.hpp"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <stdexcept>

namespace ecoauth::sandbox {

namespace {
bool write_all(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t wrote = write(fd, text.data(), text.size());
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote <= 0) return false;
    text.remove_prefix(static_cast<size_t>(wrote));
  }
  return true;
}
}  // namespace

void replace_file(const std::string& path, std::string_view text, mode_t mode) {
  std::string beside = path + ".XXXXXX";
  const int fd = mkostemp(beside.data(), O_CLOEXEC);
  bool ok = fd >= 0 && write_all(fd, text) && fchmod(fd, mode) == 0 && fsync(fd) == 0;
  int problem = errno;
  if (fd >= 0) close(fd);
  if (ok) {
    ok = rename(beside.c_str(), path.c_str()) == 0;
    problem = errno;
  }
  if (ok) return;
  if (fd >= 0) unlink(beside.c_str());
  throw std::runtime_error("cannot write " + path + ": " + std::strerror(problem));
}

}  // namespace ecoauth::sandbox
