// Every incident in every state that can be reached: breadth first, states told apart by what can matter for what comes
// next.
#pragma once

#include <cstddef>
#include <set>
#include <string>
#include <utility>

#include "incidents.hpp"

namespace ecoauth::test {

struct Walk {
  size_t states = 0;
  size_t steps = 0;
  size_t depth = 0;
  bool complete = false;
  std::set<GrantState> grant_states;
  std::set<std::string> incidents;
};

/// Throws a Violation with the whole path to it.
Walk walk(Rig root, const Region& region);

}  // namespace ecoauth::test
