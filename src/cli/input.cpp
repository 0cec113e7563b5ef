#include "cli/input.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "cli/failure.hpp"

namespace ecoauth::cli {

namespace {

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (fd_ > STDERR_FILENO) close(fd_);
  }
  int get() const { return fd_; }

 private:
  int fd_;
};

Failure unreadable(const std::string& path, const char* what, int error) {
  return Failure::usage(std::string(what) + " \"" + path + "\" cannot be read: " + std::strerror(error),
                        "Check the name and who may read it.");
}

}  // namespace

void wait_readable(int fd, const Signals& signals) {
  pollfd waited[] = {{fd, POLLIN, 0}, {signals.fd(), POLLIN, 0}};
  do {
    if (Signals::raised()) throw Failure::interrupted("Nothing was changed. Run the command again.");
  } while (poll(waited, 2, -1) < 0 || waited[0].revents == 0);
}

std::string read_input(const std::string& path, const char* what, size_t limit_bytes, const Signals& signals,
                       bool* open_to_others) {
  // Without O_NONBLOCK opening a named pipe would wait for its writer, deaf to signals that come just before.
  const Descriptor file(path == "-" ? STDIN_FILENO : open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  struct stat about {};
  if (file.get() < 0 || fstat(file.get(), &about) != 0) throw unreadable(path, what, errno);
  if (open_to_others != nullptr) *open_to_others = S_ISREG(about.st_mode) && (about.st_mode & 077) != 0;

  std::string content;
  content.reserve(8192);  // so that a small secret is not copied about
  char piece[4096];
  for (;;) {
    wait_readable(file.get(), signals);
    const ssize_t count = read(file.get(), piece, sizeof piece);
    if (count < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (count < 0) throw unreadable(path, what, errno);
    if (count == 0) break;
    content.append(piece, static_cast<size_t>(count));
    if (content.size() > limit_bytes)
      throw Failure::usage(std::string(what) + " \"" + path + "\" is too long",
                           "At most " + std::to_string(limit_bytes) + " bytes are taken.");
  }
  explicit_bzero(piece, sizeof piece);
  return content;
}

}  // namespace ecoauth::cli
