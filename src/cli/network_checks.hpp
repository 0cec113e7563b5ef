// Can the server be reached, does it prove who it is, and what time does it think it is?
#pragma once

#include <string>

#include "cli/finding.hpp"
#include "cli/settings.hpp"
#include "cli/signals.hpp"

namespace ecoauth::cli {

/// Resolves, connects, shakes hands and asks for the head of "/"; sends no credential, not even a proxy's. `server` is
/// scheme, host and port. Throws Failure when interrupted.
void check_network(const Settings& settings, const std::string& server, const Signals& signals, Findings& findings);

}  // namespace ecoauth::cli
