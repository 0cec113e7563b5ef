// The sandbox on sockets: POCO's HTTP server, bounded in threads, sizes and time.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "sandbox/router.hpp"
#include "sandbox/tls_identity.hpp"

namespace ecoauth::sandbox {

class Server {
 public:
  /// Binds and starts. `identity` is null for plain http. Throws std::runtime_error when the address cannot be had.
  Server(Router& router, const std::string& address, uint16_t port, const TlsIdentity* identity);
  ~Server();
  /// "http://127.0.0.1:PORT".
  std::string url() const;
  /// Ends delays, closes connections and waits for the handlers.
  void stop();

 private:
  class State;
  std::unique_ptr<State> state_;
};

}  // namespace ecoauth::sandbox
