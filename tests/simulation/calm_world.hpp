// A world in which nothing goes wrong by itself: for tests that choose what does.
#pragma once

#include "world.hpp"

namespace ecoauth::simulation {

inline WorldSettings calm(Policy policy, size_t token_bytes = 300) {
  WorldSettings settings;
  settings.seed = 7;
  settings.server.policy = policy;
  settings.server.grace_ms = 45 * day_ms;
  settings.server.token_bytes = token_bytes;
  settings.programs = {ProgramSettings{15 * minute_ms, KeepFresh::on_demand, 0}};
  settings.chances = {0, 0, 0, 0, 0};
  settings.interruptions = 0;
  return settings;
}

/// Until the account has been authorized and so many refreshes have been saved.
inline void live_until_refreshes(World& world, int64_t refreshes) {
  while (world.judge.lost() || world.judge.counts["refreshes"] < refreshes) world.timeline.pass(50);
}

}  // namespace ecoauth::simulation
