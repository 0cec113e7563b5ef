#include "cli/line_breaks.hpp"

#include <algorithm>

#include "cli/utf8.hpp"

namespace ecoauth::cli {

std::vector<std::string> lines_of_words(std::string_view text, size_t columns, size_t indent) {
  std::vector<std::string> lines(1);
  bool has_word = false;
  while (!text.empty()) {
    // Blanks as they are, and the word behind them.
    const size_t word_at = std::min(text.find_first_not_of(' '), text.size());
    const size_t end = std::min(text.find(' ', word_at), text.size());
    if (has_word && word_at < end && width_of(lines.back()) + width_of(text.substr(0, end)) > columns) {
      lines.emplace_back(indent, ' ');
      text.remove_prefix(word_at);
      lines.back().append(text.substr(0, end - word_at));
      text.remove_prefix(end - word_at);
    } else {
      lines.back().append(text.substr(0, end));
      text.remove_prefix(end);
    }
    has_word = true;
  }
  return lines;
}

}  // namespace ecoauth::cli
