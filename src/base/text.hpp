// Text without locale: the only place that formats and parses numbers, and the filters for bytes that came from outside.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ecoauth {

std::string_view trim(std::string_view text);
std::string lower_ascii(std::string_view text);
bool equals_ignoring_case(std::string_view a, std::string_view b);
bool starts_with(std::string_view text, std::string_view prefix);

/// Splits at any of `separators`, dropping empty pieces.
std::vector<std::string> split(std::string_view text, std::string_view separators);

std::string to_text(int64_t number);
/// The whole text must be a decimal number that fits.
std::optional<int64_t> parse_int(std::string_view text);

/// RFC 3986: everything but the unreserved characters is escaped.
std::string percent_encode(std::string_view text);
/// Refuses broken escapes. `plus_is_space` for form bodies.
std::optional<std::string> percent_decode(std::string_view text, bool plus_is_space = false);

/// Makes bytes from a peer safe to show: printable ASCII kept, everything else (escapes, line breaks, other bytes) becomes
/// a space or '?', at most 256 bytes.
std::string printable(std::string_view text, size_t limit_bytes = 256);

bool valid_utf8(std::string_view text);

/// "9 min", "1 h 5 min", "45 s": for people.
std::string duration_text(int64_t duration_ms);

}  // namespace ecoauth
