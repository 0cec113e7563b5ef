// The consent page: an application sent the user's browser here and asks for access.
#pragma once

#include "sandbox/portal_visit.hpp"

namespace ecoauth::sandbox {

/// GET /authorize with the response type code or token: the page, or a redirect with an error.
Response answer_authorize_browser(World& world, const Request& request, std::string& outcome);
/// The decision that the page's form brings: the redirect.
Response decide_consent(World& world, const Request& request, const Visit& visit);

}  // namespace ecoauth::sandbox
