// The flows by way of the user's browser: authorization code with or without PKCE, and the utility accounts' implicit
// grant (RFC 6749 sections 4.1 and 4.2, RFC 7636).
#pragma once

#include <optional>
#include <string>
#include <variant>

#include "sandbox/http_message.hpp"
#include "sandbox/world.hpp"

namespace ecoauth::sandbox {

/// A request to /authorize that only waits for the user's decision.
struct BrowserRequest {
  bool implicit = false;
  Secret client_id;
  std::string client_digest;
  std::string redirect_uri;
  std::string scope;
  Secret state;
  std::string challenge;  ///< PKCE; empty without
};

/// A request that nobody is asked about. `location` is where the application learns of it; empty when the address is
/// not known to be the application's, so that the sandbox sends nobody to places of a stranger's choice.
struct BrowserRefusal {
  Refusal refusal;
  std::string location;
};

/// `parameters` are those of GET /authorize.
std::variant<BrowserRequest, BrowserRefusal> read_browser_request(const World& world, const Params& parameters);

/// Records the decision; the address that the browser is sent to.
std::string accept(World& world, const BrowserRequest& request, const std::string& account);
std::string decline(const BrowserRequest& request);

}  // namespace ecoauth::sandbox
