// The client id (ecobee: application key), a secret: from a file, the environment or a prompt, never from an argument.
#pragma once

#include <string>

#include "cli/arguments.hpp"
#include "cli/output.hpp"
#include "cli/signals.hpp"

namespace ecoauth::cli {

/// Wipes itself.
class ClientId {
 public:
  ClientId() = default;
  /// Takes the text, blanks around it removed. Throws Failure when it cannot be a client id; `where` it came from is
  /// named then.
  ClientId(std::string text, const std::string& where);
  ClientId(ClientId&& other) noexcept;
  ClientId& operator=(ClientId&& other) noexcept;
  ~ClientId() { wipe(); }

  bool empty() const { return text_.empty(); }
  const char* c_str() const { return text_.c_str(); }
  bool operator==(const ClientId& other) const { return text_ == other.text_; }

 private:
  void wipe();

  std::string text_;
};

/// The one that was given, empty when none was. Takes it out of this process's environment.
ClientId given_client_id(const Arguments& arguments, Output& output, const Signals& signals);

/// Asks for it on the terminal, without echo. Throws Failure when there is no terminal.
ClientId ask_for_client_id(Output& output, const Signals& signals);

}  // namespace ecoauth::cli
