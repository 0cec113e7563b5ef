// Which applications may do what. Keeps digests of the client ids, never the ids.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace ecoauth::sandbox {

enum class Method { pin, code, utility };

/// An error answer of /authorize or /token.
struct Refusal {
  int status = 400;
  std::string error;
  std::string description;
};

/// An application somebody registered.
struct Application {
  std::optional<Method> method;  ///< none: PIN and browser, as any unregistered one
  std::string name;
  std::vector<std::string> redirect_uris;
  bool known = false;      ///< also with --registered-only
  bool by_portal = false;  ///< kept in the state file, and may be deleted
};

class ClientRegistry {
 public:
  explicit ClientRegistry(bool registered_only) : registered_only_(registered_only) {}

  /// "ID", or "ID:pin", "ID:code", "ID:utility". False when it is malformed. An application without a method may use
  /// the PIN and the browser, as any unregistered one.
  bool add(std::string_view registration);
  /// "ID=URI": an address the browser may be sent back to. False when there is no application in front of it.
  bool add_redirect_uri(std::string_view registration);
  /// "ID=NAME", or "NAME" for every application without one of its own.
  void add_name(std::string_view naming);

  /// The answer when this application may not authorize this way.
  std::optional<Refusal> check(std::string_view client_id, std::optional<Method> method) const;
  /// Empty when the application registered none: then any address that ecobee would register is taken.
  const std::vector<std::string>& redirect_uris(const std::string& client_digest) const;
  /// What the portal calls it.
  std::string display_name(const std::string& client_digest) const;

  /// On the developer page.
  void add(const std::string& client_digest, Application application) {
    applications_[client_digest] = std::move(application);
  }
  bool registered_only() const { return registered_only_; }
  /// Only what was registered on the developer page.
  bool remove(const std::string& client_digest);
  const std::map<std::string, Application>& all() const { return applications_; }

  /// ecobee switched the application off.
  void disable(const std::string& client_digest) { disabled_.insert(client_digest); }
  const std::set<std::string>& disabled() const { return disabled_; }

 private:
  const bool registered_only_;
  std::map<std::string, Application> applications_;
  std::string common_name_;
  std::set<std::string> disabled_;
};

/// 32 letters and digits.
bool is_client_id(std::string_view text);
/// The short form in which pages, logs and answers name a digest: "#" and eight hex digits, as Secret::fingerprint()
/// prints.
std::string short_digest(const std::string& digest);

}  // namespace ecoauth::sandbox
