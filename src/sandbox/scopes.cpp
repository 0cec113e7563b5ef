#include "sandbox/scopes.hpp"

#include "base/text.hpp"

namespace ecoauth::sandbox {

namespace {
std::string joined(const std::vector<std::string>& parts, const char* separator) {
  std::string out;
  for (const std::string& part : parts) out += (out.empty() ? "" : separator) + part;
  return out;
}
}  // namespace

std::vector<std::string> requested_permissions(std::string_view scope) {
  std::vector<std::string> wanted;
  for (std::string& each : split(scope, ", "))
    if (each != "openid" && each != "offline_access") wanted.push_back(std::move(each));
  return wanted;
}

std::string authorize_scope(Generation generation, const std::string& requested) {
  if (generation == Generation::legacy) return requested;
  std::vector<std::string> all{"openid", "offline_access"};
  for (std::string& each : requested_permissions(requested)) all.push_back(std::move(each));
  return joined(all, ",");
}

std::string token_scope(Generation generation, const std::string& requested) {
  if (generation == Generation::legacy) return requested;
  std::vector<std::string> all{"openid"};
  for (std::string& each : requested_permissions(requested)) all.push_back(std::move(each));
  all.emplace_back("offline_access");
  return joined(all, ",");
}

std::string claim_scope(const std::string& requested) {
  std::string text = token_scope(Generation::current, requested);
  for (char& c : text)
    if (c == ',') c = ' ';
  return text;
}

bool may_write(const std::string& requested) {
  for (const std::string& each : requested_permissions(requested))
    if (equals_ignoring_case(each, "smartWrite") || equals_ignoring_case(each, "ems")) return true;
  return false;
}

std::string permission_in_words(const std::string& permission) {
  if (equals_ignoring_case(permission, "smartRead")) return "See your thermostats, their settings and their readings";
  if (equals_ignoring_case(permission, "smartWrite"))
    return "See your thermostats and change their settings, temperatures and schedules";
  if (equals_ignoring_case(permission, "ems")) return "Manage the thermostats of your energy management (EMS) account";
  return "Unknown permission \"" + printable(permission, 80) + "\"";
}

}  // namespace ecoauth::sandbox
