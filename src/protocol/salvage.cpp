// Finds the refresh token in an answer that cannot be used otherwise: cut off, or broken elsewhere. It walks the object
// from its beginning, so that it knows where strings and nested values are, and stops at the first thing it does not
// understand.

#include <cstring>

#include "protocol/answers.hpp"
#include "protocol/token_rules.hpp"

namespace ecoauth {
namespace {

class Walker {
 public:
  explicit Walker(std::string_view text) : text_(text) {
    if (text_.substr(0, 3) == "\xef\xbb\xbf") at_ = 3;
  }

  std::optional<Secret> refresh_token() {
    std::optional<Secret> found;
    if (!take('{')) return found;
    for (;;) {
      Secret key;
      if (!string(&key) || !take(':')) return found;
      skip_blanks();
      if (key.reveal() == "refresh_token" && peek() == '"') {
        Secret value;
        if (!string(&value)) return found;
        if (!good_refresh_token(value.reveal())) return std::nullopt;
        if (found && !found->equals(value)) return std::nullopt;  // two of them: which one lives cannot be told
        found = std::move(value);
      } else if (!skip_value()) {
        return found;
      }
      if (!take(',')) return found;
    }
  }

 private:
  int peek() const { return at_ < text_.size() ? static_cast<unsigned char>(text_[at_]) : -1; }
  void skip_blanks() {
    while (at_ < text_.size() && std::strchr(" \t\r\n", text_[at_]) && text_[at_] != '\0') ++at_;
  }
  bool take(char wanted) {
    skip_blanks();
    if (peek() != wanted) return false;
    ++at_;
    return true;
  }

  /// A complete string; its value goes to `out`. An escape beyond ASCII becomes a byte no token may hold.
  bool string(Secret* out) {
    if (!take('"')) return false;
    while (at_ < text_.size()) {
      char c = text_[at_++];
      if (c == '"') return true;
      if (c == '\\' && !escape(&c)) return false;
      if (out) out->append({&c, 1});
    }
    return false;
  }

  bool escape(char* out) {
    static const char names[] = "\"\\/bfnrt";
    static const char values[] = "\"\\/\b\f\n\r\t";
    if (at_ >= text_.size()) return false;
    const char c = text_[at_++];
    if (c != 'u') {
      const char* name = c ? std::strchr(names, c) : nullptr;
      if (!name) return false;
      *out = values[name - names];
      return true;
    }
    unsigned unit = 0;
    for (int k = 0; k < 4; ++k) {
      if (at_ >= text_.size()) return false;
      const char digit = text_[at_++];
      const char* hex = "0123456789abcdef0123456789ABCDEF";
      const char* place = digit ? std::strchr(hex, digit) : nullptr;
      if (!place) return false;
      unit = unit * 16 + static_cast<unsigned>((place - hex) % 16);
    }
    *out = unit < 0x80 ? static_cast<char>(unit) : '\x7f';
    return true;
  }

  /// Any value that is no wanted string. Nesting is counted, never recursed into.
  bool skip_value() {
    size_t depth = 0;
    do {
      skip_blanks();
      const int c = peek();
      if (c < 0) return false;
      if (c == '"') {
        if (!string(nullptr)) return false;
      } else if (c == '{' || c == '[') {
        ++at_;
        ++depth;
        continue;
      } else if (depth > 0 && (c == '}' || c == ']')) {
        ++at_;
        --depth;
      } else if (depth > 0 && (c == ',' || c == ':')) {
        ++at_;
        continue;
      } else if (!word()) {
        return false;
      }
    } while (depth > 0);
    return true;
  }

  bool word() {
    const size_t begin = at_;
    at_ = text_.find_first_of(",:{}[]\" \t\r\n", at_);
    if (at_ == std::string_view::npos) at_ = text_.size();
    return at_ > begin;
  }

  std::string_view text_;
  size_t at_ = 0;
};

}  // namespace

std::optional<Secret> salvage_refresh_token(std::string_view body) { return Walker(body).refresh_token(); }

}  // namespace ecoauth
