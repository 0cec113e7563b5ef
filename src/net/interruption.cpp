#include "net/interruption.hpp"

#include <sys/socket.h>

#include <algorithm>

namespace ecoauth {

void Interruption::raise(HttpFailure why) {
  std::lock_guard lock(mutex_);
  if (why_ != HttpFailure::none) return;
  why_ = why;
  // Under the lock, because remove_socket() precedes close(): the number cannot belong to somebody else yet. shutdown()
  // ends a connection attempt, a read and a write alike, and unlike close() is safe beside them.
  for (int fd : sockets_) ::shutdown(fd, SHUT_RDWR);
  changed_.notify_all();
}

HttpFailure Interruption::raised() const {
  std::lock_guard lock(mutex_);
  return why_;
}

bool Interruption::add_socket(int fd) {
  std::lock_guard lock(mutex_);
  if (why_ != HttpFailure::none) return false;
  sockets_.push_back(fd);
  return true;
}

void Interruption::remove_socket(int fd) {
  std::lock_guard lock(mutex_);
  sockets_.erase(std::remove(sockets_.begin(), sockets_.end(), fd), sockets_.end());
}

void Interruption::wake() {
  std::lock_guard lock(mutex_);
  changed_.notify_all();
}

}  // namespace ecoauth
