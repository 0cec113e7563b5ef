#include "protocol/record_clear.hpp"

#include "base/digest.hpp"
#include "base/text.hpp"
#include "protocol/record_text.hpp"

namespace ecoauth::record_text {
namespace {

/// Is `bytes` a record of our format version, and whole?
std::optional<Error> check_frame(std::string_view bytes) {
  std::string_view rest = bytes;
  auto text = next_line(rest);
  auto line = text ? parse_line(*text) : std::nullopt;
  if (!line || line->name != magic) return corrupt("it does not begin like one");
  auto version = parse_number(line->value);
  if (!version || *version < 1) return corrupt("its format version is not a number");
  if (*version > format_version) return newer("format " + to_text(*version));
  // The check line is found from the end: what a seal puts before it need not be text.
  if (rest.size() <= check_line_bytes) return corrupt("it is cut off");
  std::string_view before = bytes.substr(0, bytes.size() - check_line_bytes);
  std::string_view check = bytes.substr(before.size());
  if (check.substr(0, 6) != "check " || check.back() != '\n') return corrupt("its last line is not the check line");
  if (check.substr(6, 64) != sha256_hex(before)) return corrupt("its checksum does not match");
  return std::nullopt;
}

}  // namespace

Error corrupt(const std::string& what) {
  return make_error(ECOAUTH_ERROR_STORE_CORRUPT, "the stored record is damaged: " + what);
}

Error newer(const std::string& what) {
  return make_error(ECOAUTH_ERROR_STORE_NEWER, "the stored record was written by a later version: " + what);
}

Error newer_seal(const std::string& seal) { return newer("seal kind \"" + printable(seal, 40) + "\""); }

std::optional<std::string_view> next_line(std::string_view& bytes) {
  size_t end = bytes.find('\n');
  if (end == std::string_view::npos) return std::nullopt;
  std::string_view line = bytes.substr(0, end);
  bytes.remove_prefix(end + 1);
  return line;
}

Result<Clear> parse_clear(std::string_view bytes) {
  if (auto error = check_frame(bytes)) return *error;
  Clear clear;
  std::string_view rest = bytes.substr(0, bytes.size() - check_line_bytes);
  const size_t size_bytes = rest.size();
  next_line(rest);
  std::string seq, kind;
  struct Wanted {
    std::string_view name;
    std::string* value;
  };
  const Wanted wanted[] = {{"seq", &seq},
                           {"kind", &kind},
                           {"account", &clear.identity.account},
                           {"origin", &clear.identity.origin},
                           {"client-id-fingerprint", &clear.identity.client_fingerprint},
                           {"seal", &clear.seal}};
  for (const Wanted& want : wanted) {
    clear.before_seal = bytes.substr(0, size_bytes - rest.size());
    auto text = next_line(rest);
    auto line = text ? parse_line(*text) : std::nullopt;
    auto value = line && line->name == want.name ? unescape_text(line->value) : std::nullopt;
    if (!value) return corrupt("its field \"" + std::string(want.name) + "\" is missing, repeated or malformed");
    *want.value = *value;
  }
  auto number = parse_number(seq);
  if (!number || *number < 0) return corrupt("its sequence number is malformed");
  clear.seq = *number;
  clear.lines = bytes.substr(0, size_bytes - rest.size());
  clear.rest = rest;
  return clear;
}

}  // namespace ecoauth::record_text
