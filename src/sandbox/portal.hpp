// The consumer portal: where the user types the PIN, accepts or declines, and removes applications.
#pragma once

#include "sandbox/http_message.hpp"
#include "sandbox/world.hpp"

namespace ecoauth::sandbox {

bool is_portal_path(const std::string& path);
Response answer_portal(World& world, const Request& request, std::string& outcome);

}  // namespace ecoauth::sandbox
