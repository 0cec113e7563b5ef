// A socket that an Interruption can shut while it is open, and that is closed with a reset unless part_in_peace() was
// called: what the kernel still holds of a request that was given up must not arrive later.
#pragma once

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <memory>
#include <utility>

#include "net/interruption.hpp"

namespace ecoauth {

class GuardedSocket {
 public:
  GuardedSocket() = default;
  /// Takes the descriptor. When the interruption was raised already the socket is closed at once: see open().
  GuardedSocket(std::shared_ptr<Interruption> interruption, int fd) : GuardedSocket() {
    interruption_ = std::move(interruption);
    fd_ = fd;
    set_linger({1, 0});
    if (!interruption_->add_socket(fd)) close();
  }
  GuardedSocket(GuardedSocket&& other) noexcept
      : interruption_(std::move(other.interruption_)), fd_(std::exchange(other.fd_, -1)) {}
  GuardedSocket& operator=(GuardedSocket&& other) noexcept {
    close();
    interruption_ = std::move(other.interruption_);
    fd_ = std::exchange(other.fd_, -1);
    return *this;
  }
  ~GuardedSocket() { close(); }

  bool open() const { return fd_ >= 0; }
  int fd() const { return fd_; }
  /// The peer has closed its side, or the connection broke.
  bool peer_left() const {
    pollfd polled{fd_, POLLRDHUP, 0};
    return ::poll(&polled, 1, 0) > 0;
  }
  void part_in_peace() { set_linger({0, 0}); }
  void close() {
    if (fd_ < 0) return;
    interruption_->remove_socket(fd_);  // first: the number may be somebody else's right after close()
    ::close(fd_);
    fd_ = -1;
  }

 private:
  void set_linger(linger how) { setsockopt(fd_, SOL_SOCKET, SO_LINGER, &how, sizeof how); }

  std::shared_ptr<Interruption> interruption_;
  int fd_ = -1;
};

}  // namespace ecoauth
