// A secret typed or pasted at the terminal.
#pragma once

#include <string>

#include "cli/output.hpp"
#include "cli/signals.hpp"

namespace ecoauth::cli {

/// Wipes itself.
struct SecretText {
  SecretText() = default;
  SecretText(SecretText&& other) noexcept { *this = std::move(other); }
  SecretText& operator=(SecretText&& other) noexcept;
  ~SecretText() { wipe(); }
  void wipe();
  /// Without the blanks and line breaks around it.
  void trim();

  std::string text;
};

/// One line, without echo unless `shown`; nothing when the terminal cannot keep from showing it. Throws Failure when
/// interrupted.
bool read_line_from_terminal(const std::string& words, bool shown, SecretText& line, Output& output,
                             const Signals& signals);

/// Is there a person to ask?
bool has_terminal();

}  // namespace ecoauth::cli
