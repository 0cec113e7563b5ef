// What is said when an authorization is complete.
#pragma once

#include <ecoauth/status.h>

#include "cli/json_line.hpp"
#include "cli/output.hpp"

namespace ecoauth::cli {

JsonLine authorized_json(const char* type, const ecoauth_status* status);

/// Scope and store, in words.
void tell_of_grant(const ecoauth_status* status, Output& output);

}  // namespace ecoauth::cli
