// Opens a TCP connection to the first address that answers.
#pragma once

#include <vector>

#include "net/failure.hpp"
#include "net/guarded_socket.hpp"
#include "net/resolver.hpp"

namespace ecoauth {

/// Tries the addresses in order, the next one 250 ms after the last or when one fails, and keeps the first connection
/// that stands (RFC 8305). Bounded by the interruption alone. The socket is blocking and closed in the host's children.
Step<GuardedSocket> dial(const std::vector<Address>& addresses, const std::shared_ptr<Interruption>& until);

}  // namespace ecoauth
