// Where and for whom a command works, after command line and environment.
#pragma once

#include <cstdint>
#include <string>

#include "cli/arguments.hpp"
#include "cli/seal_source.hpp"

namespace ecoauth::cli {

struct Settings {
  std::string server;        ///< empty: ecobee's
  std::string store_folder;  ///< empty: in memory
  SealSource seal;
  std::string account;       ///< empty: the default one
  std::string scope;         ///< empty: the default one
  std::string ca_file;       ///< empty: the system's certificates
  std::string proxy;         ///< empty: none; may hold a password
  int32_t log_level = 0;     ///< ECOAUTH_LOG_*
  bool keeps_fresh = false;  ///< also when nobody asks for a token
  bool only_looks = false;   ///< neither refreshes nor changes anything
};

/// Throws Failure when something in them cannot be.
Settings settings_of(const Arguments& arguments);

}  // namespace ecoauth::cli
