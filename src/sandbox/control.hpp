// The control API under /sandbox/, for scripts and tests: form parameters in, JSON out.
#pragma once

#include "sandbox/http_message.hpp"
#include "sandbox/world.hpp"

namespace ecoauth::sandbox {

bool is_control_call(const std::string& method, const std::string& path);
Response answer_control(World& world, const Request& request, std::string& outcome);

}  // namespace ecoauth::sandbox
