// What --help says besides the options.
#pragma once

namespace ecoauth::cli {

struct CommandHelp {
  const char* name;
  const char* does;    ///< one line
  const char* footer;  ///< more, with examples and what --json prints
};

extern const CommandHelp command_help[11];

/// The end of "ecoauth --help", before the exit codes.
extern const char* const general_help;

}  // namespace ecoauth::cli
