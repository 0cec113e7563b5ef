// One object of --json output.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace ecoauth::cli {

/// Members keep the order they were set in. Bytes that are not UTF-8 are replaced, so every line is valid JSON.
class JsonLine {
 public:
  JsonLine();
  ~JsonLine();
  JsonLine(JsonLine&&) noexcept;
  JsonLine& operator=(JsonLine&&) noexcept;

  JsonLine& text(const char* name, std::string_view value);
  JsonLine& number(const char* name, int64_t value);
  JsonLine& truth(const char* name, bool value);
  JsonLine& null(const char* name);
  JsonLine& texts(const char* name, const std::vector<std::string>& values);
  JsonLine& object(const char* name, const JsonLine& value);

  /// ASCII, without a line break.
  std::string dump() const;

 private:
  struct Object;
  std::unique_ptr<Object> object_;
};

}  // namespace ecoauth::cli
