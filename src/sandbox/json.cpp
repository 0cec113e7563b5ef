#include "sandbox/json.hpp"

#include <algorithm>

#include "base/text.hpp"

namespace ecoauth::sandbox {

namespace {
std::string quoted(std::string_view text) {
  static const char digits[] = "0123456789abcdef";
  const bool utf8 = valid_utf8(text);
  std::string out = "\"";
  for (char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (byte < 0x20 || byte == 0x7f) {
      out += "\\u00";
      out += digits[byte >> 4];
      out += digits[byte & 15];
    } else {
      out += byte < 0x80 || utf8 ? c : '?';
    }
  }
  return out + '"';
}
}  // namespace

Json::Json(std::string_view text) : scalar_(quoted(text)) {}
Json::Json(int64_t number) : scalar_(to_text(number)) {}
Json::Json(bool truth) : scalar_(truth ? "true" : "false") {}

Json& Json::set(std::string_view name, Json value) {
  members_.emplace_back(name, std::move(value));
  return *this;
}

Json& Json::push(Json value) {
  members_.emplace_back(std::string(), std::move(value));
  return *this;
}

Json* Json::find(std::string_view name) {
  for (auto& [each, value] : members_)
    if (each == name) return &value;
  return nullptr;
}

bool Json::erase(std::string_view name) {
  const auto gone =
      std::remove_if(members_.begin(), members_.end(), [&](const auto& each) { return each.first == name; });
  const bool any = gone != members_.end();
  members_.erase(gone, members_.end());
  return any;
}

void Json::shuffle(Random& random) {
  for (size_t left = members_.size(); left > 1; --left)
    std::swap(members_[left - 1], members_[static_cast<size_t>(random.between(0, static_cast<int64_t>(left) - 1))]);
}

std::string Json::pretty() const {
  std::string out;
  write(out, 0);
  return out + '\n';
}

std::string Json::line() const {
  std::string out;
  write_line(out);
  return out;
}

void Json::write_line(std::string& out) const {
  if (kind_ == Kind::scalar) {
    out += scalar_;
    return;
  }
  const bool named = kind_ == Kind::object;
  out += named ? '{' : '[';
  bool first = true;
  for (const auto& [name, value] : members_) {
    if (!first) out += ", ";
    first = false;
    if (named) out += quoted(name) + ": ";
    value.write_line(out);
  }
  out += named ? '}' : ']';
}

void Json::write(std::string& out, size_t depth) const {
  if (kind_ == Kind::scalar) {
    out += scalar_;
    return;
  }
  const bool named = kind_ == Kind::object;
  out += named ? '{' : '[';
  bool first = true;
  for (const auto& [name, value] : members_) {
    out += first ? "\n" : ",\n";
    first = false;
    out.append(2 * (depth + 1), ' ');
    if (named) out += quoted(name) + ": ";
    value.write(out, depth + 1);
  }
  if (!first) out += '\n' + std::string(2 * depth, ' ');
  out += named ? '}' : ']';
}

}  // namespace ecoauth::sandbox
