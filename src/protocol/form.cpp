#include "protocol/form.hpp"

namespace ecoauth {
namespace {

bool unreserved(unsigned char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
         c == '_' || c == '~';
}

}  // namespace

void append_percent_encoded(Secret& out, std::string_view text) {
  static const char digits[] = "0123456789ABCDEF";
  out.reserve(out.size() + text.size() * 3);
  for (unsigned char c : text) {
    if (unreserved(c)) {
      char same = static_cast<char>(c);
      out.append({&same, 1});
    } else {
      char escape[3] = {'%', digits[c >> 4], digits[c & 15]};
      out.append({escape, 3});
      wipe(escape, sizeof escape);
    }
  }
}

void append_parameter(Secret& out, std::string_view name, std::string_view value) {
  if (!out.empty() && out.reveal().back() != '?') out.append("&");
  out.append(name);
  out.append("=");
  append_percent_encoded(out, value);
}

}  // namespace ecoauth
