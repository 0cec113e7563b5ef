#include <algorithm>

#include "base/text.hpp"
#include "protocol/requests.hpp"

namespace ecoauth {
namespace {

std::vector<std::string> scopes_of(std::string_view text) {
  std::vector<std::string> out;
  for (auto& name : split(text, ", \t\r\n"))
    if (std::find(out.begin(), out.end(), name) == out.end()) out.push_back(std::move(name));
  return out;
}

}  // namespace

std::string scope_to_csv(std::string_view scope) {
  std::string out;
  for (const auto& name : scopes_of(scope)) out += (out.empty() ? "" : ",") + name;
  return out;
}

std::string unknown_scopes(std::string_view scope) {
  std::string out;
  for (const auto& name : scopes_of(scope))
    if (name != "smartRead" && name != "smartWrite" && name != "ems") out += (out.empty() ? "" : ",") + name;
  return out;
}

bool scope_covers(std::string_view granted, std::string_view asked) {
  const auto have = scopes_of(granted);
  const auto want = scopes_of(asked);
  const auto has = [&](const char* name) { return std::find(have.begin(), have.end(), name) != have.end(); };
  return std::all_of(want.begin(), want.end(), [&](const std::string& name) {
    return has(name.c_str()) || (name == "smartRead" && has("smartWrite"));  // which is to read and to write
  });
}

}  // namespace ecoauth
