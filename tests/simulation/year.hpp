// A year in the life of an account, drawn from a seed.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "judge.hpp"
#include "server.hpp"

namespace ecoauth::simulation {

/// A policy, and for those with a grace time whether it outlasts every absence or is the usual minute.
struct Variant {
  Policy policy = Policy::reusable;
  bool short_grace = false;

  std::string name() const { return std::string(name_of(policy)) + (short_grace ? "-60s" : ""); }
};
const std::vector<Variant>& variants();

/// What is broken on purpose, to see that it is noticed.
enum class Sabotage { none, no_sync, no_locks, old_disk, revoked };

struct YearSettings {
  uint64_t seed = 1;
  Variant variant;
  bool verbose = false;
  Sabotage sabotage = Sabotage::none;
};

struct YearReport {
  std::map<std::string, int64_t> counts;
  Losses losses;
  std::vector<int64_t> windows_ms;
  int64_t most_refreshes_in_an_hour = 0, most_refreshes_without_clock = 0, most_steps_in_an_hour = 0,
          most_requests_in_an_hour = 0;
  int64_t longest_wait_ms = 0;
  uint64_t digest = 0;
  std::string violation;  ///< empty: all went as it must
  int64_t violated_at_ms = 0;
  std::vector<std::string> last_events;
};

YearReport live_through_a_year(const YearSettings& settings);

}  // namespace ecoauth::simulation
