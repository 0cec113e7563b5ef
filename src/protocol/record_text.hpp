// The spelling of the stored record: lines, escapes, numbers (src/store/FORMAT.md, "Lines"). Private to the record's
// code.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/secret.hpp"
#include "protocol/record.hpp"

namespace ecoauth::record_text {

constexpr std::string_view magic = "ecoauth-record";
constexpr int64_t format_version = 1;
/// "check ", 64 hex digits, line feed.
constexpr size_t check_line_bytes = 6 + 64 + 1;

/// How many bytes `value` takes once escaped.
size_t escaped_size(std::string_view value);
void append_escaped(Secret& out, std::string_view value);

/// Undoes append_escaped(). False for every spelling it would not have written: a value has exactly one.
bool unescape(std::string_view text, Secret& out);
std::optional<std::string> unescape_text(std::string_view text);

/// Decimal in its one spelling: no sign but '-', no leading zeros.
std::optional<int64_t> parse_number(std::string_view text);

/// `boot_ms wall_ms[ boot_id]`.
std::string moment_text(const Moment& moment);
std::optional<Moment> parse_moment(std::string_view text);

/// Small letters, digits, '.' and '-', beginning with a letter.
bool valid_name(std::string_view name);
/// Does version 1 give this name a meaning?
bool known_name(std::string_view name);
/// Can this line of a later minor version be kept: right in form, and not one of ours?
bool keepable_unknown_line(std::string_view line);

struct Line {
  std::string_view name;
  std::string_view value;  ///< still escaped
};
/// nullopt when the text (without its line feed) is no line of a record.
std::optional<Line> parse_line(std::string_view text);

const char* grant_state_word(GrantState state);
std::optional<GrantState> parse_grant_state(std::string_view word);

}  // namespace ecoauth::record_text
