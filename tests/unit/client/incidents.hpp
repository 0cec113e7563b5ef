// What can happen to a machine at a given moment, for walks.
#pragma once

#include <functional>
#include <utility>
#include <vector>

#include "machine_rig.hpp"

namespace ecoauth::test {

/// How often the world may still be unkind on this path. Without a limit everything could fail for ever.
struct Budget {
  int store_faults = 2;
  int other_processes = 1;
  int suspends = 1;
  int revocations = 1;
};

/// Which part of everything is walked.
struct Region {
  std::vector<Want> wants{Want::load, Want::token, Want::refresh, Want::authorize, Want::sign_out};
  size_t most_waiters = 2;
  Budget budget;
  size_t most_states = 100000;
  bool browser = false;  ///< addresses, redirects and imports, too
};

struct Incident {
  const char* name;
  std::function<void(Rig&)> happens;
  int Budget::*cost = nullptr;
  size_t rarity = 1;  ///< in random walks: one in so many
};

using NamedAnswers = std::vector<std::pair<const char*, Classified>>;

/// Every kind of answer that a server may give in this conversation.
const NamedAnswers& answers_to(AnswerContext context);

std::vector<Incident> possible(const Rig& rig, const Region& region);

}  // namespace ecoauth::test
