// The part of the thermostat API that tells a client whether its token is good.
#pragma once

#include "sandbox/http_message.hpp"
#include "sandbox/world.hpp"

namespace ecoauth::sandbox {

/// /1/thermostatSummary and /1/thermostat; `outcome` becomes "status N".
Response answer_api(World& world, const Request& request, std::string& outcome);

}  // namespace ecoauth::sandbox
