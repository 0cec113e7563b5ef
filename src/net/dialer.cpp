#include "net/dialer.hpp"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "base/clock.hpp"

namespace ecoauth {

namespace {
constexpr int64_t next_attempt_ms = 250;
constexpr size_t max_addresses = 32;

std::string error_text(int error_number) {
  char buffer[128];
  return strerror_r(error_number, buffer, sizeof buffer);  // the GNU one: thread-safe
}

struct Attempt {
  GuardedSocket socket;
  Address address;
};

/// 0: under way or connected. Otherwise errno.
int start_attempt(const Address& address, const std::shared_ptr<Interruption>& until, GuardedSocket& out) {
  int fd = ::socket(address.family(), SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, IPPROTO_TCP);
  if (fd < 0) return errno;
  out = GuardedSocket(until, fd);
  if (!out.open()) return ECANCELED;
  int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (::connect(fd, reinterpret_cast<const sockaddr*>(&address.storage), address.size) == 0) return 0;
  return errno == EINPROGRESS || errno == EINTR ? 0 : errno;
}

int socket_error(int fd) {
  int error = 0;
  socklen_t size = sizeof error;
  if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) != 0) return errno;
  if (error) return error;
  sockaddr_storage peer;
  socklen_t peer_size = sizeof peer;
  // Shut from outside while connecting: no error is left, and no peer either.
  return getpeername(fd, reinterpret_cast<sockaddr*>(&peer), &peer_size) == 0 ? 0 : errno;
}
}  // namespace

Step<GuardedSocket> dial(const std::vector<Address>& addresses, const std::shared_ptr<Interruption>& until) {
  std::vector<Attempt> attempts;
  size_t next = 0, count = std::min(addresses.size(), max_addresses);
  int64_t next_at_ms = 0;
  std::string last_error;
  auto note = [&](const Address& address, int error) { last_error = address_text(address) + ": " + error_text(error); };

  for (;;) {
    if (until->raised() != HttpFailure::none)
      return Failure{until->raised(), "while connecting" + (last_error.empty() ? "" : ", last to " + last_error)};
    int64_t now_ms = system_clock().boot_ms();
    if (next < count && (attempts.empty() || now_ms >= next_at_ms)) {
      const Address& address = addresses[next++];
      GuardedSocket socket;
      if (int error = start_attempt(address, until, socket)) {
        note(address, error);
      } else {
        attempts.push_back({std::move(socket), address});
        next_at_ms = now_ms + next_attempt_ms;
      }
      continue;
    }
    if (attempts.empty()) return Failure{HttpFailure::connect, "no address accepted a connection (" + last_error + ")"};

    std::vector<pollfd> polled;
    for (auto& attempt : attempts) polled.push_back({attempt.socket.fd(), POLLOUT, 0});
    int wait_ms = next < count ? static_cast<int>(next_at_ms - now_ms) : -1;
    if (::poll(polled.data(), polled.size(), wait_ms) < 0 && errno != EINTR)
      return Failure{HttpFailure::connect, "poll: " + error_text(errno)};
    for (size_t i = 0; i < polled.size(); ++i) {
      if (!polled[i].revents) continue;
      int error = socket_error(polled[i].fd);
      if (!error) {
        fcntl(polled[i].fd, F_SETFL, fcntl(polled[i].fd, F_GETFL) & ~O_NONBLOCK);
        return std::move(attempts[i].socket);
      }
      note(attempts[i].address, error);
      attempts[i].socket.close();
      next_at_ms = 0;
    }
    attempts.erase(
        std::remove_if(attempts.begin(), attempts.end(), [](auto& attempt) { return !attempt.socket.open(); }),
        attempts.end());
  }
}

}  // namespace ecoauth
