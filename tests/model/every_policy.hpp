// A row of verdicts: a world explored under each policy.
#pragma once

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <string>

#include "explore.hpp"
#include "policies.hpp"
#include "protocol.hpp"

namespace ecoauth::model {

struct Walked {
  Policies lost = none;
  size_t states = 0;
  int fewest_refreshes = 1000, most_refreshes = 0;
};

/// Checks that a grant can be lost under the expected policies and no others, and that nothing is stuck.
template <typename World, typename Setting>
Walked walk_every_policy(const std::string& row, Setting setting, const Faults& faults, Policies expected) {
  Walked walked;
  for (int i = 0; i < policy_count; ++i) {
    setting.policy = static_cast<Policy>(i);
    const Explored found = explore(World(setting, faults));
    walked.states += found.states;
    walked.fewest_refreshes = std::min(walked.fewest_refreshes, found.fewest_refreshes);
    walked.most_refreshes = std::max(walked.most_refreshes, found.most_refreshes);
    if (found.losses > 0) walked.lost |= only(setting.policy);
    const bool expects_loss = (expected & only(setting.policy)) != 0;
    BOOST_TEST((found.losses > 0) == expects_loss,
               row << " under " << name_of(setting.policy) << ": " << (expects_loss ? "nothing is lost" : found.loss));
    BOOST_TEST(found.stuck == 0u, row << " under " << name_of(setting.policy) << " is stuck: " << found.dead_end);
  }
  return walked;
}

/// "1234 states, 1 to 2 refreshes, lost under none"
inline std::string text_of(const Walked& walked) {
  return std::to_string(walked.states) + " states, " + std::to_string(walked.fewest_refreshes) + " to " +
         std::to_string(walked.most_refreshes) + " refreshes, lost under " + names_of(walked.lost);
}

}  // namespace ecoauth::model
