// Is the store a safe and durable place?
#pragma once

#include "cli/finding.hpp"
#include "cli/settings.hpp"

namespace ecoauth::cli {

/// Looks at the folder, its files and the file system. Changes nothing and takes no lock.
void check_store(const Settings& settings, Findings& findings);

}  // namespace ecoauth::cli
