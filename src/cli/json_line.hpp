// One object of --json output.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace ecoauth::cli {

/// Members keep the order they were set in. Bytes that are not UTF-8 are replaced, so every line is valid JSON.
class JsonLine {
 public:
  JsonLine() = default;
  /// A line on its own says in "type" what it is.
  explicit JsonLine(const char* type) { text("type", type); }

  JsonLine& text(const char* name, std::string_view value);
  JsonLine& number(const char* name, int64_t value);
  JsonLine& truth(const char* name, bool value);
  JsonLine& null(const char* name);
  JsonLine& object(const char* name, const JsonLine& value);

  /// ASCII, without a line break.
  std::string dump() const { return "{" + members_ + "}"; }

 private:
  void name_of_member(const char* name);

  std::string members_;
};

}  // namespace ecoauth::cli
