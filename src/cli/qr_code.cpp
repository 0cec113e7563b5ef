#include "cli/qr_code.hpp"

#include <strings.h>

#include <cstdlib>
#include <cstring>
#include <memory>

#ifdef ECOAUTH_WITH_QRENCODE
#include <qrencode.h>
#endif

namespace ecoauth::cli {

bool terminal_is_utf8() {
  for (const char* variable : {"LC_ALL", "LC_CTYPE", "LANG"}) {
    const char* locale = std::getenv(variable);
    if (locale == nullptr || locale[0] == '\0') continue;
    const char* codeset = std::strchr(locale, '.');
    return codeset != nullptr && (strncasecmp(codeset, ".utf-8", 6) == 0 || strncasecmp(codeset, ".utf8", 5) == 0);
  }
  return false;
}

#ifdef ECOAUTH_WITH_QRENCODE

const bool qr_code_is_built_in = true;

namespace {

constexpr int margin = 2;  // modules; half of what the standard wants, so that code and text fit into 24 rows

struct Free {
  void operator()(QRcode* code) const { QRcode_free(code); }
};

bool is_dark(const QRcode& code, int row, int column) {
  if (row < 0 || column < 0 || row >= code.width || column >= code.width) return false;
  return (code.data[row * code.width + column] & 1) != 0;
}

}  // namespace

std::vector<std::string> qr_code_of(const std::string& text, bool black_on_white) {
  const std::unique_ptr<QRcode, Free> code(QRcode_encodeString(text.c_str(), 0, QR_ECLEVEL_L, QR_MODE_8, 1));
  if (code == nullptr) return {};
  constexpr const char* blocks[] = {" ", "\xe2\x96\x84", "\xe2\x96\x80", "\xe2\x96\x88"};  // none, lower, upper, both
  std::vector<std::string> lines;
  for (int row = -margin; row < code->width + margin; row += 2) {
    std::string line;
    for (int column = -margin; column < code->width + margin; ++column) {
      const bool upper = is_dark(*code, row, column) == black_on_white;
      const bool lower = is_dark(*code, row + 1, column) == black_on_white;
      line += blocks[(upper ? 2 : 0) + (lower ? 1 : 0)];
    }
    lines.push_back(std::move(line));
  }
  return lines;
}

#else

const bool qr_code_is_built_in = false;

std::vector<std::string> qr_code_of(const std::string&, bool) { return {}; }

#endif

}  // namespace ecoauth::cli
