#include "sandbox/template.hpp"

#include <stdexcept>

namespace ecoauth::sandbox {

class Renderer {
 public:
  explicit Renderer(std::string_view page) : page_(page) {}

  /// Names are looked for in the innermost view first.
  void render(std::string_view text, std::vector<const View*>& views) {
    while (!text.empty()) {
      const size_t open = text.find("{{");
      out += text.substr(0, open);
      if (open == std::string_view::npos) return;
      text.remove_prefix(open + 2);
      const std::string_view tag = take_until(text, "}}");
      if (tag == ">page") {
        render(page_, views);
        continue;
      }
      if (tag.empty() || (tag[0] != '#' && tag[0] != '^')) {
        out += escape_html(text_of(tag, views));
        continue;
      }
      const std::string name(tag.substr(1));
      const std::string_view section = take_until(text, "{{/" + name + "}}");
      if (const auto* list = list_of(name, views)) {
        if (tag[0] == '^' && list->empty()) render(section, views);
        if (tag[0] == '#')
          for (const View& each : *list) {
            views.push_back(&each);
            render(section, views);
            views.pop_back();
          }
      } else if ((tag[0] == '^') == text_of(name, views).empty()) {
        render(section, views);
      }
    }
  }

  std::string out;

 private:
  static std::string_view take_until(std::string_view& text, const std::string& end) {
    const size_t at = text.find(end);
    if (at == std::string_view::npos) throw std::logic_error("a template lacks " + end);
    const std::string_view taken = text.substr(0, at);
    text.remove_prefix(at + end.size());
    return taken;
  }

  static const std::vector<View>* list_of(const std::string& name, const std::vector<const View*>& views) {
    for (auto each = views.rbegin(); each != views.rend(); ++each)
      if (const auto found = (*each)->lists_.find(name); found != (*each)->lists_.end()) return &found->second;
    return nullptr;
  }

  static const std::string& text_of(std::string_view name, const std::vector<const View*>& views) {
    for (auto each = views.rbegin(); each != views.rend(); ++each)
      if (const auto found = (*each)->texts_.find(std::string(name)); found != (*each)->texts_.end())
        return found->second;
    throw std::logic_error("a template shows " + std::string(name) + ", which nobody has set");
  }

  const std::string_view page_;
};

std::string render(std::string_view layout, std::string_view page, const View& view) {
  Renderer renderer(page);
  std::vector<const View*> views{&view};
  renderer.render(layout, views);
  return std::move(renderer.out);
}

std::string escape_html(std::string_view text) {
  std::string out;
  for (char c : text) switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&#39;";
        break;
      case '`':
        out += "&#96;";
        break;
      default:
        out += c;
    }
  return out;
}

}  // namespace ecoauth::sandbox
