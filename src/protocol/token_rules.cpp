#include "protocol/token_rules.hpp"

#include <algorithm>

namespace ecoauth {

bool good_token(std::string_view text, size_t limit_bytes) {
  return !text.empty() && text.size() <= limit_bytes &&
         std::all_of(text.begin(), text.end(), [](char c) { return c > 0x20 && c < 0x7f && c != '"' && c != '\\'; });
}

bool good_refresh_token(std::string_view text) {
  return !text.empty() && text.size() <= refresh_token_limit_bytes && text.front() != ' ' && text.back() != ' ' &&
         std::all_of(text.begin(), text.end(), [](char c) { return c == ' ' || good_token({&c, 1}, 1); });
}

bool good_pin(std::string_view text) {
  return !text.empty() && text.size() <= pin_limit_bytes && text.front() != ' ' && text.back() != ' ' &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= 0x20 && c < 0x7f; });
}

}  // namespace ecoauth
