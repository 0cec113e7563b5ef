// Pages from templates: a small part of Mustache. {{name}} is a value, always escaped; {{#name}}...{{/name}} is
// repeated for each entry of a list, or there once when a value is not empty; {{^name}}...{{/name}} is there when it
// is. {{>page}} is the place of the page inside the layout. There is no way to put a value in unescaped.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace ecoauth::sandbox {

/// What a template shows.
class View {
 public:
  View& set(const std::string& name, std::string text) {
    texts_[name] = std::move(text);
    return *this;
  }
  /// For conditions.
  View& set(const std::string& name, bool truth) { return set(name, std::string(truth ? "yes" : "")); }
  View& set(const std::string& name, const char* text) { return set(name, std::string(text)); }
  View& set(const std::string& name, std::vector<View> list) {
    lists_[name] = std::move(list);
    return *this;
  }

 private:
  friend class Renderer;
  std::map<std::string, std::string> texts_;
  std::map<std::string, std::vector<View>> lists_;
};

/// Throws std::logic_error for a template that names what the view does not have.
std::string render(std::string_view layout, std::string_view page, const View& view);

/// Safe in text and inside quoted attributes.
std::string escape_html(std::string_view text);

}  // namespace ecoauth::sandbox
