#include "cli/dial.hpp"

#include <arpa/inet.h>
#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>
#include <mutex>
#include <thread>

#include "cli/failure.hpp"
#include "cli/time_text.hpp"

namespace ecoauth::cli {

namespace {

constexpr int64_t patience_ms = 8'000;  // as the library's own

Failure interrupted() { return Failure::interrupted("Nothing was changed. Run the command again."); }

/// getaddrinfo() knows no time limit. Shared with a thread that is left behind when it takes too long.
struct Lookup {
  std::mutex mutex;
  bool done = false;
  int result = 0;
  std::vector<NetworkAddress> addresses;
};

void look_up(const std::string& host, const std::string& port, Lookup& lookup) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const int result = getaddrinfo(host.c_str(), port.c_str(), &hints, &found);
  const std::lock_guard<std::mutex> lock(lookup.mutex);
  for (const addrinfo* each = result == 0 ? found : nullptr; each != nullptr; each = each->ai_next) {
    char text[INET6_ADDRSTRLEN] = "?";
    getnameinfo(each->ai_addr, each->ai_addrlen, text, sizeof text, nullptr, 0, NI_NUMERICHOST);
    const auto* bytes = reinterpret_cast<const unsigned char*>(each->ai_addr);
    lookup.addresses.push_back({each->ai_family, {bytes, bytes + each->ai_addrlen}, text});
  }
  if (result == 0) freeaddrinfo(found);
  lookup.result = result;
  lookup.done = true;
}

}  // namespace

Socket& Socket::operator=(Socket&& other) noexcept {
  std::swap(fd_, other.fd_);
  return *this;
}

Socket::~Socket() {
  if (fd_ >= 0) close(fd_);
}

bool wait_for(int fd, short events, int64_t end_ms, const Signals& signals) {
  for (;;) {
    if (Signals::raised()) throw interrupted();
    const int64_t left_ms = end_ms - boot_ms();
    if (left_ms <= 0) return false;
    pollfd waited[] = {{fd, events, 0}, {signals.fd(), POLLIN, 0}};
    if (poll(waited, 2, static_cast<int>(left_ms)) > 0 && waited[0].revents != 0) return true;
  }
}

std::vector<NetworkAddress> resolve(const std::string& host, const std::string& port, const Signals& signals,
                                    std::string& why) {
  const auto lookup = std::make_shared<Lookup>();
  std::thread([host, port, lookup] { look_up(host, port, *lookup); }).detach();
  const int64_t end_ms = boot_ms() + patience_ms;
  while (boot_ms() < end_ms) {
    {
      const std::lock_guard<std::mutex> lock(lookup->mutex);
      if (lookup->done) {
        if (lookup->result != 0) why = gai_strerror(lookup->result);
        return lookup->addresses;
      }
    }
    if (Signals::raised()) throw interrupted();
    pollfd waited{signals.fd(), POLLIN, 0};
    poll(&waited, 1, 10);
  }
  why = "no answer from the name servers";
  return {};
}

Socket connect_any(const std::vector<NetworkAddress>& addresses, const Signals& signals, std::string& why) {
  const int64_t end_ms = boot_ms() + patience_ms;
  for (size_t i = 0; i < addresses.size(); ++i) {
    const NetworkAddress& address = addresses[i];
    Socket socket(::socket(address.family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    const auto* where = reinterpret_cast<const sockaddr*>(address.bytes.data());
    int error = socket.open() ? 0 : errno;
    if (error == 0 && connect(socket.fd(), where, static_cast<socklen_t>(address.bytes.size())) != 0) error = errno;
    if (error == EINPROGRESS) {
      // A dead address must leave time for the next one.
      const int64_t share_ms = (end_ms - boot_ms()) / static_cast<int64_t>(addresses.size() - i);
      socklen_t size = sizeof error;
      if (!wait_for(socket.fd(), POLLOUT, boot_ms() + share_ms, signals))
        error = ETIMEDOUT;
      else
        getsockopt(socket.fd(), SOL_SOCKET, SO_ERROR, &error, &size);
    }
    if (error == 0) return socket;
    why = std::string(std::strerror(error)) + " (" + address.text + ")";
  }
  return Socket();
}

}  // namespace ecoauth::cli
