// Name resolution that can be walked away from: getaddrinfo has no time-out and cannot be interrupted.
#pragma once

#include <sys/socket.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "net/failure.hpp"
#include "net/interruption.hpp"

namespace ecoauth {

struct Address {
  sockaddr_storage storage{};
  socklen_t size = 0;
  int family() const { return storage.ss_family; }
  bool loopback() const;
};

struct Resolution {
  std::vector<Address> addresses;
  std::string error;  ///< for people, when there are none
};

/// Blocks as long as it likes.
using ResolveFunction = std::function<Resolution(const std::string& host, uint16_t port)>;
Resolution resolve_by_system(const std::string& host, uint16_t port);

/// An address written as such: no name service is asked.
bool parse_address(const std::string& host, uint16_t port, Address& out);
std::string address_text(const Address& address);

class Resolver {
 public:
  Resolver(ResolveFunction function, const Clock& clock);

  /// Every lookup runs on a thread of its own. When the interruption comes first the thread is left behind with
  /// references of its own. Callers asking for the same name share a lookup, and there is a limit, so that a hung name
  /// service cannot collect threads.
  Step<std::vector<Address>> resolve(const std::string& host, uint16_t port,
                                     const std::shared_ptr<Interruption>& until);

 private:
  struct Core;
  std::shared_ptr<Core> core_;
};

/// IPv6 and IPv4 by turns, beginning with the family of the first, otherwise in the order of the resolver (RFC 8305
/// section 4).
std::vector<Address> interleave_families(std::vector<Address> addresses);

}  // namespace ecoauth
