// Commands that bring something along, made of what the host gives, checked.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/random.hpp"
#include "client/account.hpp"
#include "client/config.hpp"

namespace ecoauth {

/// `flow` is one of ECOAUTH_FLOW_*. Draws the state, and with PKCE the verifier.
Result<Command> authorize_url_command(int32_t flow, std::string_view redirect_uri, const ClientConfig& config,
                                      Random& random);
Result<Command> redirect_command(std::string_view address);
Result<Command> import_command(std::string_view refresh_token);

}  // namespace ecoauth
