// File names of the host, independent of a working directory that may change later.
#pragma once

#include <filesystem>
#include <string>

namespace ecoauth::capi {

/// Throws when the name is relative and the working directory is gone.
inline std::string absolute_path(const char* path) { return std::filesystem::absolute(path).string(); }

}  // namespace ecoauth::capi
