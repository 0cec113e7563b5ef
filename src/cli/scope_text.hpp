// Scopes in words.
#pragma once

#include <string>

namespace ecoauth::cli {

/// For a grant that lacks something of what was asked for: "Authorized, but read-only: ...".
std::string lesser_grant_text(const std::string& asked, const std::string& granted);

/// The scopes of a grant, with commas, without those that ecobee adds to each: openid and offline_access.
std::string scopes_proper(const std::string& granted);

}  // namespace ecoauth::cli
