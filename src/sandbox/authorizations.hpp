// The authorization server's books and rules: PINs, grants, tokens. Pure: no socket, no file, no lock; time is a
// parameter.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <variant>
#include <vector>

#include "base/secret.hpp"
#include "sandbox/client_registry.hpp"
#include "sandbox/refresh_policy.hpp"
#include "sandbox/settings.hpp"
#include "sandbox/shapes.hpp"

namespace ecoauth::sandbox {

enum class PinState { waiting, approved, declined, used };

struct PendingPin {
  std::string pin;  ///< as shown
  std::string code_digest;
  std::string client_digest;
  std::string scope;
  std::string account;  ///< who approved it; empty when it was the control API
  int64_t issued_ms = 0;
  int64_t expires_ms = 0;
  int64_t last_poll_ms = -1;
  PinState state = PinState::waiting;

  bool open(int64_t now_ms) const { return state == PinState::waiting && now_ms < expires_ms; }
};

/// A browser's authorization code.
struct BrowserCode {
  std::string code_digest;
  std::string client_digest;
  std::string redirect_uri;
  std::string scope;
  std::string account;
  std::string challenge;  ///< PKCE S256; empty without
  std::string grant_id;   ///< once used
  int64_t expires_ms = 0;
};

enum class Ended { no, by_user, by_service, by_replay };

struct Grant {
  std::string client_digest;
  std::string scope;
  std::string account;  ///< of the portal; empty when the control API or the clock decided: then it is everybody's
  std::string subject;
  std::string account_id;
  int64_t created_ms = 0;
  int64_t last_used_ms = -1;
  Ended ended = Ended::no;
  RefreshFamily family;
  std::deque<std::string> access_digests;  ///< oldest first
  size_t access_ended = 0;                 ///< so many of them, the oldest, were ended by a refresh
  /// Policy idempotent: the answer to the first use of a refresh token, by its digest.
  struct Answer {
    Secret access;
    Secret refresh;
  };
  std::map<std::string, Answer> answers;
};

struct AccessToken {
  std::string grant_id;
  int64_t expires_ms = 0;
};

/// Everything that survives a restart.
struct Book {
  std::vector<PendingPin> pins;
  std::vector<BrowserCode> codes;
  std::map<std::string, Grant> grants;
  std::unordered_map<std::string, AccessToken> access;
  std::unordered_map<std::string, std::string> refresh;  ///< digests of refresh tokens: whose grant they are
};

struct PinAnswer {
  std::string pin;
  Secret code;
  std::string scope;
  int64_t expires_in = 0;
  int64_t interval = 0;
};

struct TokenAnswer {
  Secret access;
  Secret refresh;  ///< empty in the utility flow
  int64_t expires_in = 0;
  std::string scope;
};

template <typename T>
using Outcome = std::variant<T, Refusal>;

/// Whether the grant stands under My Apps of this account.
inline bool is_seen_by(const Grant& grant, const std::string& account) {
  return grant.account.empty() || grant.account == account;
}

/// What the thermostat API thinks of a token: its status code, and the grant when it is 0.
struct AccessVerdict {
  int code = 0;
  const Grant* grant = nullptr;
};

class Authorizations {
 public:
  Authorizations(Settings& settings, ClientRegistry& clients, Random& random)
      : settings_(settings), clients_(clients), shapes_(settings, random) {}

  Outcome<PinAnswer> start_pin(const Secret& client_id, const std::string& scope, int64_t now_ms);
  Outcome<TokenAnswer> exchange_pin(const Secret& client_id, const Secret& code, int64_t now_ms);
  Outcome<TokenAnswer> exchange_code(const Secret& client_id, const Secret& code, const std::string& redirect_uri,
                                     const Secret& verifier, int64_t now_ms);
  Outcome<TokenAnswer> refresh(const Secret& client_id, const Secret& token, int64_t now_ms);
  AccessVerdict check_access(const Secret& token, int64_t now_ms);

  /// The user accepted in a browser. Fills in the digest and the end of `entry`.
  Secret issue_code(BrowserCode entry, int64_t now_ms);
  TokenAnswer issue_utility_token(const Secret& client_id, const std::string& account, int64_t now_ms);

  /// Gives the grants of the following requests this scope, until none is given.
  void narrow_scope(std::optional<std::string> scope) { narrowed_ = std::move(scope); }
  /// The pending PIN a person typed; null when there is none or it is over.
  PendingPin* find_pin(std::string_view typed, int64_t now_ms);
  /// Approves and declines what is due by the automatic times.
  void run_automatic(int64_t now_ms);
  /// Ends all living grants of one application; the number of them.
  int revoke(const std::string& client_digest, Ended how);
  /// Likewise, but only those that this account sees.
  int remove(const std::string& client_digest, const std::string& account);
  int expire_access(int64_t now_ms);
  int expire_refresh();
  int expire_pins(int64_t now_ms);

  Shapes& shapes() { return shapes_; }
  const Shapes& shapes() const { return shapes_; }
  Book& book() { return book_; }
  const Book& book() const { return book_; }

 private:
  std::string add_grant(const Secret& client_id, const std::string& scope, const std::string& account, int64_t now_ms);
  int end_grants(const std::string& client_digest, Ended how, const std::string* account);
  Secret issue_access(const std::string& grant_id, const Secret& client_id, int64_t now_ms);
  Secret issue_refresh(const std::string& grant_id, const std::string& parent_digest, int64_t now_ms);
  TokenAnswer first_tokens(const std::string& grant_id, const Secret& client_id, int64_t now_ms);
  void end_access(Grant& grant, int64_t now_ms);
  void make_room();
  void forget_old_grants();

  Settings& settings_;
  ClientRegistry& clients_;
  Shapes shapes_;
  Book book_;
  std::optional<std::string> narrowed_;
};

}  // namespace ecoauth::sandbox
