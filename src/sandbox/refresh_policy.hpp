// The refresh tokens of one grant, and the seven readings of what becomes of an old one. Pure: tokens are digests here,
// and time is a parameter.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ecoauth::sandbox {

enum class RefreshPolicy {
  reusable,       ///< one token for ever; nothing rotates
  strict,         ///< dies with its first use
  strict_family,  ///< the same, and a replay ends the whole grant
  grace,          ///< a used token works on for a while; every successor lives
  grace_last,     ///< the same, but a replay kills the successors made before
  until_used,     ///< a used token works until a successor is used
  idempotent,     ///< a replay within the grace time gets the first answer again
};

const char* policy_name(RefreshPolicy policy);
std::optional<RefreshPolicy> policy_named(std::string_view name);
/// All names, for help and error texts.
std::string policy_names(const char* separator);

struct RefreshToken {
  std::string digest;
  std::string parent;  ///< digest of the token it succeeded; empty for the first
  int64_t issued_ms = 0;
  int64_t rotated_ms = -1;  ///< when it first got a successor; a use that rotates nothing does not count
  int64_t last_used_ms = -1;
  bool dead = false;
};

enum class Ruling {
  reuse,    ///< a new access token, the same refresh token
  rotate,   ///< a new access token and a new refresh token
  repeat,   ///< the answer given to the first use, again
  refuse,   ///< invalid_grant
  end_all,  ///< invalid_grant, and the grant ends
};

class RefreshFamily {
 public:
  void add(RefreshToken token) { tokens_.push_back(std::move(token)); }
  const std::vector<RefreshToken>& tokens() const { return tokens_; }

  /// Somebody shows a token. Applies what the policy does to the others; after `rotate` the caller adds the successor.
  /// `idle_ms` is how long an unused token lives, 0 for ever.
  Ruling present(const std::string& digest, RefreshPolicy policy, int64_t grace_ms, int64_t idle_ms, int64_t now_ms);

  void kill_all();
  /// Forgets dead tokens beyond the newest `keep`, so that a long run stays small; returns their digests.
  std::vector<std::string> trim(size_t keep);

 private:
  RefreshToken* find(std::string_view digest);
  void kill_ancestors(const RefreshToken& token);
  void kill_descendants(const std::string& digest);

  std::vector<RefreshToken> tokens_;
};

}  // namespace ecoauth::sandbox
