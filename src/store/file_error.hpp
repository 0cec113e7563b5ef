// What the operating system says, as errors that name the path and tell what to do. Locale-free.
#pragma once

#include <string>
#include <string_view>

#include "base/error.hpp"

namespace ecoauth {

/// "no space left on device (ENOSPC)"; for `error` of either sign.
std::string errno_text(int error);

/// The path, on one line whatever it contains.
std::string on_one_line(std::string_view path);
/// The same in quotation marks.
std::string shown(std::string_view path);
/// The path as one word for a shell, for the commands that errors recommend.
std::string shell_word(std::string_view path);

/// "cannot <doing> "<path>": <why>", as STORE or STORE_PERMISSION with the advice that fits.
Error file_error(const std::string& doing, const std::string& path, int error);
/// The same for what was about to change something: says that what is stored is as it was.
Error write_error(const std::string& doing, const std::string& path, int error);

}  // namespace ecoauth
