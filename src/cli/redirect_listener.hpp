// Takes one browser's redirect on this machine (RFC 8252 section 7.3). For servers that allow a loopback redirect URI;
// ecobee's own does not.
#pragma once

#include <string>

#include "cli/dial.hpp"
#include "cli/server_address.hpp"
#include "cli/signals.hpp"

namespace ecoauth::cli {

class RedirectListener {
 public:
  /// Whether `redirect_uri` is http to this machine, with a port.
  static bool serves(const std::string& redirect_uri);

  /// Listens; only on loopback addresses. Throws Failure when the port is taken.
  explicit RedirectListener(const std::string& redirect_uri);

  /// Waits for the browser and returns the whole address it was sent to, the fragment included. Throws Failure when
  /// interrupted.
  std::string wait(const Signals& signals);

 private:
  std::string serve(Socket browser, const Signals& signals);

  ServerAddress address_;
  std::string path_;
  Socket socket_;
};

}  // namespace ecoauth::cli
