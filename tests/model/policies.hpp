// Sets of policies that the verdicts are about.
#pragma once

#include <string>

#include "server.hpp"

namespace ecoauth::model {

constexpr Policies none = 0;
constexpr Policies strict_ones = only(Policy::strict) | only(Policy::strict_family);
constexpr Policies grace_last_ones = only(Policy::grace_last) | only(Policy::grace_last_theft);
/// The readings of 4.5 in which a replay after the successor was used ends the grant.
constexpr Policies theft_ones =
    only(Policy::grace_theft) | only(Policy::grace_last_theft) | only(Policy::idempotent_theft);
/// All that know a grace time.
constexpr Policies grace_ones = theft_ones | only(Policy::grace) | only(Policy::grace_last) | only(Policy::idempotent);

inline std::string names_of(Policies policies) {
  std::string names;
  for (int i = 0; i < policy_count; ++i) {
    const auto policy = static_cast<Policy>(i);
    if (policies & only(policy)) names += (names.empty() ? "" : ", ") + std::string(name_of(policy));
  }
  return names.empty() ? "none" : names;
}

}  // namespace ecoauth::model
