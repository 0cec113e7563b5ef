#include "cli/redirect_listener.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "cli/failure.hpp"
#include "cli/time_text.hpp"

namespace ecoauth::cli {

namespace {

constexpr int64_t patience_ms = 5'000;  // with one browser's request
constexpr size_t largest_request_bytes = 64 * 1024;

constexpr const char* page_begin =
    "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">"
    "<title>ecoauth</title><body style=\"font:1.1em sans-serif;margin:3em\">";

constexpr const char* done_page =
    "<p>ecoauth has got the answer. You may close this page and go back to the terminal.</p>";

/// An answer in the fragment is seen by the page alone, which hands it on.
constexpr const char* fragment_page =
    "<p id=\"told\">One moment ...</p><noscript>JavaScript is needed here. Copy this page's address into the terminal "
    "instead.</noscript><script>const told=document.getElementById('told');"
    "if(location.hash.length>1)fetch(location.pathname,{method:'POST',body:location.hash.slice(1)})"
    ".then(()=>{history.replaceState(null,'',location.pathname);told.textContent='ecoauth has got the answer. You may "
    "close "
    "this page and go back to the terminal.'},()=>{told.textContent='ecoauth does not listen any more.'});"
    "else told.textContent='There is no answer in this address.';</script>";

Failure cannot_listen(const std::string& where, int error) {
  return Failure::usage("cannot listen at " + where + " for the browser: " + std::strerror(error),
                        error == EADDRINUSE ? "Another program uses this port; end it, or use another redirect URI."
                                            : "Use another redirect URI, or --redirected-file.");
}

Socket listening(const ServerAddress& address) {
  const bool six = address.host == "::1";
  Socket socket(::socket(six ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  const int on = 1;
  setsockopt(socket.fd(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  const auto port = htons(static_cast<uint16_t>(std::atoi(address.port.c_str())));
  int result = -1;
  if (six) {
    sockaddr_in6 where{};
    where.sin6_family = AF_INET6;
    where.sin6_addr = in6addr_loopback;
    where.sin6_port = port;
    result = bind(socket.fd(), reinterpret_cast<const sockaddr*>(&where), sizeof where);
  } else {
    sockaddr_in where{};
    where.sin_family = AF_INET;
    where.sin_port = port;
    if (inet_pton(AF_INET, address.host.c_str(), &where.sin_addr) != 1) where.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    result = bind(socket.fd(), reinterpret_cast<const sockaddr*>(&where), sizeof where);
  }
  if (result != 0 || listen(socket.fd(), 8) != 0) throw cannot_listen(address.authority(), errno);
  return socket;
}

/// A request: its first line's parts, and its body.
struct Request {
  std::string method, target, body;
  bool same_host = false;
};

size_t length_of_body(const std::string& head) {
  for (size_t at = head.find('\n'); at != std::string::npos; at = head.find('\n', at + 1)) {
    if (strncasecmp(head.c_str() + at + 1, "content-length:", 15) == 0)
      return std::strtoul(head.c_str() + at + 16, nullptr, 10);
  }
  return 0;
}

bool names_host(const std::string& head, const ServerAddress& address) {
  for (size_t at = head.find('\n'); at != std::string::npos; at = head.find('\n', at + 1)) {
    if (strncasecmp(head.c_str() + at + 1, "host:", 5) != 0) continue;
    std::string host = head.substr(at + 6, head.find('\n', at + 1) - at - 6);
    host.erase(host.find_last_not_of(" \r") + 1);
    host.erase(0, host.find_first_not_of(' '));
    return host == address.authority() || (address.port == "80" && host + ":80" == address.authority());
  }
  return false;
}

Request read_request(int fd, const ServerAddress& address, const Signals& signals) {
  const int64_t end_ms = boot_ms() + patience_ms;
  std::string bytes;
  size_t wanted = std::string::npos;
  Request request;
  while (bytes.size() < largest_request_bytes && bytes.size() < wanted) {
    char piece[4096];
    if (!wait_for(fd, POLLIN, end_ms, signals)) return {};
    const ssize_t count = recv(fd, piece, sizeof piece, 0);
    if (count <= 0) return {};
    bytes.append(piece, static_cast<size_t>(count));
    const size_t head_end = bytes.find("\r\n\r\n");
    if (head_end != std::string::npos)
      wanted = head_end + 4 + std::min(length_of_body(bytes.substr(0, head_end)), largest_request_bytes);
  }
  const size_t head_end = bytes.find("\r\n\r\n");
  if (head_end == std::string::npos) return {};
  const size_t first = bytes.find(' ');
  const size_t second = bytes.find(' ', first + 1);
  if (second == std::string::npos || second > bytes.find("\r\n")) return {};
  request.method = bytes.substr(0, first);
  request.target = bytes.substr(first + 1, second - first - 1);
  request.same_host = names_host(bytes.substr(0, head_end), address);
  request.body = bytes.substr(head_end + 4);
  return request;
}

void answer(int fd, const char* status, const std::string& page, const Signals& signals) {
  const std::string bytes =
      std::string("HTTP/1.1 ") + status +
      "\r\nContent-Type: text/html; charset=utf-8\r\nCache-Control: no-store\r\nReferrer-Policy: no-referrer"
      "\r\nX-Content-Type-Options: nosniff\r\nConnection: close\r\nContent-Length: " +
      std::to_string(page.size()) + "\r\n\r\n" + page;
  send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
  shutdown(fd, SHUT_WR);
  // Until the browser has read it: closing with unread bytes would take the answer away.
  char rest[1024];
  const int64_t end_ms = boot_ms() + 1'000;
  while (wait_for(fd, POLLIN, end_ms, signals) && recv(fd, rest, sizeof rest, 0) > 0) continue;
}

}  // namespace

bool RedirectListener::serves(const std::string& redirect_uri) {
  const ServerAddress address = server_address_of(redirect_uri);
  return !address.host.empty() && !address.tls && address.is_loopback();
}

RedirectListener::RedirectListener(const std::string& redirect_uri)
    : address_(server_address_of(redirect_uri)),
      path_(address_.path.empty() ? "/" : address_.path.substr(0, address_.path.find_first_of("?#"))),
      socket_(listening(address_)) {}

std::string RedirectListener::wait(const Signals& signals) {
  for (;;) {
    while (!wait_for(socket_.fd(), POLLIN, boot_ms() + 3'600'000, signals)) continue;
    Socket browser(accept4(socket_.fd(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (!browser.open()) continue;
    const std::string redirected = serve(std::move(browser), signals);
    if (!redirected.empty()) return redirected;
  }
}

std::string RedirectListener::serve(Socket browser, const Signals& signals) {
  const Request request = read_request(browser.fd(), address_, signals);
  const std::string path = request.target.substr(0, request.target.find('?'));
  if (request.method.empty()) return "";
  if (!request.same_host || path != path_) {
    answer(browser.fd(), "404 Not Found", std::string(page_begin) + "<p>There is nothing here.</p>", signals);
    return "";
  }
  const std::string redirect_uri = "http://" + address_.authority() + path_;
  if (request.method == "POST" && !request.body.empty()) {
    answer(browser.fd(), "200 OK", "", signals);
    return redirect_uri + "#" + request.body;
  }
  const bool has_answer = request.target.find('?') != std::string::npos;
  answer(browser.fd(), "200 OK", std::string(page_begin) + (has_answer ? done_page : fragment_page), signals);
  return has_answer ? "http://" + address_.authority() + request.target : "";
}

}  // namespace ecoauth::cli
