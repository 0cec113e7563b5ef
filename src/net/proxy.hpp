// An HTTP proxy: its address, and the tunnel through it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.hpp"
#include "base/secret.hpp"
#include "net/connection.hpp"
#include "net/failure.hpp"
#include "net/http_transport.hpp"

namespace ecoauth {

struct Proxy {
  std::string host;
  uint16_t port = 0;
  Secret authorization;  ///< the value of Proxy-Authorization; empty when the URL names no user
  bool used() const { return !host.empty(); }
};

Result<Proxy> parse_proxy(std::string_view url);

/// Asks the proxy behind the socket for a tunnel to `origin`. Nothing of the request is sent before it stands. On
/// success the next byte read is the origin's own.
Step<GuardedSocket> connect_through(GuardedSocket socket, const Proxy& proxy, const Origin& origin);

}  // namespace ecoauth
