// Text of unknown origin, character by character.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace ecoauth::cli {

struct Character {
  uint32_t code_point = 0;  ///< U+FFFD for a byte that is no UTF-8
  size_t size_bytes = 1;
  bool valid = false;
};

/// The first character of `text`, which must not be empty.
Character first_character(std::string_view text);

/// How many characters `text` has.
size_t width_of(std::string_view text);

/// Without what a terminal obeys instead of showing it: control characters become '?', and so do characters that turn
/// the direction of writing, and bytes that are no UTF-8. `lines`: line feeds and tabs stay.
std::string for_terminal(std::string_view text, bool lines);

}  // namespace ecoauth::cli
