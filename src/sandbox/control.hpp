// The control API under /sandbox/, for scripts and tests: form parameters in, JSON out.
#pragma once

#include "sandbox/http_message.hpp"
#include "sandbox/world.hpp"

namespace ecoauth::sandbox {

Response answer_control(World& world, const Request& request, std::string& outcome);

}  // namespace ecoauth::sandbox
