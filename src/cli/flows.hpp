// The three ways to authorize. Each returns when the tokens are there, or throws Failure.
#pragma once

#include "cli/arguments.hpp"
#include "cli/output.hpp"
#include "cli/session.hpp"
#include "cli/signals.hpp"

namespace ecoauth::cli {

void authorize_by_pin(Session& session, const Arguments& arguments, Output& output);

/// Authorization code, and the utility accounts' implicit grant.
void authorize_by_browser(Session& session, const Arguments& arguments, Output& output, const Signals& signals);

}  // namespace ecoauth::cli
