// The parts of the sandbox that requests are for.
#pragma once

namespace ecoauth::sandbox {

enum class Endpoint { authorize, token, api, portal, control, other };
const char* endpoint_name(Endpoint endpoint);

}  // namespace ecoauth::sandbox
