// The command line.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace ecoauth::cli {

class Output;

struct Arguments {
  std::string command;

  // everywhere
  std::string client_id_file;
  std::string server;
  std::string store;
  std::string seal;
  std::string account;
  std::string scope;
  std::string ca_file;
  std::string proxy;
  bool json = false;
  bool quiet = false;
  int verbosity = 0;

  // login
  bool no_qr = false;
  std::string flow = "pin";
  std::string redirect_uri;
  std::string redirected_file;
  bool pkce = false;

  // import
  std::string file;
  std::string entry;

  // completions
  std::string shell;

  // token
  int64_t min_valid_s = 60;
  bool header = false;

  // request
  std::string method;
  std::string path;
  std::optional<std::string> data;
  std::optional<std::string> data_file;
  std::vector<std::string> headers;
};

/// Reads the command line and the environment, except for the client id (client_id.hpp), and configures `output`. None
/// when everything asked for has been said (--help). Throws Failure.
std::optional<Arguments> parse_arguments(int argc, char** argv, Output& output);

}  // namespace ecoauth::cli
