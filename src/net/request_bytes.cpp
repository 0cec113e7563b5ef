#include "net/request_bytes.hpp"

#include <algorithm>

#include "base/text.hpp"

namespace ecoauth {

namespace {
bool token(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
  });
}
bool visible(std::string_view text, char also) {
  return std::all_of(text.begin(), text.end(), [also](char c) { return (c > 0x20 && c < 0x7f) || c == also; });
}
/// The transport's own: a second one would contradict the first.
bool reserved(std::string_view name) {
  for (const char* own : {"host", "connection", "content-length", "transfer-encoding", "accept-encoding", "expect",
                          "te", "upgrade", "user-agent", "content-type"})
    if (equals_ignoring_case(name, own)) return true;
  return false;
}
}  // namespace

std::string host_field(const Origin& origin, bool always_port) {
  bool v6 = origin.host.find(':') != std::string::npos;
  std::string out = v6 ? "[" + origin.host + "]" : origin.host;
  uint16_t usual = origin.scheme == "https" ? 443 : 80;
  if (always_port || origin.port != usual) out += ":" + to_text(origin.port);
  return out;
}

Step<Secret> compose_request(const HttpRequest& request, const std::string& user_agent) {
  auto bad = [](const char* what) {
    return Failure{HttpFailure::malformed, std::string("the request has an invalid ") + what};
  };
  std::string_view target = request.target.reveal();
  if (!token(request.method)) return bad("method");
  if (target.empty() || target[0] != '/' || !visible(target, '/')) return bad("path");
  if (!visible(request.origin.host, 'a') || request.origin.host.empty()) return bad("host");
  if (!visible(request.content_type, ' ') || !visible(user_agent, ' ')) return bad("header value");
  size_t size = 256 + target.size() + request.body.size() + user_agent.size() + request.content_type.size();
  for (const auto& [name, value] : request.headers) {
    if (!token(name) || reserved(name)) return bad("header name");
    if (!visible(value.reveal(), ' ')) return bad("header value");
    size += name.size() + value.size() + 4;
  }

  Secret bytes;
  bytes.reserve(size + request.origin.host.size() + request.method.size());
  auto add = [&bytes](std::initializer_list<std::string_view> pieces) {
    for (std::string_view piece : pieces) bytes.append(piece);
  };
  add({request.method, " ", target, " HTTP/1.1\r\nHost: ", host_field(request.origin, false), "\r\n"});
  if (!user_agent.empty()) add({"User-Agent: ", user_agent, "\r\n"});
  add({"Accept-Encoding: identity\r\nConnection: close\r\n"});
  for (const auto& [name, value] : request.headers) add({name, ": ", value.reveal(), "\r\n"});
  if (!request.content_type.empty()) add({"Content-Type: ", request.content_type, "\r\n"});
  if (!request.body.empty() || request.method == "POST" || request.method == "PUT")
    add({"Content-Length: ", to_text(static_cast<int64_t>(request.body.size())), "\r\n"});
  add({"\r\n", request.body.reveal()});
  return bytes;
}

}  // namespace ecoauth
