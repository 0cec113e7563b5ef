// Why a command could not be done: thrown inside this program, reported once by main().
#pragma once

#include <ecoauth/error.h>

#include <cstdint>
#include <string>

#include "cli/json_line.hpp"

namespace ecoauth::cli {

struct Failure {
  int32_t code = ECOAUTH_ERROR_INTERNAL;
  std::string message;  ///< what happened
  std::string advice;   ///< what to do about it
  int32_t action = ECOAUTH_ACTION_NONE;
  int64_t retry_after_ms = 0;
  std::string oauth_error;
  std::string oauth_description;
  std::string oauth_uri;
  int32_t http_status = 0;
  int32_t api_status = -1;
  int chosen_exit_code = 0;  ///< 0: the one that belongs to `code` and `action`

  int exit_code() const;
  JsonLine json() const;

  /// The command line or the environment is wrong.
  static Failure usage(std::string message, std::string advice);
  static Failure interrupted(std::string advice);
  /// From the library; `error` may be NULL.
  static Failure from(int32_t result, const ecoauth_error* error);
};

}  // namespace ecoauth::cli
