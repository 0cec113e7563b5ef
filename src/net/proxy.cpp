#include "net/proxy.hpp"

#include <sys/socket.h>

#include <cerrno>

#include "base/text.hpp"
#include "net/request_bytes.hpp"

namespace ecoauth {

namespace {
constexpr size_t max_answer_head_bytes = 16 * 1024;

std::string base64(std::string_view bytes) {
  static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  out.reserve((bytes.size() + 2) / 3 * 4);
  for (size_t i = 0; i < bytes.size(); i += 3) {
    uint32_t group = 0;
    for (size_t k = 0; k < 3; ++k)
      group = group << 8 | (i + k < bytes.size() ? static_cast<unsigned char>(bytes[i + k]) : 0);
    for (size_t k = 0; k < 4; ++k) out += i + k <= bytes.size() ? digits[group >> (18 - 6 * k) & 63] : '=';
  }
  return out;
}

Error invalid(const char* what) {
  return make_error(ECOAUTH_ERROR_INVALID_ARGUMENT, std::string("the proxy address is invalid: ") + what,
                    "Write it as http://[user:password@]host[:port].");
}

/// One byte at a time, because what follows the head belongs to TLS. It is a few hundred bytes, once per connection.
bool read_head(int fd, std::string& head) {
  while (head.size() < max_answer_head_bytes) {
    char byte;
    ssize_t got = ::recv(fd, &byte, 1, 0);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return false;
    head += byte;
    size_t n = head.size();
    if (byte == '\n' &&
        (head.compare(n >= 2 ? n - 2 : 0, 2, "\n\n") == 0 || (n >= 4 && head.compare(n - 4, 4, "\r\n\r\n") == 0)))
      return true;
  }
  return false;
}
}  // namespace

Result<Proxy> parse_proxy(std::string_view url) {
  Proxy proxy;
  if (url.empty()) return proxy;
  if (lower_ascii(url.substr(0, 7)) != "http://") return invalid("only http:// proxies are supported");
  url.remove_prefix(7);
  if (!url.empty() && url.back() == '/') url.remove_suffix(1);
  size_t at = url.rfind('@');
  if (at != std::string_view::npos) {
    auto user = percent_decode(url.substr(0, at));
    if (!user || user->find(':') == std::string::npos) return invalid("its user name or password cannot be read");
    std::string encoded = base64(*user);
    proxy.authorization = Secret("Basic ");
    proxy.authorization.append(encoded);
    wipe(*user);
    wipe(encoded);
    url.remove_prefix(at + 1);
  }
  size_t colon = url.rfind(':');
  size_t bracket = url.rfind(']');
  std::string_view port = "8080";
  if (colon != std::string_view::npos && (bracket == std::string_view::npos || colon > bracket)) {
    port = url.substr(colon + 1);
    url = url.substr(0, colon);
  }
  if (url.size() > 2 && url.front() == '[' && url.back() == ']') url = url.substr(1, url.size() - 2);
  auto number = parse_int(port);
  if (!number || *number < 1 || *number > 65535) return invalid("its port");
  if (url.empty() || url.find_first_of(" \t\r\n/?#@[]") != std::string_view::npos) return invalid("its host");
  proxy.host = lower_ascii(url);
  proxy.port = static_cast<uint16_t>(*number);
  return proxy;
}

Step<GuardedSocket> connect_through(GuardedSocket socket, const Proxy& proxy, const Origin& origin) {
  std::string target = host_field(origin, true);
  Secret request("CONNECT " + target + " HTTP/1.1\r\nHost: " + target + "\r\n");
  if (!proxy.authorization.empty()) {
    request.append("Proxy-Authorization: ");
    request.append(proxy.authorization.reveal());
    request.append("\r\n");
  }
  request.append("\r\n");
  std::string_view left = request.reveal();
  while (!left.empty()) {
    ssize_t sent = ::send(socket.fd(), left.data(), left.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent <= 0) return Failure{HttpFailure::proxy, "the proxy closed the connection"};
    left.remove_prefix(static_cast<size_t>(sent));
  }
  std::string head;
  if (!read_head(socket.fd(), head)) return Failure{HttpFailure::proxy, "the proxy did not answer the CONNECT request"};
  // A proxy that speaks HTTP/1.0 is common (tinyproxy).
  bool valid = head.size() >= 12 && starts_with(head, "HTTP/1.") && head[8] == ' ' && head[9] >= '1' && head[9] <= '9';
  auto status = valid ? parse_int(std::string_view(head).substr(9, 3)) : std::nullopt;
  if (!status) return Failure{HttpFailure::proxy, "the proxy's answer is not HTTP"};
  if (*status == 407 || *status == 401)  // tinyproxy's word for a wrong password
    return Failure{HttpFailure::proxy, "the proxy wants another user name and password (" + to_text(*status) + ")"};
  if (*status < 200 || *status > 299)
    return Failure{HttpFailure::proxy, "the proxy refused the connection (" + to_text(*status) + ")"};
  return socket;
}

}  // namespace ecoauth
