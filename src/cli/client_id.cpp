#include "cli/client_id.hpp"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <utility>

#include "cli/failure.hpp"
#include "cli/input.hpp"

namespace ecoauth::cli {

namespace {

constexpr const char* variable = "ECOAUTH_CLIENT_ID";
constexpr size_t longest_bytes = 200;

/// Also in the memory that /proc shows as this process's environment.
std::string take_from_environment() {
  char* value = std::getenv(variable);
  if (value == nullptr) return {};
  std::string text = value;
  explicit_bzero(value, std::strlen(value));
  unsetenv(variable);
  return text;
}

}  // namespace

ClientId::ClientId(std::string text, const std::string& where) {
  value_.text = std::move(text);
  value_.trim();
  bool plausible = value_.text.size() <= longest_bytes;
  for (const char c : value_.text) plausible = plausible && c > ' ' && c <= '~';
  if (plausible) return;
  throw Failure::usage("what came " + where + " cannot be a client id (application key)",
                       "It is one line of up to 200 letters, digits or signs without blanks; ecobee's have 32.");
}

bool ClientId::looks_like_ecobees() const {
  return value_.text.size() == 32 && std::all_of(value_.text.begin(), value_.text.end(), [](unsigned char c) {
           return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
         });
}

ClientId given_client_id(const Arguments& arguments, Output& output, const Signals& signals) {
  ClientId from_environment(take_from_environment(), "in " + std::string(variable));
  const std::string& path = arguments.client_id_file;
  if (path.empty()) return from_environment;
  bool open_to_others = false;
  ClientId from_file(read_input(path, "the client id file", 4096, signals, &open_to_others), "from \"" + path + "\"");
  if (from_file.empty())
    throw Failure::usage("the client id file \"" + path + "\" is empty", "Put the client id into it.");
  if (open_to_others)
    output.warn("Warning: other users may read \"" + path + "\", and the client id is a secret: chmod 600 it.");
  return from_file;
}

ClientId ask_for_client_id(Output& output, const Signals& signals) {
  constexpr const char* otherwise =
      "Set ECOAUTH_CLIENT_ID, or name a file with --client-id-file. Only the first login needs it.";
  if (!has_terminal())
    throw Failure::usage("no client id (application key) is known for this account, and there is no terminal to ask",
                         otherwise);
  SecretText typed;
  if (!read_line_from_terminal("Client id (ecobee: application key; it is not shown): ", false, typed, output, signals))
    throw Failure::usage("the terminal cannot be kept from showing what is typed", otherwise);
  ClientId id(std::move(typed.text), "from the terminal");
  if (id.empty()) throw Failure::usage("no client id was entered", "Run the command again.");
  return id;
}

}  // namespace ecoauth::cli
