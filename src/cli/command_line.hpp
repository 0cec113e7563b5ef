// The one description of options and commands: parsing, --help and the completions of shells are made from it.
#pragma once

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>

#include "cli/arguments.hpp"

namespace ecoauth::cli {

/// `arguments` must live as long as `app` parses.
void describe_command_line(CLI::App& app, Arguments& arguments);

/// What an option or argument may be set to, separated by blanks; "FILE" for files, "FOLDER" for folders, empty when it
/// can be anything.
const char* values_of(const std::string& option);

}  // namespace ecoauth::cli
