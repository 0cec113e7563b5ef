// My Apps: what has access to the thermostats of the signed-in account, and the way to take it back.
#pragma once

#include "sandbox/portal_visit.hpp"

namespace ecoauth::sandbox {

Response show_apps(World& world, const Request& request, const Visit& visit);
Response show_remove(World& world, const Request& request, const Visit& visit);
Response remove_app(World& world, const Request& request, const Visit& visit);

}  // namespace ecoauth::sandbox
