#include "cli/pickle_scan.hpp"

#include <algorithm>
#include <cstdint>
#include <optional>

namespace ecoauth::cli {

namespace {

/// A text of the pickle protocols 1 to 4, and where it ends.
struct Text {
  std::string value;
  size_t end;
};

std::optional<Text> text_at(const std::string& content, size_t at) {
  const auto byte = [&](size_t i) -> size_t { return i < content.size() ? static_cast<unsigned char>(content[i]) : 0; };
  size_t size = byte(at + 1);
  size_t begin = at + 2;
  switch (byte(at)) {
    case 'U':   // SHORT_BINSTRING
    case 0x8c:  // SHORT_BINUNICODE
      break;
    case 'T':  // BINSTRING
    case 'X':  // BINUNICODE
      size |= byte(at + 2) << 8 | byte(at + 3) << 16 | byte(at + 4) << 24;
      begin = at + 5;
      break;
    default:
      return std::nullopt;
  }
  if (begin > content.size() || size > content.size() - begin) return std::nullopt;
  const std::string value = content.substr(begin, size);
  const bool printable = std::all_of(value.begin(), value.end(), [](unsigned char c) { return c >= ' ' && c != 0x7f; });
  if (!printable) return std::nullopt;
  return Text{value, begin + size};
}

/// Behind the memo codes that follow a value: BINPUT, LONG_BINPUT, MEMOIZE.
size_t behind_memo(const std::string& content, size_t at) {
  if (at < content.size() && content[at] == 'q') return at + 2;
  if (at < content.size() && content[at] == 'r') return at + 5;
  if (at < content.size() && static_cast<unsigned char>(content[at]) == 0x94) return at + 1;
  return at;
}

/// The value of the attribute `name` whose name begins between `begin` and `end`.
std::string attribute(const std::string& content, const std::string& name, size_t begin, size_t end) {
  for (size_t at = content.find(name, begin); at != std::string::npos && at < end; at = content.find(name, at + 1)) {
    if (const auto value = text_at(content, behind_memo(content, at + name.size()))) return value->value;
  }
  return "";
}

}  // namespace

std::vector<PickledEntry> pickled_entries_of(const std::string& content) {
  // Every object's attributes follow the name of its class.
  const std::string object = "EcobeeService";
  std::vector<PickledEntry> entries;
  for (size_t at = content.find(object); at != std::string::npos;) {
    const size_t next = std::min(content.find(object, at + 1), content.size());
    PickledEntry entry{attribute(content, "_thermostat_name", at, next), attribute(content, "_refresh_token", at, next),
                       attribute(content, "_application_key", at, next)};
    if (!entry.refresh_token.empty()) entries.push_back(std::move(entry));
    at = next == content.size() ? std::string::npos : next;
  }
  return entries;
}

}  // namespace ecoauth::cli
