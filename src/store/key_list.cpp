#include "store/key_list.hpp"

#include <algorithm>

#include "base/text.hpp"
#include "store/key_source.hpp"

namespace ecoauth {
namespace {

constexpr size_t most_keys = 16;

Error no_keys(const std::string& where, const std::string& why) {
  return key_error(
      "there is no usable key in " + where + ": " + why,
      "It must hold 32 random bytes, or 64 hex digits on a line; \"openssl rand -hex 32\" makes a new key.");
}

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

std::optional<SealKey> from_hex(std::string_view digits) {
  char bytes[SealKey::size_bytes];
  if (digits.size() != 2 * sizeof bytes) return std::nullopt;
  bool good = true;
  for (size_t i = 0; i < sizeof bytes; ++i) {
    const int high = hex_value(digits[2 * i]), low = hex_value(digits[2 * i + 1]);
    good = good && high >= 0 && low >= 0;
    bytes[i] = static_cast<char>(high * 16 + low);
  }
  auto key = good ? SealKey::from({bytes, sizeof bytes}) : std::nullopt;
  wipe(bytes, sizeof bytes);
  return key;
}

/// 32 random bytes are hardly ever all printable: what is, was meant as text, and must be right as such.
bool is_text(std::string_view bytes) {
  return std::all_of(bytes.begin(), bytes.end(),
                     [](char c) { return (c >= 0x20 && c < 0x7f) || c == '\n' || c == '\r' || c == '\t'; });
}

}  // namespace

Result<std::vector<SealKey>> parse_keys(std::string_view bytes, const std::string& where) {
  std::vector<SealKey> keys;
  if (bytes.empty()) return no_keys(where, "it is empty");
  const bool text = is_text(bytes);
  if (!text && bytes.size() % SealKey::size_bytes != 0)
    return no_keys(where, to_text(static_cast<int64_t>(bytes.size())) + " bytes are not a number of whole keys");
  while (!bytes.empty() && keys.size() <= most_keys) {
    const size_t end = text ? std::min(bytes.find('\n'), bytes.size()) : SealKey::size_bytes;
    const std::string_view piece = text ? trim(bytes.substr(0, end)) : bytes.substr(0, end);
    bytes.remove_prefix(std::min(end + (text ? 1 : 0), bytes.size()));
    if (piece.empty()) continue;
    auto key = text ? from_hex(piece) : SealKey::from(piece);
    if (!key)
      return no_keys(where,
                     text ? "a line is not 64 hex digits, or all the same" : "all 32 bytes of a key are the same");
    keys.push_back(std::move(*key));
  }
  if (keys.empty()) return no_keys(where, "it is empty");
  if (keys.size() > most_keys) return no_keys(where, "there are more than 16");
  return keys;
}

}  // namespace ecoauth
