#include "base/origin.hpp"

#include <arpa/inet.h>

#include "base/text.hpp"

namespace ecoauth {
namespace {

Error refused(std::string why) {
  return make_error(ECOAUTH_ERROR_INVALID_ARGUMENT, "the server address is not usable: " + why,
                    "Give an address like https://api.ecobee.com or http://127.0.0.1:8080.");
}

/// Like inet_pton(), which would take a text as complete at its first NUL.
bool read_address(int family, const std::string& text, void* address) {
  return text.find('\0') == std::string::npos && inet_pton(family, text.c_str(), address) == 1;
}

bool plausible_host(std::string_view host) {
  if (host.empty() || host.size() > 253) return false;
  for (char c : host) {
    bool allowed = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_';
    if (!allowed) return false;
  }
  return true;
}

}  // namespace

bool is_loopback_host(std::string_view host) {
  std::string name(host);
  in_addr v4{};
  in6_addr v6{};
  if (name == "localhost") return true;
  if (read_address(AF_INET, name, &v4)) return (ntohl(v4.s_addr) >> 24) == 127;
  if (read_address(AF_INET6, name, &v6)) return IN6_IS_ADDR_LOOPBACK(&v6);
  return false;
}

std::string Origin::text() const {
  std::string out = scheme + "://" + (host.find(':') == std::string::npos ? host : "[" + host + "]");
  bool usual = (scheme == "https" && port == 443) || (scheme == "http" && port == 80);
  return usual ? out : out + ":" + to_text(port);
}

Result<Origin> parse_origin(std::string_view url) {
  url = trim(url);
  Origin origin;
  size_t separator = url.find("://");
  if (separator == std::string_view::npos) return refused("it has no scheme");
  origin.scheme = lower_ascii(url.substr(0, separator));
  if (origin.scheme != "https" && origin.scheme != "http") return refused("the scheme is neither https nor http");
  std::string_view rest = url.substr(separator + 3);
  while (!rest.empty() && rest.back() == '/') rest.remove_suffix(1);
  if (rest.find_first_of("/?#@\\") != std::string_view::npos) return refused("only scheme, host and port are allowed");

  std::string_view port;
  if (!rest.empty() && rest.front() == '[') {
    size_t end = rest.find(']');
    if (end == std::string_view::npos) return refused("the IPv6 address has no closing bracket");
    origin.host = lower_ascii(rest.substr(1, end - 1));
    in6_addr v6{};
    if (!read_address(AF_INET6, origin.host, &v6)) return refused("the IPv6 address is malformed");
    rest = rest.substr(end + 1);
    if (!rest.empty() && rest.front() != ':') return refused("something follows the IPv6 address");
    port = rest.empty() ? rest : rest.substr(1);
    if (!rest.empty() && port.empty()) return refused("the port is missing");
  } else {
    size_t colon = rest.find(':');
    origin.host = lower_ascii(rest.substr(0, colon));
    if (!plausible_host(origin.host)) return refused("the host name is malformed");
    if (colon != std::string_view::npos) {
      port = rest.substr(colon + 1);
      if (port.empty()) return refused("the port is missing");
    }
  }
  origin.port = origin.scheme == "https" ? 443 : 80;
  if (!port.empty()) {
    auto number = parse_int(port);
    if (!number || *number < 1 || *number > 65535) return refused("the port is not between 1 and 65535");
    origin.port = static_cast<uint16_t>(*number);
  }
  if (origin.scheme == "http" && !is_loopback_host(origin.host))
    return refused("plain http is only allowed to this machine itself");
  return origin;
}

}  // namespace ecoauth
