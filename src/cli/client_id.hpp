// The client id (ecobee: application key), a secret: from a file, the environment or a prompt, never from an argument.
#pragma once

#include <string>

#include "cli/arguments.hpp"
#include "cli/output.hpp"
#include "cli/secret_prompt.hpp"
#include "cli/signals.hpp"

namespace ecoauth::cli {

class ClientId {
 public:
  ClientId() = default;
  /// Takes the text, blanks around it removed. Throws Failure when it cannot be a client id; `where` it came from is
  /// named then.
  ClientId(std::string text, const std::string& where);

  bool empty() const { return value_.text.empty(); }
  /// 32 letters and digits, as ecobee's have.
  bool looks_like_ecobees() const;
  const char* c_str() const { return value_.text.c_str(); }
  bool operator==(const ClientId& other) const { return value_.text == other.value_.text; }

 private:
  SecretText value_;
};

/// The one that was given, empty when none was. Takes it out of this process's environment.
ClientId given_client_id(const Arguments& arguments, Output& output, const Signals& signals);

/// Asks for it on the terminal, without echo. Throws Failure when there is no terminal.
ClientId ask_for_client_id(Output& output, const Signals& signals);

}  // namespace ecoauth::cli
