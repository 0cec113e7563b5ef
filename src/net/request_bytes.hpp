// A request as the bytes on the wire, in one buffer that is wiped.
#pragma once

#include <string>

#include "net/failure.hpp"
#include "net/http_transport.hpp"

namespace ecoauth {

/// Head and body together: they go to the kernel in one write, so "sent" is one instant. Refuses what would let a value
/// become a header of its own.
Step<Secret> compose_request(const HttpRequest& request, const std::string& user_agent);

/// "host" or "host:port", with brackets around an IPv6 address.
std::string host_field(const Origin& origin, bool always_port);

}  // namespace ecoauth
