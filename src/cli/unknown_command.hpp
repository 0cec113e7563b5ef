// A command that does not exist.
#pragma once

#include <string>

#include "cli/failure.hpp"

namespace ecoauth::cli {

/// Says so, and what was probably meant.
Failure unknown_command(const std::string& word);

}  // namespace ecoauth::cli
