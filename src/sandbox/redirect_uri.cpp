#include "sandbox/redirect_uri.hpp"

#include <algorithm>

#include "base/origin.hpp"
#include "base/text.hpp"

namespace ecoauth::sandbox {

namespace {
constexpr size_t max_uri_bytes = 255;

bool is_host(std::string_view host) {
  return !host.empty() && host.front() != '.' && std::all_of(host.begin(), host.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '-';
  });
}

/// The characters RFC 3986 knows, a fragment's sign apart: nothing that could end a header line or an attribute.
bool is_uri_text(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("-._~:/?@!$&'()*+,;=%").find(c) != std::string_view::npos;
  });
}
}  // namespace

std::string redirect_uri_fault(std::string_view uri, const Settings& settings) {
  if (uri.empty()) return "there is none";
  if (uri.size() > max_uri_bytes) return "it is longer than 255 characters";
  if (uri.find('#') != std::string_view::npos) return "it must have no fragment";
  const size_t scheme_end = uri.find("://");
  const std::string scheme = lower_ascii(uri.substr(0, scheme_end));
  if (scheme_end == std::string_view::npos || (scheme != "https" && scheme != "http"))
    return "it must be an absolute https address";
  const std::string_view rest = uri.substr(scheme_end + 3);
  const std::string_view authority = rest.substr(0, rest.find_first_of("/?"));
  const size_t colon = authority.find(':');
  const std::string_view host = authority.substr(0, colon);
  if (!is_host(host) || !is_uri_text(rest)) return "it holds characters that do not belong there";
  if (scheme == "http" && settings.generation == Generation::current &&
      !(settings.any_redirect && is_loopback_host(host)))
    return "it must begin with https:// (ecobee's rule since December 2020; --any-redirect permits http to this "
           "machine)";
  if (colon != std::string_view::npos) {
    if (!settings.any_redirect) return "it must have no port (ecobee's rule; --any-redirect permits one)";
    const auto port = parse_int(authority.substr(colon + 1));
    if (!port || *port < 1 || *port > 65535) return "its port is no port";
  }
  if (!settings.any_redirect && rest.find('?') != std::string_view::npos)
    return "it must have no query (it does not work at ecobee; --any-redirect permits one)";
  return "";
}

bool matches_registered(std::string_view uri, const std::vector<std::string>& registered, const Settings& settings) {
  return std::any_of(registered.begin(), registered.end(), [&](const std::string& each) {
    if (uri == each) return true;
    if (!settings.redirect_prefix || !starts_with(uri, each)) return false;
    // "https://a.example" must not cover "https://a.example.evil.example".
    const char next = uri[each.size()];
    return each.back() == '/' || next == '/' || next == '?';
  });
}

std::string with_parameters(const std::string& uri,
                            const std::vector<std::pair<const char*, std::string_view>>& parameters, bool in_fragment) {
  std::string out = uri;
  char joint = in_fragment ? '#' : uri.find('?') == std::string::npos ? '?' : '&';
  for (const auto& [name, value] : parameters) {
    if (value.empty()) continue;
    out += joint + (name + ('=' + percent_encode(value)));
    joint = '&';
  }
  return out;
}

}  // namespace ecoauth::sandbox
