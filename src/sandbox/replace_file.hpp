// Writes a whole file so that a crash leaves the old or the new one, readable by its owner only unless `mode` says
// more.
#pragma once

#include <sys/types.h>

#include <string>
#include <string_view>

namespace ecoauth::sandbox {

/// Throws std::runtime_error.
void replace_file(const std::string& path, std::string_view text, mode_t mode = 0600);

}  // namespace ecoauth::sandbox
