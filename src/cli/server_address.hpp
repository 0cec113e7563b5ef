// The parts of a server's address.
#pragma once

#include <string>

namespace ecoauth::cli {

struct ServerAddress {
  bool tls = false;
  std::string host;  ///< without brackets
  std::string port;
  std::string path;  ///< from the "/" on, may be empty

  bool is_loopback() const;
  /// For "Host" and CONNECT.
  std::string authority() const;
};

/// Of "http[s]://[user@]host[:port][/path]"; an empty host when it is none.
ServerAddress server_address_of(const std::string& url);

}  // namespace ecoauth::cli
