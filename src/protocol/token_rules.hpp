// What a token, a code and a PIN may look like before anything of ours touches a header, a form or a file.
#pragma once

#include <cstddef>
#include <string_view>

namespace ecoauth {

constexpr size_t access_token_limit_bytes = 16 * 1024;
constexpr size_t refresh_token_limit_bytes = 4 * 1024;
constexpr size_t code_limit_bytes = 512;
constexpr size_t browser_code_limit_bytes = 4 * 1024;
constexpr size_t pin_limit_bytes = 64;

/// Not empty, within the limit, and printable ASCII without blank, quote and backslash (NQCHAR of RFC 6749 appendix A):
/// nothing that could end a header line, a C string or a line of the record.
bool good_token(std::string_view text, size_t limit_bytes);

/// The same within 4096 bytes, and blanks inside (VSCHAR of RFC 6749 appendix A.17): a refresh token travels escaped.
bool good_refresh_token(std::string_view text);

/// Not empty, at most 64 bytes of printable ASCII. No further opinion: a PIN is shown as it came.
bool good_pin(std::string_view text);

}  // namespace ecoauth
