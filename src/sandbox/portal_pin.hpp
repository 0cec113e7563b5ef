// Add Application: the user types the PIN, sees who asks for what, and decides.
#pragma once

#include "sandbox/portal_visit.hpp"

namespace ecoauth::sandbox {

Response show_add(World& world, const Request& request, const Visit& visit);
Response validate_pin(World& world, const Request& request, const Visit& visit);
Response decide_pin(World& world, const Request& request, const Visit& visit);

}  // namespace ecoauth::sandbox
