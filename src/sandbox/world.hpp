// Everything one sandbox process knows, as the handlers see it.
#pragma once

#include "base/digest.hpp"
#include "base/random.hpp"
#include "sandbox/accounts.hpp"
#include "sandbox/attempt_limiter.hpp"
#include "sandbox/authorizations.hpp"
#include "sandbox/client_registry.hpp"
#include "sandbox/faults.hpp"
#include "sandbox/rate_limiter.hpp"
#include "sandbox/request_log.hpp"
#include "sandbox/sandbox_clock.hpp"
#include "sandbox/settings.hpp"

namespace ecoauth::sandbox {

struct World {
  World(Settings the_settings, ClientRegistry the_clients, SandboxClock the_clock, Random& the_random)
      : settings(std::move(the_settings)),
        clients(std::move(the_clients)),
        clock(the_clock),
        random(the_random),
        authorizations(settings, clients, the_random),
        accounts(the_random),
        csrf_key(to_hex(the_random.bytes(32))) {}
  World(const World&) = delete;
  World& operator=(const World&) = delete;

  Settings settings;
  ClientRegistry clients;
  SandboxClock clock;
  Random& random;
  Authorizations authorizations;
  FaultBook faults{clock};
  RequestLog log;
  Accounts accounts;
  AttemptLimiter pin_attempts{5, 30, 600000};
  AttemptLimiter sign_in_attempts{10, 100, 600000};
  RateLimiter token_rate;
  Secret csrf_key;
};

}  // namespace ecoauth::sandbox
