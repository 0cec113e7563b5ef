#include "cli/utf8.hpp"

namespace ecoauth::cli {

namespace {

struct Lead {
  unsigned char mask, bits;
  size_t size_bytes;
  uint32_t least;  // shorter forms of the same number are not allowed
};

constexpr Lead leads[] = {{0x80, 0x00, 1, 0}, {0xe0, 0xc0, 2, 0x80}, {0xf0, 0xe0, 3, 0x800}, {0xf8, 0xf0, 4, 0x10000}};

bool commands_terminal(uint32_t code_point) {
  const bool control = code_point < 0x20 || (code_point >= 0x7f && code_point < 0xa0);
  const bool direction = code_point == 0x200e || code_point == 0x200f || code_point == 0x061c ||
                         (code_point >= 0x202a && code_point <= 0x202e) ||
                         (code_point >= 0x2066 && code_point <= 0x2069);
  const bool line_break = code_point == 0x2028 || code_point == 0x2029;
  return control || direction || line_break;
}

}  // namespace

Character first_character(std::string_view text) {
  const auto byte = [&](size_t at) { return static_cast<unsigned char>(text[at]); };
  for (const Lead& lead : leads) {
    if ((byte(0) & lead.mask) != lead.bits || text.size() < lead.size_bytes) continue;
    uint32_t code_point = byte(0) & static_cast<unsigned char>(~lead.mask);
    for (size_t i = 1; i < lead.size_bytes; ++i) {
      if ((byte(i) & 0xc0) != 0x80) return {0xfffd, 1, false};
      code_point = (code_point << 6) | (byte(i) & 0x3f);
    }
    const bool surrogate = code_point >= 0xd800 && code_point <= 0xdfff;
    if (code_point < lead.least || code_point > 0x10ffff || surrogate) break;
    return {code_point, lead.size_bytes, true};
  }
  return {0xfffd, 1, false};
}

size_t width_of(std::string_view text) {
  size_t width = 0;
  for (; !text.empty(); ++width) text.remove_prefix(first_character(text).size_bytes);
  return width;
}

std::string for_terminal(std::string_view text, bool lines) {
  std::string filtered;
  filtered.reserve(text.size());
  while (!text.empty()) {
    const Character character = first_character(text);
    const bool kept = lines && (character.code_point == '\n' || character.code_point == '\t');
    const bool line_end = lines && text.substr(0, 2) == "\r\n";
    if (character.valid && (kept || !commands_terminal(character.code_point)))
      filtered.append(text.substr(0, character.size_bytes));
    else if (!line_end)
      filtered.push_back('?');
    text.remove_prefix(character.size_bytes);
  }
  return filtered;
}

}  // namespace ecoauth::cli
