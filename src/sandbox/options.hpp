// The command line of ecoauth-sandbox.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sandbox/client_registry.hpp"
#include "sandbox/settings.hpp"

namespace ecoauth::sandbox {

struct Options {
  Settings settings;
  std::string listen = "127.0.0.1";
  uint16_t port = 0;
  double time_scale = 1;
  std::string state_file;
  std::string scenario_file;
  std::string log_file;  ///< "-": standard output
  bool print_env = false;
  bool tls = false;
  std::string tls_cert;
  std::string tls_key;
  std::string tls_ca_out;
  bool allow_remote = false;
  std::vector<std::string> allow_hosts;
  bool registered_only = false;
  std::vector<std::string> accounts;
  std::vector<std::string> clients;
  std::vector<std::string> client_names;
  std::vector<std::string> redirect_uris;
};

/// The options, or the exit code after help, version or a complaint was printed.
struct ParsedOptions {
  std::optional<Options> options;
  int exit_code = 0;
};
ParsedOptions parse_options(int argc, char** argv);

}  // namespace ecoauth::sandbox
