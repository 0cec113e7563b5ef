// The authorization server of the models: refresh tokens as small numbers, and what a policy makes of one that is
// shown.
#pragma once

#include <cstdint>

namespace ecoauth::model {

/// The seven readings of sandbox/refresh_policy.hpp, and three of them with the habit some servers have of taking a
/// token for stolen when it is shown after its successor was used, however young it is (reliability.md 3, L19): the
/// whole grant ends. reliability.md 4.5 is about these; the sandbox plays the milder ones.
enum class Policy : uint8_t {
  reusable,
  strict,
  strict_family,
  grace,
  grace_last,
  until_used,
  idempotent,
  grace_theft,
  grace_last_theft,
  idempotent_theft,
};
constexpr int policy_count = 10;
const char* name_of(Policy policy);

/// Bits of a set of policies.
using Policies = uint16_t;
constexpr Policies only(Policy policy) { return static_cast<Policies>(1u << static_cast<unsigned>(policy)); }

constexpr uint8_t no_token = 0xff;

struct Server {
  static constexpr uint8_t most_tokens = 15;
  struct Token {
    uint8_t parent = no_token;
    uint8_t used = 0;
    uint8_t dead = 0;
    uint8_t grace_over = 0;
  };
  uint8_t count = 1;
  uint8_t refreshes = 0;  // answers that brought an access token
  Token tokens[most_tokens];

  /// The refresh token that the answer brings; no_token for `invalid_grant`.
  uint8_t present(uint8_t shown, Policy policy);
  /// The grace time of all tokens used so far is over.
  void end_grace();

 private:
  uint8_t rotate(uint8_t shown);
  bool successor_used(uint8_t shown) const;
  void kill_descendants(uint8_t of);
  void kill_all();
};

}  // namespace ecoauth::model
