// A socket that an Interruption can shut while it is open.
#pragma once

#include <unistd.h>

#include <memory>
#include <utility>

#include "net/interruption.hpp"

namespace ecoauth {

class GuardedSocket {
 public:
  GuardedSocket() = default;
  /// Takes the descriptor. When the interruption was raised already the socket is closed at once: see open().
  GuardedSocket(std::shared_ptr<Interruption> interruption, int fd) : interruption_(std::move(interruption)), fd_(fd) {
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
  void close() {
    if (fd_ < 0) return;
    interruption_->remove_socket(fd_);  // first: the number may be somebody else's right after close()
    ::close(fd_);
    fd_ = -1;
  }

 private:
  std::shared_ptr<Interruption> interruption_;
  int fd_ = -1;
};

}  // namespace ecoauth
