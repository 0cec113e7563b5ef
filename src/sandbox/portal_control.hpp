// The control page: requests as they come in, faults to switch on and off.
#pragma once

#include "sandbox/portal_visit.hpp"

namespace ecoauth::sandbox {

constexpr const char* control_page_path = "/consumerportal/control";

Response show_control(World& world, const Request& request, const Visit& visit);
Response switch_fault(World& world, const Request& request, const Visit& visit);

}  // namespace ecoauth::sandbox
