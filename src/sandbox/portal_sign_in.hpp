// Who is it? Signing in, making an account on the spot, signing out.
#pragma once

#include "sandbox/portal_visit.hpp"

namespace ecoauth::sandbox {

/// The sign-in page in place of a page that needs an account. `next` is where to go on; `asking` is the application
/// that sent the browser here, if one did.
Response ask_who(const World& world, const Visit& visit, const std::string& next, const std::string& asking = "");

Response show_sign_in(World& world, const Request& request, const Visit& visit);
Response sign_in(World& world, const Request& request, const Visit& visit);
Response sign_out(World& world, const Request& request, const Visit& visit);

}  // namespace ecoauth::sandbox
