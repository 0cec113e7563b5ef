#include "capi/request_arguments.hpp"

#include <algorithm>
#include <cstring>
#include <string_view>
#include <utility>

#include "base/text.hpp"

namespace ecoauth::capi {
namespace {

constexpr size_t longest_target_bytes = 16 * 1024;
constexpr size_t longest_headers_bytes = 16 * 1024;
constexpr int64_t most_response_bytes = 64 * 1024 * 1024;

/// Any but those that are not the API's business.
bool is_method(std::string_view method) {
  return method.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ") == std::string_view::npos && method != "CONNECT" &&
         method != "TRACE";
}

/// What the library says itself, what frames the request, and what is for the next hop.
bool is_own(std::string_view name) {
  for (const char* own : {"Authorization", "Host", "User-Agent", "Content-Type", "Content-Length", "Transfer-Encoding",
                          "Connection", "Accept-Encoding", "Expect", "Keep-Alive", "Proxy-Authorization",
                          "Proxy-Connection", "TE", "Trailer", "Upgrade"})
    if (equals_ignoring_case(name, own)) return true;
  return false;
}

bool is_name(std::string_view name) {
  return !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
  });
}

bool is_value(std::string_view value) {
  return std::all_of(value.begin(), value.end(), [](char c) { return c >= 0x20 && c < 0x7f; });
}

using Header = std::pair<std::string_view, std::string_view>;

/// The first line of `rest`, which becomes what is behind it. The name is empty where there is no colon.
Header next_header(std::string_view& rest) {
  const std::string_view line = rest.substr(0, rest.find('\n'));
  rest.remove_prefix(std::min(rest.size(), line.size() + 1));
  const size_t colon = line.find(':');
  if (colon == std::string_view::npos) return {};
  std::string_view value = line.substr(colon + 1);
  value.remove_prefix(std::min(value.find_first_not_of(' '), value.size()));
  return {line.substr(0, colon), value};
}

template <typename Condition>
bool all_headers(std::string_view rest, Condition condition) {
  while (!rest.empty())
    if (!condition(next_header(rest))) return false;
  return true;
}

}  // namespace

Checks& RequestArguments::check(Checks& checks) const {
  checks.ascii(method, 1, 10, "method").ascii(target, 1, longest_target_bytes, "target");
  if (headers) checks.text(headers, 0, longest_headers_bytes, "headers");
  checks.bytes(data, size_bytes, "data");
  if (content_type) checks.ascii(content_type, 1, 200, "content_type");
  checks.in_range(max_response_bytes, 0, most_response_bytes, "max_response_bytes")
      .holds([&] { return is_method(method); }, "method", "it is no HTTP method, or one of CONNECT and TRACE")
      .holds([&] { return target[0] == '/' && !std::strpbrk(target, " #"); }, "target",
             "it is not a path and query, beginning with \"/\"");
  if (!headers) return checks;
  return checks
      .holds([&] { return all_headers(headers, [](const Header& each) { return is_name(each.first); }); }, "headers",
             "a line of it is not \"Name: value\"")
      .holds([&] { return all_headers(headers, [](const Header& each) { return is_value(each.second); }); }, "headers",
             "a value holds other than printable ASCII")
      .holds([&] { return all_headers(headers, [](const Header& each) { return !is_own(each.first); }); }, "headers",
             "it names one that the library sends itself, or that concerns the connection");
}

Command RequestArguments::command() const {
  Command command;
  command.kind = Command::Kind::request;
  command.method = method;
  command.target = Secret(target);
  for (std::string_view rest = headers ? headers : ""; !rest.empty();) {
    const Header header = next_header(rest);
    command.headers.emplace_back(header.first, Secret(header.second));
  }
  if (data) {
    command.body = Secret(std::string_view(static_cast<const char*>(data), size_bytes));
    command.content_type = content_type ? content_type : "application/json;charset=UTF-8";
  }
  if (max_response_bytes > 0) command.max_response_bytes = static_cast<size_t>(max_response_bytes);
  return command;
}

}  // namespace ecoauth::capi
