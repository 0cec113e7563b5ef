// The developer page: registers applications, as ecobee's did while it still gave out keys.
#pragma once

#include "sandbox/portal_visit.hpp"

namespace ecoauth::sandbox {

Response show_developer(World& world, const Request& request, const Visit& visit);
Response register_application(World& world, const Request& request, const Visit& visit);
Response delete_application(World& world, const Request& request, const Visit& visit);

}  // namespace ecoauth::sandbox
