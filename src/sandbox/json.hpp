// A JSON value that is only ever written: members keep the order they were given in, unless they are shuffled on
// purpose.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/random.hpp"

namespace ecoauth::sandbox {

class Json {
 public:
  static Json object() { return Json(Kind::object); }
  static Json array() { return Json(Kind::array); }
  Json(std::string_view text);
  Json(const std::string& text) : Json(std::string_view(text)) {}
  Json(const char* text) : Json(std::string_view(text)) {}
  Json(int64_t number);
  Json(int number) : Json(static_cast<int64_t>(number)) {}
  Json(bool truth);

  static Json null() { return Json(Kind::scalar, "null"); }
  bool is(bool truth) const { return kind_ == Kind::scalar && scalar_ == (truth ? "true" : "false"); }

  Json& set(std::string_view name, Json value);
  Json& push(Json value);
  /// The member of this name; null when there is none.
  Json* find(std::string_view name);
  bool erase(std::string_view name);
  /// As it is written.
  const std::string& scalar() const { return scalar_; }
  /// ecobee's answers do not keep one order, and clients must not depend on one.
  void shuffle(Random& random);

  /// Two spaces a level, one member a line, a line break at the end.
  std::string pretty() const;
  /// All in one line, without a line break at the end.
  std::string line() const;

 private:
  enum class Kind { scalar, object, array };
  explicit Json(Kind kind, const char* scalar = "") : kind_(kind), scalar_(scalar) {}
  void write(std::string& out, size_t depth) const;
  void write_line(std::string& out) const;

  Kind kind_ = Kind::scalar;
  std::string scalar_;
  std::vector<std::pair<std::string, Json>> members_;
};

}  // namespace ecoauth::sandbox
