// The one table of exit codes.
#pragma once

#include <cstdint>

namespace ecoauth::cli {

inline constexpr int exit_ok = 0;
inline constexpr int exit_unexpected = 1;
inline constexpr int exit_usage = 2;
inline constexpr int exit_needs_authorization = 3;
inline constexpr int exit_user_action = 4;
inline constexpr int exit_temporary = 5;
inline constexpr int exit_pin_over = 6;
inline constexpr int exit_storage = 7;
inline constexpr int exit_interrupted = 130;

/// The exit code for a result of the library; `action` decides for results this program does not know.
int exit_code_of(int32_t result, int32_t action);

/// The exit code of "status" for a grant in `state`, one of ECOAUTH_GRANT_*.
int exit_code_of_grant(int32_t state);

/// The table in words, for --help.
extern const char* const exit_codes_text;

}  // namespace ecoauth::cli
