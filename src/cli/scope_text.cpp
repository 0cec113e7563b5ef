#include "cli/scope_text.hpp"

#include <set>

namespace ecoauth::cli {

namespace {

std::set<std::string> set_of(const std::string& scope) {
  std::set<std::string> names;
  std::string name;
  for (const char c : scope + ",") {
    if (c != ',' && c != ' ') {
      name += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    } else if (!name.empty()) {
      names.insert(std::move(name));
      name.clear();
    }
  }
  return names;
}

}  // namespace

std::string scopes_proper(const std::string& granted) {
  std::string proper, name;
  for (const char c : granted + ",") {
    if (c != ',' && c != ' ') {
      name += c;
      continue;
    }
    if (!name.empty() && name != "openid" && name != "offline_access") proper += (proper.empty() ? "" : ",") + name;
    name.clear();
  }
  return proper;
}

std::string lesser_grant_text(const std::string& asked, const std::string& granted) {
  const std::set<std::string> got = set_of(granted);
  const bool read_only = got.count("smartread") != 0 && got.count("smartwrite") == 0 && got.count("ems") == 0;
  return std::string("Authorized, but ") + (read_only ? "read-only" : "for less than was asked") + ": asked for " +
         asked + ", granted " + (granted.empty() ? "nothing that was named" : granted) + ".";
}

}  // namespace ecoauth::cli
