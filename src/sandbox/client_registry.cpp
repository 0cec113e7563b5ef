#include "sandbox/client_registry.hpp"

#include <algorithm>

#include "base/digest.hpp"
#include "base/text.hpp"

namespace ecoauth::sandbox {

bool is_client_id(std::string_view text) {
  return text.size() == 32 && std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
         });
}

std::string short_digest(const std::string& digest) { return "#" + digest.substr(0, 8); }

bool ClientRegistry::add(std::string_view registration) {
  const size_t colon = registration.find(':');
  const std::string_view id = registration.substr(0, colon);
  if (!is_client_id(id)) return false;
  std::optional<Method> method;
  if (colon != std::string_view::npos) {
    const std::string_view name = registration.substr(colon + 1);
    if (name == "pin")
      method = Method::pin;
    else if (name == "code")
      method = Method::code;
    else if (name == "utility")
      method = Method::utility;
    else
      return false;
  }
  Application& application = applications_[sha256_hex(id)];
  application.method = method;
  application.known = true;
  return true;
}

bool ClientRegistry::add_redirect_uri(std::string_view registration) {
  if (registration.find('=') != 32 || !is_client_id(registration.substr(0, 32))) return false;
  applications_[sha256_hex(registration.substr(0, 32))].redirect_uris.emplace_back(registration.substr(33));
  return true;
}

void ClientRegistry::add_name(std::string_view naming) {
  const size_t equals = naming.find('=');
  if (equals == 32 && is_client_id(naming.substr(0, 32)))
    applications_[sha256_hex(naming.substr(0, 32))].name = std::string(naming.substr(33));
  else
    common_name_ = std::string(naming);
}

std::optional<Refusal> ClientRegistry::check(std::string_view client_id, std::optional<Method> method) const {
  const Refusal unknown{401, "invalid_client",
                        "Authentication error, invalid authentication method, lack of credentials, etc."};
  if (!is_client_id(client_id)) return unknown;
  const std::string digest = sha256_hex(client_id);
  if (disabled_.count(digest)) return unknown;
  const auto found = applications_.find(digest);
  if (registered_only_ && (found == applications_.end() || !found->second.known)) return unknown;
  if (!method) return std::nullopt;
  const std::optional<Method> own = found == applications_.end() ? std::nullopt : found->second.method;
  if (own ? *own == *method : *method != Method::utility) return std::nullopt;
  return Refusal{400, "unauthorized_client", "The client is not authorized to use this authorization method."};
}

const std::vector<std::string>& ClientRegistry::redirect_uris(const std::string& client_digest) const {
  static const std::vector<std::string> none;
  const auto found = applications_.find(client_digest);
  return found == applications_.end() ? none : found->second.redirect_uris;
}

bool ClientRegistry::remove(const std::string& client_digest) {
  const auto found = applications_.find(client_digest);
  if (found == applications_.end() || !found->second.by_portal) return false;
  applications_.erase(found);
  return true;
}

std::string ClientRegistry::display_name(const std::string& client_digest) const {
  const auto found = applications_.find(client_digest);
  if (found != applications_.end() && !found->second.name.empty()) return found->second.name;
  return common_name_.empty() ? "Application " + short_digest(client_digest) : common_name_;
}

}  // namespace ecoauth::sandbox
