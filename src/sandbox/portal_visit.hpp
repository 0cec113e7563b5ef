// What all pages of the portal share: the visitor's cookie, the token that forms must bring back, the headers.
#pragma once

#include <string>

#include "sandbox/http_message.hpp"
#include "sandbox/portal_pages.hpp"
#include "sandbox/world.hpp"

namespace ecoauth::sandbox {

/// Who looks at a page. A new visitor gets a cookie with the answer.
struct Visit {
  std::string cookie;
  bool fresh = false;
  std::string csrf;  ///< only a page of ours can know it, and it fits one visitor's cookie only
};
Visit visit_of(World& world, const Request& request);
/// Whether the form of `request` comes from a page that was shown to this visitor.
bool is_own_form(const Visit& visit, const Request& request);

/// An application in words.
PortalApp app_of(const World& world, const std::string& client_digest, const std::string& scope);

/// A page for this visitor. `form_targets` are where its forms may lead, redirects included.
Response page_response(const Visit& visit, const Request& request, int status, std::string body,
                       std::string_view form_targets = "'self'");
/// Sends the browser on.
Response redirect_response(const std::string& location);

}  // namespace ecoauth::sandbox
