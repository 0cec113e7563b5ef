#include "cli/server_address.hpp"

namespace ecoauth::cli {

bool ServerAddress::is_loopback() const {
  return host == "localhost" || host == "::1" || host.compare(0, 4, "127.") == 0;
}

std::string ServerAddress::authority() const {
  const std::string name = host.find(':') == std::string::npos ? host : "[" + host + "]";
  return name + ":" + port;
}

ServerAddress server_address_of(const std::string& url) {
  ServerAddress address;
  const size_t scheme_end = url.find("://");
  if (scheme_end == std::string::npos) return address;
  const std::string scheme = url.substr(0, scheme_end);
  if (scheme != "http" && scheme != "https") return address;
  address.tls = scheme == "https";
  std::string rest = url.substr(scheme_end + 3);
  const size_t path_at = rest.find_first_of("/?#");
  if (path_at != std::string::npos) {
    address.path = rest.substr(path_at);
    rest.erase(path_at);
  }
  const size_t user_end = rest.rfind('@');
  if (user_end != std::string::npos) rest.erase(0, user_end + 1);
  address.port = address.tls ? "443" : "80";
  const size_t bracket = rest.rfind(']');
  const size_t colon = rest.rfind(':');
  if (colon != std::string::npos && (bracket == std::string::npos || colon > bracket)) {
    address.port = rest.substr(colon + 1);
    rest.erase(colon);
  }
  address.host = !rest.empty() && rest[0] == '[' && rest.back() == ']' ? rest.substr(1, rest.size() - 2) : rest;
  return address;
}

}  // namespace ecoauth::cli
