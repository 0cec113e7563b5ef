#include "cli/settings.hpp"

#include <ecoauth/event.h>
#include <pwd.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "cli/failure.hpp"

namespace ecoauth::cli {

namespace {

std::string home_folder() {
  const char* home = std::getenv("HOME");
  if (home != nullptr && home[0] == '/') return home;
  const passwd* user = getpwuid(getuid());
  if (user != nullptr && user->pw_dir != nullptr && user->pw_dir[0] == '/') return user->pw_dir;
  throw Failure::usage("there is no home folder to keep the tokens in",
                       "Set HOME, or say where: --store file:/path/to/folder");
}

/// The XDG base directory specification tells to ignore relative ones.
std::string default_store_folder() {
  const char* state = std::getenv("XDG_STATE_HOME");
  if (state != nullptr && state[0] == '/') return std::string(state) + "/ecoauth";
  return home_folder() + "/.local/state/ecoauth";
}

std::string store_folder_of(const std::string& uri) {
  if (uri.empty()) return default_store_folder();
  if (uri == "memory:") return "";
  if (uri.compare(0, 5, "file:") == 0) {
    std::string folder = uri.substr(5);
    if (folder.compare(0, 3, "///") == 0) folder.erase(0, 2);  // the long form of a file URI
    if (!folder.empty() && folder.compare(0, 2, "//") != 0) return folder;
  }
  throw Failure::usage("the store \"" + uri + "\" is not understood",
                       "Use file:/path/to/folder, or memory: to keep nothing.");
}

int32_t log_level_of(int verbosity) {
  if (verbosity <= 0) return ECOAUTH_LOG_NONE;
  return verbosity == 1 ? ECOAUTH_LOG_DEBUG : ECOAUTH_LOG_TRACE;
}

}  // namespace

Settings settings_of(const Arguments& arguments) {
  Settings settings;
  settings.server = arguments.server;
  settings.store_folder = store_folder_of(arguments.store);
  settings.seal = seal_source_of(arguments.seal);
  settings.account = arguments.account;
  settings.scope = arguments.scope;
  settings.ca_file = arguments.ca_file;
  settings.proxy = arguments.proxy;
  settings.log_level = log_level_of(arguments.verbosity);
  if (!settings.ca_file.empty() && access(settings.ca_file.c_str(), R_OK) != 0)
    throw Failure::usage("the CA certificates \"" + settings.ca_file + "\" cannot be read: " + std::strerror(errno),
                         "Give a PEM file, or a folder prepared by \"openssl rehash\", with --ca-file.");
  return settings;
}

}  // namespace ecoauth::cli
