// Files that are given by name, and standard input.
#pragma once

#include <cstddef>
#include <string>

#include "cli/signals.hpp"

namespace ecoauth::cli {

/// All of a file, or of standard input for "-". `what` names it in messages. Throws Failure, also for more than
/// `limit_bytes` and when interrupted. `open_to_others`, if given, tells whether other users may read it (never true
/// for a pipe).
std::string read_input(const std::string& path, const char* what, size_t limit_bytes, const Signals& signals,
                       bool* open_to_others = nullptr);

/// Waits until `fd` is readable. Throws Failure when a signal comes first.
void wait_readable(int fd, const Signals& signals);

}  // namespace ecoauth::cli
