// A connection for looking around: bounded in time, ended by Ctrl-C.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "cli/signals.hpp"

namespace ecoauth::cli {

class Socket {
 public:
  explicit Socket(int fd = -1) : fd_(fd) {}
  Socket(Socket&& other) noexcept : fd_(other.fd_) { other.fd_ = -1; }
  Socket& operator=(Socket&& other) noexcept;
  ~Socket();
  int fd() const { return fd_; }
  bool open() const { return fd_ >= 0; }

 private:
  int fd_;
};

struct NetworkAddress {
  int family = 0;
  std::vector<unsigned char> bytes;  ///< a sockaddr
  std::string text;
};

/// Waits for POLLIN or POLLOUT until `end_ms` of boot_ms(); false when the time is over. Throws Failure when
/// interrupted.
bool wait_for(int fd, short events, int64_t end_ms, const Signals& signals);

/// The addresses of a name; `why` says why there are none.
std::vector<NetworkAddress> resolve(const std::string& host, const std::string& port, const Signals& signals,
                                    std::string& why);

/// The first that answers; `why` says why none does.
Socket connect_any(const std::vector<NetworkAddress>& addresses, const Signals& signals, std::string& why);

}  // namespace ecoauth::cli
