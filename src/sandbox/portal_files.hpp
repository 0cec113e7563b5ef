// The files of portal/ as the build put them into the program.
#pragma once

#include <string_view>

namespace ecoauth::sandbox {

/// By name, "style.css" say. Throws std::logic_error when there is none.
std::string_view portal_file(std::string_view name);

}  // namespace ecoauth::sandbox
