// The part of the thermostat API that tells a client whether its token is good.
#pragma once

#include "sandbox/http_message.hpp"
#include "sandbox/world.hpp"

namespace ecoauth::sandbox {

/// A refusal with this status code, and its usual message when none is given. Token problems arrive as HTTP 500 with a
/// status object, never as 401.
Response api_error(int code, const char* message = nullptr);
/// /1/thermostatSummary and /1/thermostat; `outcome` becomes "status N".
Response answer_api(World& world, const Request& request, std::string& outcome);

}  // namespace ecoauth::sandbox
