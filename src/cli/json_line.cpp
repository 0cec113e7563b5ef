#include "cli/json_line.hpp"

#include <nlohmann/json.hpp>

namespace ecoauth::cli {

struct JsonLine::Object {
  nlohmann::ordered_json value = nlohmann::ordered_json::object();
};

JsonLine::JsonLine() : object_(std::make_unique<Object>()) {}
JsonLine::~JsonLine() = default;
JsonLine::JsonLine(JsonLine&&) noexcept = default;
JsonLine& JsonLine::operator=(JsonLine&&) noexcept = default;

JsonLine& JsonLine::text(const char* name, std::string_view value) {
  object_->value[name] = std::string(value);
  return *this;
}

JsonLine& JsonLine::number(const char* name, int64_t value) {
  object_->value[name] = value;
  return *this;
}

JsonLine& JsonLine::truth(const char* name, bool value) {
  object_->value[name] = value;
  return *this;
}

JsonLine& JsonLine::null(const char* name) {
  object_->value[name] = nullptr;
  return *this;
}

JsonLine& JsonLine::texts(const char* name, const std::vector<std::string>& values) {
  object_->value[name] = values;
  return *this;
}

JsonLine& JsonLine::object(const char* name, const JsonLine& value) {
  object_->value[name] = value.object_->value;
  return *this;
}

std::string JsonLine::dump() const {
  return object_->value.dump(-1, ' ', true, nlohmann::ordered_json::error_handler_t::replace);
}

}  // namespace ecoauth::cli
