// Scheme, host and port of a server: part of a grant's identity, and the only place its tokens are sent to.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.hpp"

namespace ecoauth {

struct Origin {
  std::string scheme;  ///< "https", or "http" to loopback
  std::string host;    ///< lower case, without the brackets of an IPv6 address
  uint16_t port = 0;

  /// "https://api.ecobee.com", with ":port" only when it is not the scheme's own.
  std::string text() const;
  bool operator==(const Origin& other) const {
    return scheme == other.scheme && host == other.host && port == other.port;
  }
};

/// Accepts "https://host[:port][/]"; "http" only for loopback hosts. No user, path, query or fragment.
Result<Origin> parse_origin(std::string_view url);

/// "localhost", 127.0.0.0/8 or ::1.
bool is_loopback_host(std::string_view host);

}  // namespace ecoauth
