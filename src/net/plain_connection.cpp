#include <sys/socket.h>

#include <cerrno>

#include "net/connection.hpp"

namespace ecoauth {
namespace {

class PlainConnection final : public Connection {
 public:
  using Connection::Connection;

  bool write(std::string_view bytes) override {
    while (!bytes.empty()) {
      ssize_t sent = ::send(socket_.fd(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent < 0 && errno == EINTR) continue;
      if (sent < 0) return false;
      started_ = true;
      bytes.remove_prefix(static_cast<size_t>(sent));
    }
    return true;
  }

  bool started() const override { return started_; }

  Read read(char* buffer, size_t size) override {
    for (;;) {
      ssize_t got = ::recv(socket_.fd(), buffer, size, 0);
      if (got > 0) return {static_cast<size_t>(got), End::none};
      if (got == 0) return {0, End::clean};
      if (errno != EINTR) return {0, End::broken};
    }
  }

 private:
  bool started_ = false;
};

}  // namespace

std::unique_ptr<Connection> make_plain_connection(GuardedSocket socket) {
  return std::make_unique<PlainConnection>(std::move(socket));
}

}  // namespace ecoauth
