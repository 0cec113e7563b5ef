// What the sandbox plays: one of the two generations of the service, each open question about it a switch of its own.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "sandbox/refresh_policy.hpp"

namespace ecoauth::sandbox {

enum class Generation { legacy, current };

struct Settings {
  Generation generation = Generation::current;
  int64_t pin_life_s = 900;
  int64_t interval_s = 5;
  int64_t access_life_s = 3600;
  int64_t code_life_s = 600;            ///< of a browser code
  int64_t refresh_idle_s = 30 * 86400;  ///< 0: never expires
  int pin_length = 9;                   ///< 4, 9 (XXXX-XXXX) or 10
  bool pin_life_in_minutes = false;
  bool expired_is_invalid_grant = true;  ///< else 401 authorization_expired
  int pending_status = 401;
  int slow_down_status = 401;
  bool get_token_allowed = false;
  bool refresh_kills_access = true;
  bool takes_legacy_tokens = true;  ///< at the current service
  RefreshPolicy policy = RefreshPolicy::reusable;
  int64_t grace_s = 30;
  bool any_redirect = false;        ///< ports, queries and http to this machine, which ecobee refuses
  bool redirect_prefix = false;     ///< a registered redirect address covers what begins with it
  bool requires_state = false;      ///< of a browser's request; protocol.md 4.1 has it optional
  bool requires_pkce = false;       ///< of a browser's request for a code
  size_t jwt_bytes = 0;             ///< pads access tokens up to this length; 0 leaves them at their own
  std::string bad_client = "json";  ///< what /authorize answers to a wrong key: json, html or no-code
  int64_t rate_limit = 0;           ///< requests a minute and application at /token; 0: no limit
  int api_expired_code = 14;
  int api_removed_code = 16;
  std::string content_type = "application/json;charset=UTF-8";
  bool no_store = true;
  bool remote = false;  ///< other machines can reach it
  int64_t auto_approve_s = -1;
  int64_t auto_decline_s = -1;

  /// The defaults of one generation (protocol.md 12).
  static Settings of(Generation generation);
};

inline Settings Settings::of(Generation generation) {
  Settings settings;
  settings.generation = generation;
  if (generation == Generation::legacy) {
    settings.pin_life_s = 540;
    settings.interval_s = 30;
    settings.access_life_s = 3599;
    settings.refresh_idle_s = 365 * 86400;
    settings.pin_length = 4;
    settings.pin_life_in_minutes = true;
    settings.expired_is_invalid_grant = false;
    settings.policy = RefreshPolicy::strict;
  }
  return settings;
}

}  // namespace ecoauth::sandbox
