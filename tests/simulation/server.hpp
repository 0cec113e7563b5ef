// An authorization server of one account, with seven readings of what becomes of a used refresh token. It knows what no
// client can: which tokens live, and which request ended one.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ecoauth::simulation {

enum class Policy { reusable, strict, strict_family, grace, grace_last, until_used, idempotent };
constexpr int policy_count = 7;
const char* name_of(Policy policy);
std::optional<Policy> policy_named(std::string_view name);
/// Does a used token stop working at once?
constexpr bool is_strict(Policy policy) { return policy == Policy::strict || policy == Policy::strict_family; }
/// Does a used token go on working for a time?
constexpr bool has_grace(Policy policy) {
  return policy == Policy::grace || policy == Policy::grace_last || policy == Policy::idempotent;
}

struct ServerSettings {
  Policy policy = Policy::grace;
  int64_t grace_ms = 60000;
  int64_t lifetime_ms = 3600000;  ///< of an access token
  size_t token_bytes = 300;
};

class Server {
 public:
  struct Answer {
    int status = 200;
    std::string body;
    std::string refresh_token;  ///< in the body; empty when it brings none
  };

  explicit Server(ServerSettings settings) : settings_(settings) {}

  /// `request` names it in killer_of().
  Answer handle(std::string_view target, std::string_view body, int request, int64_t now_ms);
  /// A person enters the PIN.
  void approve(std::string_view pin);

  bool alive(std::string_view refresh_token, int64_t now_ms) const;
  bool access_alive(std::string_view access_token, int64_t now_ms) const;
  void kill_access_tokens();
  /// Nobody has asked for it.
  void end_grant(int64_t now_ms);
  /// The request that ended this token, or used it first where a use ends it; -1 for none.
  int killer_of(std::string_view refresh_token) const;
  /// When that was.
  int64_t killed_ms(std::string_view refresh_token) const;

  const ServerSettings& settings() const { return settings_; }
  int64_t refreshes() const { return refreshes_; }

 private:
  struct Refresh {
    int parent = -1;
    int64_t used_ms = -1;
    bool dead = false;
    int killer = -1;
    int64_t killed_ms = -1;
    int repeat = -1;  ///< the first successor, for those who ask again
  };
  struct Access {
    int64_t until_ms = 0;
    bool dead = false;
  };

  Answer refresh(int number, int request, int64_t now_ms);
  Answer tokens(int refresh_number, int64_t now_ms);
  int successor(int parent);
  void kill(int number, int request, int64_t now_ms);
  void kill_all(int request, int64_t now_ms);
  std::string token(const char* kind, int number) const;
  const Refresh* find(std::string_view refresh_token) const;

  const ServerSettings settings_;
  std::vector<Refresh> refresh_;
  std::vector<Access> access_;
  size_t first_living_access_ = 0;
  std::vector<bool> pins_;  ///< approved?
  int64_t refreshes_ = 0;
};

}  // namespace ecoauth::simulation
