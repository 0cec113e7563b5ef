// What the authorization server and the API answered, and what to do about it: the one table of design.md 4. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "base/secret.hpp"

namespace ecoauth {

/// In which conversation an answer came: the columns P, X, R, A of the table, and authorized API requests.
enum class AnswerContext { poll, exchange, refresh, authorize, request };

/// An answer as the transport delivered it, or the way in which none came. Mirrors net's HttpResult without depending on it.
struct RawAnswer {
  enum class Transfer { answered, not_sent, ambiguous };
  enum class Trouble { none, network, timeout, tls, certificate_time, cancelled };
  Transfer transfer = Transfer::answered;
  Trouble trouble = Trouble::none;
  std::string detail;  ///< for people, of a failed transfer
  int status = 0;
  std::string_view body;
  std::string_view retry_after;
  std::string_view date;
};

/// What the state machine does next; one row of the table decides it.
enum class AnswerClass {
  success,           ///< complete: tokens, or PIN and code
  salvage,           ///< an unusable 2xx (or a cut one) that holds a complete refresh token
  keep_waiting,      ///< poll again after the interval
  slow_down,         ///< poll again, interval + 5 s for good
  outage,            ///< not the authorization server's word: same code or token again
  not_sent,          ///< the server never saw it
  ambiguous,         ///< the server may have acted
  refused,           ///< invalid_grant
  client_refused,    ///< invalid_client: a few more tries
  blocked,           ///< unauthorized_client, scope, rejected, account disabled: stays until somebody acts
  account_locked,
  pin_expired,
  declined,
  throttled,         ///< 429 or Retry-After
  unknown_error,     ///< an `error` nobody documented
  token_expired,     ///< API 14, HTTP 401, API 1: refresh once, repeat once
  revoked,           ///< API 16, 2 "revoked"
  untouched,         ///< any other API answer: the caller's business
};

/// What a row of the table is about.
enum class AnswerKind {
  oauth_error,        ///< the `error` that the row names
  other_oauth_error,  ///< an `error` that no row names
  throttled,          ///< 429 or Retry-After
  not_ours,           ///< 5xx, 3xx, HTML, empty, 2xx without our JSON
  cut_off,            ///< reset, time-out, short body after the first byte
  salvaged,           ///< the same or not_ours, with a complete refresh token in it
  unreachable,        ///< name, connection or proxy failed before the first byte
  tls_failed,         ///< TLS failed before the first byte
  certificate_time,   ///< the certificate is not yet valid, or expired
  given_up,           ///< cancelled by this side
  api_expired,        ///< API status 14, HTTP 401
  api_refused,        ///< API status 1
  api_revoked,        ///< API status 16, 2 with "revoked"
  api_other,
};

/// One row of the table: which answers in which contexts mean what. Where design.md 4 tries again before it gives a verdict,
/// code and action are the verdict; counting the tries is the state machine's.
struct AnswerRow {
  const char* error;        ///< the OAuth `error`; "" for rows that are not about one
  unsigned contexts;        ///< bits 1 << AnswerContext
  AnswerClass answer_class;
  int32_t code;             ///< ECOAUTH_ERROR_*; ECOAUTH_PENDING where the conversation goes on
  int32_t action;           ///< ECOAUTH_ACTION_*
  AnswerKind kind;
};
/// The table itself, for the test that walks it and for the documentation.
const std::vector<AnswerRow>& answer_table();

struct TokenAnswer {
  Secret access_token;
  Secret refresh_token;  ///< empty when the answer had none: carry the old one over
  std::string token_type;
  std::string scope;
  int64_t lifetime_ms = 0;  ///< from `expires_in` seconds, clamped to 1 s .. 24 h; missing or odd: 3600 s
};

struct PinAnswer {
  Secret pin;
  Secret code;
  std::string scope;
  int64_t lifetime_ms = 0;       ///< 60 or less is minutes, more is seconds; at most 30 min
  bool lifetime_in_minutes = false;
  int64_t interval_ms = 0;       ///< at least 1 s; missing: 30 s
};

struct Classified {
  AnswerClass answer_class = AnswerClass::outage;
  Error error;                       ///< for everything but success; complete with texts, action and server words
  std::optional<TokenAnswer> token;  ///< success and salvage of exchange and refresh
  std::optional<PinAnswer> pin;      ///< success of authorize
  int64_t retry_after_ms = 0;        ///< from Retry-After, clamped to 1 s .. 6 h; 0 when absent
  std::string note;                  ///< what was odd but tolerated, for the log; no secret, no bytes of the peer
};

/// `secrets` are the values this request carried: they are cut out of whatever the server echoes.
Classified classify(AnswerContext context, const RawAnswer& answer, const std::vector<const Secret*>& secrets = {});

struct AnswerJson;
/// The same for what a browser was sent back with, in the context of the exchange that it takes the place of, or begins.
Classified classify_redirect(AnswerJson parameters, const std::vector<const Secret*>& secrets);

/// The value of a Retry-After header: seconds, or a date read against the answer's own Date (RFC 9110 section 10.2.3).
/// 0 when absent or unreadable, else clamped to 1 s .. 6 h.
int64_t retry_after_ms(std::string_view retry_after, std::string_view date);

/// The complete refresh token in a body that does not parse, if there is one.
std::optional<Secret> salvage_refresh_token(std::string_view body);

}  // namespace ecoauth
