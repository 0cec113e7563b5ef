#include "protocol/record_text.hpp"

#include "base/text.hpp"

namespace ecoauth::record_text {
namespace {

bool is_control(unsigned char c) { return c < 0x20 || c == 0x7f; }

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

/// Bytes beyond ASCII stay readable in text and are escaped in anything else.
bool must_escape(unsigned char c, bool is_text) { return is_control(c) || c == '%' || (c >= 0x80 && !is_text); }

struct StateWord {
  GrantState state;
  const char* word;
};
const StateWord state_words[] = {{GrantState::none, "none"},
                                 {GrantState::active, "active"},
                                 {GrantState::suspect, "suspect"},
                                 {GrantState::needs_reauthorization, "needs-reauthorization"},
                                 {GrantState::blocked, "blocked"}};

const std::string_view known_names[] = {magic,
                                        "seq",
                                        "kind",
                                        "account",
                                        "origin",
                                        "client-id-fingerprint",
                                        "seal",
                                        "client-id",
                                        "scope-asked",
                                        "grant.state",
                                        "grant.reason",
                                        "grant.generation",
                                        "grant.access-token",
                                        "grant.token-type",
                                        "grant.scope",
                                        "grant.lifetime-ms",
                                        "grant.obtained",
                                        "grant.advisory-permille",
                                        "grant.identical-refreshes",
                                        "grant.candidate",
                                        "grant.refusal",
                                        "grant.refresh",
                                        "intent.generation",
                                        "intent.at",
                                        "pending.flow",
                                        "pending.scope",
                                        "pending.started",
                                        "pending.lifetime-ms",
                                        "pending.interval-ms",
                                        "pending.pin",
                                        "pending.code",
                                        "pending.state",
                                        "pending.verifier",
                                        "pending.redirect-uri",
                                        "check"};

}  // namespace

size_t escaped_size(std::string_view value) {
  bool is_text = valid_utf8(value);
  size_t size = 0;
  for (unsigned char c : value) size += must_escape(c, is_text) ? 3 : 1;
  return size;
}

void append_escaped(Secret& out, std::string_view value) {
  static const char digits[] = "0123456789ABCDEF";
  bool is_text = valid_utf8(value);
  size_t plain_from = 0;
  for (size_t i = 0; i < value.size(); ++i) {
    unsigned char c = static_cast<unsigned char>(value[i]);
    if (!must_escape(c, is_text)) continue;
    out.append(value.substr(plain_from, i - plain_from));
    char escape[3] = {'%', digits[c >> 4], digits[c & 15]};
    out.append({escape, 3});
    plain_from = i + 1;
  }
  out.append(value.substr(plain_from));
}

bool unescape(std::string_view text, Secret& out) {
  out.clear();
  if (!text.empty()) out.reserve(text.size());
  bool plain_beyond_ascii = false, escaped_beyond_ascii = false;
  size_t plain_from = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    unsigned char c = static_cast<unsigned char>(text[i]);
    if (is_control(c)) return false;
    if (c >= 0x80) plain_beyond_ascii = true;
    if (c != '%') continue;
    if (text.size() - i < 3) return false;
    int high = hex_value(text[i + 1]), low = hex_value(text[i + 2]);
    if (high < 0 || low < 0) return false;
    unsigned char byte = static_cast<unsigned char>(high * 16 + low);
    if (!must_escape(byte, false)) return false;
    if (byte >= 0x80) escaped_beyond_ascii = true;
    out.append(text.substr(plain_from, i - plain_from));
    char one = static_cast<char>(byte);
    out.append({&one, 1});
    i += 2;
    plain_from = i + 1;
  }
  out.append(text.substr(plain_from));
  if (!plain_beyond_ascii && !escaped_beyond_ascii) return true;
  return valid_utf8(out.reveal()) ? !escaped_beyond_ascii : !plain_beyond_ascii;
}

std::optional<std::string> unescape_text(std::string_view text) {
  Secret value;
  if (!unescape(text, value)) return std::nullopt;
  return std::string(value.reveal());
}

std::optional<int64_t> parse_number(std::string_view text) {
  auto number = parse_int(text);
  if (!number || to_text(*number) != text) return std::nullopt;
  return number;
}

std::string moment_text(const Moment& moment) {
  std::string text = to_text(moment.boot_ms) + " " + to_text(moment.wall_ms);
  return moment.boot_id.empty() ? text : text + " " + moment.boot_id;
}

std::optional<Moment> parse_moment(std::string_view text) {
  size_t first = text.find(' ');
  if (first == std::string_view::npos) return std::nullopt;
  size_t second = text.find(' ', first + 1);
  auto boot = parse_number(text.substr(0, first));
  auto wall = parse_number(text.substr(first + 1, second == std::string_view::npos ? second : second - first - 1));
  if (!boot || !wall) return std::nullopt;
  Moment moment{*boot, *wall, {}};
  if (second != std::string_view::npos) {
    moment.boot_id = std::string(text.substr(second + 1));
    if (moment.boot_id.empty()) return std::nullopt;
  }
  return moment;
}

bool valid_name(std::string_view name) {
  if (name.empty() || name[0] < 'a' || name[0] > 'z') return false;
  for (char c : name)
    if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '-')) return false;
  return true;
}

bool known_name(std::string_view name) {
  for (std::string_view known : known_names)
    if (name == known) return true;
  return false;
}

bool keepable_unknown_line(std::string_view text) {
  auto line = parse_line(text);
  if (!line || known_name(line->name)) return false;
  Secret value;
  return unescape(line->value, value);
}

std::optional<Line> parse_line(std::string_view text) {
  size_t space = text.find(' ');
  Line line{text.substr(0, space), space == std::string_view::npos ? std::string_view() : text.substr(space + 1)};
  // An empty value is the name alone; a space with nothing behind it is not a second way to say it.
  if (!valid_name(line.name) || (space != std::string_view::npos && line.value.empty())) return std::nullopt;
  return line;
}

const char* grant_state_word(GrantState state) {
  for (const StateWord& row : state_words)
    if (row.state == state) return row.word;
  return "none";
}

std::optional<GrantState> parse_grant_state(std::string_view word) {
  for (const StateWord& row : state_words)
    if (word == row.word) return row.state;
  return std::nullopt;
}

}  // namespace ecoauth::record_text
