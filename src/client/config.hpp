// What a client was made with, checked and complete.
#pragma once

#include <cstdint>
#include <string>

#include "base/origin.hpp"
#include "base/secret.hpp"
#include "client/refresh_policy.hpp"
#include "protocol/requests.hpp"

namespace ecoauth {

enum class Dispatch : int32_t { worker = 0, caller = 1, poll = 2 };
enum class Role : int32_t { owner = 0, follower = 1 };
enum class Polling : int32_t { automatic = 0, on_demand = 1 };

struct ClientConfig {
  Secret client_id;  ///< empty: the one in the record
  std::string scope = "smartRead";
  bool scope_given = false;  ///< else a grant is measured against what was asked for when it was given
  Origin origin{"https", "api.ecobee.com", 443};
  std::string verification_url;
  Dispatch dispatch = Dispatch::worker;
  Role role = Role::owner;
  Polling polling = Polling::automatic;
  RefreshSettings refresh;
  RequestSettings request;
  int64_t request_timeout_ms = 20000;
  int64_t connect_timeout_ms = 8000;
  int64_t shutdown_timeout_ms = 8000;
};

}  // namespace ecoauth
