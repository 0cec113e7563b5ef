// What ecobee's papers leave open, and what tests want otherwise: one table for the command line, the control API and
// the documentation.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "sandbox/json.hpp"
#include "sandbox/settings.hpp"

namespace ecoauth::sandbox {

struct Switch {
  const char* name;    ///< a parameter of POST /sandbox/policy
  const char* option;  ///< the same on the command line
  const char* takes;   ///< what the option takes; null for a flag, which turns the switch away from its default
  const char* words;
  std::vector<std::string> values;  ///< what it may be; empty for a number
  int64_t low, high;
  int64_t option_unit;  ///< what one unit of the option's is in those of `name`
  Json (*get)(const Settings&);
  void (*set)(Settings&, std::string_view);
  const char* option_words = words;  ///< what a flag does

  bool is_flag() const { return !takes; }
  /// Empty when `text` may be set, else what it must be.
  std::string complaint(std::string_view text) const;
};

const std::vector<Switch>& switches();
/// All of them with their values.
Json values_of_switches(const Settings& settings);
/// All of them in words, for people and their pages.
Json describe_switches(const Settings& settings);

}  // namespace ecoauth::sandbox
