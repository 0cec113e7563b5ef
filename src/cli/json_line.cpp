#include "cli/json_line.hpp"

#include "cli/utf8.hpp"

namespace ecoauth::cli {

namespace {

void append_unit(std::string& out, uint32_t unit) {
  constexpr const char* digits = "0123456789abcdef";
  out += "\\u";
  for (int shift = 12; shift >= 0; shift -= 4) out += digits[(unit >> shift) & 15];
}

std::string quoted(std::string_view text) {
  std::string out = "\"";
  while (!text.empty()) {
    const Character character = first_character(text);
    const uint32_t code_point = character.code_point;
    if (code_point == '"' || code_point == '\\') {
      out += '\\';
      out += static_cast<char>(code_point);
    } else if (code_point >= 0x20 && code_point < 0x7f) {
      out += static_cast<char>(code_point);
    } else if (code_point < 0x10000) {
      append_unit(out, code_point);
    } else {
      append_unit(out, 0xd800 + ((code_point - 0x10000) >> 10));
      append_unit(out, 0xdc00 + ((code_point - 0x10000) & 0x3ff));
    }
    text.remove_prefix(character.size_bytes);
  }
  return out + "\"";
}

}  // namespace

void JsonLine::name_of_member(const char* name) {
  if (!members_.empty()) members_ += ",";
  members_ += quoted(name) + ":";
}

JsonLine& JsonLine::text(const char* name, std::string_view value) {
  name_of_member(name);
  members_ += quoted(value);
  return *this;
}

JsonLine& JsonLine::number(const char* name, int64_t value) {
  name_of_member(name);
  members_ += std::to_string(value);
  return *this;
}

JsonLine& JsonLine::truth(const char* name, bool value) {
  name_of_member(name);
  members_ += value ? "true" : "false";
  return *this;
}

JsonLine& JsonLine::null(const char* name) {
  name_of_member(name);
  members_ += "null";
  return *this;
}

JsonLine& JsonLine::object(const char* name, const JsonLine& value) {
  name_of_member(name);
  members_ += value.dump();
  return *this;
}

}  // namespace ecoauth::cli
