// The stored record of one account: what src/store/FORMAT.md fixes byte by byte. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "base/origin.hpp"
#include "base/secret.hpp"

namespace ecoauth {

/// Whose record it is (design.md 1). Records of different identities never share a place.
struct Identity {
  std::string account;              ///< the host's name for it, UTF-8, 1 to 200 bytes
  std::string origin;               ///< Origin::text()
  std::string client_fingerprint;   ///< fingerprint_of_client_id()

  bool operator==(const Identity& other) const {
    return account == other.account && origin == other.origin && client_fingerprint == other.client_fingerprint;
  }
};

/// 16 hex digits of the SHA-256 of the client id.
std::string fingerprint_of_client_id(const Secret& client_id);

/// The store key of an identity: "<account, made safe, at most 40 characters>-<16 hex digits of a hash over all three>".
std::string store_key(const Identity& identity);
/// Could `key` be a store key of an account of this name (with any origin and client id)?
bool may_be_key_of_account(std::string_view key, std::string_view account);

/// A moment on both clocks, valid across boots as far as the wall clock is.
struct Moment {
  int64_t boot_ms = 0;
  int64_t wall_ms = 0;
  std::string boot_id;
};

/// The numbers of ECOAUTH_GRANT_* in <ecoauth/status.h>.
enum class GrantState : int32_t { none = 0, active = 1, suspect = 2, needs_reauthorization = 3, blocked = 4 };

/// One refusal of a refresh token (`invalid_grant`), a charge and not yet a verdict (reliability.md 6.6).
struct Refusal {
  Moment at;
  int64_t connection = 0;  ///< which connection it came over: the attempt's number
};

struct Grant {
  GrantState state = GrantState::none;
  std::string reason;               ///< result name for suspect, needs_reauthorization and blocked; else empty
  int64_t generation = 0;           ///< counts committed token pairs, from 1
  Secret access_token;              ///< empty: unknown, or left out for room
  std::string token_type;
  std::string scope;                ///< as granted
  int64_t lifetime_ms = 0;          ///< of the access token, from `obtained`
  Moment obtained;                  ///< the instant its request was sent
  int32_t advisory_permille = 0;    ///< the drawn point of its life from which somebody refreshes in the background
  std::vector<Secret> candidates;   ///< refresh tokens that may be alive, newest first, at most 3
  int32_t identical_refreshes = 0;  ///< successive refreshes that returned the same refresh token
  std::vector<Refusal> refusals;    ///< since the last success, oldest first, at most 8
  std::vector<Moment> refreshes;    ///< of the last hour, by whichever process, oldest first, at most 6
};

/// "A refresh token of this generation may have been presented and its answer not seen."
struct Intent {
  int64_t generation = 0;
  Moment at;
};

/// An authorization under way, beside the grant and endangering nothing of it.
struct Pending {
  std::string flow;        ///< "pin", "code", "utility", "import"
  std::string scope;       ///< as asked
  Moment started;
  int64_t lifetime_ms = 0;
  int64_t interval_ms = 0;
  Secret pin;
  Secret code;             ///< "code": of the redirect; "import": the refresh token. There when it may have been sent
  Secret state;
  Secret verifier;         ///< PKCE
  std::string redirect_uri;

  Pending clone() const;
};

struct Record {
  int64_t seq = 0;
  Identity identity;
  Secret client_id;
  std::string scope_asked;
  std::optional<Grant> grant;
  std::optional<Intent> intent;
  std::optional<Pending> pending;
  std::vector<std::string> unknown_lines;  ///< fields of a later minor version, kept as they were

  Record clone() const;
  /// Signing out leaves such a record, so that other processes see it.
  bool signed_out() const { return !grant && !pending; }
};

/// The whole record as bytes, with its check line; plain (seal kind "none").
Secret encode_record(const Record& record);
/// The same, never larger than `limit_bytes`: the access token is left out first, since it can be had again.
/// Empty when not even what matters fits.
Secret encode_record_within(const Record& record, size_t limit_bytes);

/// STORE_CORRUPT for damage, STORE_NEWER for a later format version or an unknown seal kind.
Result<Record> decode_record(std::string_view bytes);
/// Whose record it is, from the part that is in clear under every seal kind: for listing, and to tell STORE_FOREIGN.
Result<Identity> decode_identity(std::string_view bytes);

}  // namespace ecoauth
