// Long lines on a terminal.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace ecoauth::cli {

/// `text` (UTF-8) in lines of at most `columns` characters, broken at blanks; all but the first begin with `indent`
/// blanks. A longer word, an address for instance, stays whole, so that it can be copied.
std::vector<std::string> lines_of_words(std::string_view text, size_t columns, size_t indent);

}  // namespace ecoauth::cli
