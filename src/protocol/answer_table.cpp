#include "protocol/answer_table.hpp"

#include <stdexcept>

namespace ecoauth {
namespace {

constexpr unsigned bit(AnswerContext context) { return 1u << static_cast<unsigned>(context); }

constexpr unsigned P = bit(AnswerContext::poll);
constexpr unsigned X = bit(AnswerContext::exchange);
constexpr unsigned R = bit(AnswerContext::refresh);
constexpr unsigned A = bit(AnswerContext::authorize);
constexpr unsigned Q = bit(AnswerContext::request);
constexpr unsigned any = P | X | R | A;  // an `error` is the authorization server's; API requests have statuses
constexpr unsigned all = any | Q;

using C = AnswerClass;
using K = AnswerKind;

}  // namespace

// Names and order are those of design.md 4, so that the two can be laid side by side.
const std::vector<AnswerRow>& answer_table() {
  // clang-format off
  static const auto& rows = *new std::vector<AnswerRow>{
    {"authorization_pending",  P,         C::keep_waiting,   ECOAUTH_PENDING,                   ECOAUTH_ACTION_WAIT,        K::oauth_error},
    {"slow_down",              P,         C::slow_down,      ECOAUTH_PENDING,                   ECOAUTH_ACTION_WAIT,        K::oauth_error},
    {"authorization_expired",  P,         C::pin_expired,    ECOAUTH_ERROR_PIN_EXPIRED,         ECOAUTH_ACTION_REAUTHORIZE, K::oauth_error},
    {"expired_token",          P,         C::pin_expired,    ECOAUTH_ERROR_PIN_EXPIRED,         ECOAUTH_ACTION_REAUTHORIZE, K::oauth_error},
    {"access_denied",          P | X,     C::declined,       ECOAUTH_ERROR_DECLINED,            ECOAUTH_ACTION_REAUTHORIZE, K::oauth_error},
    {"invalid_grant",          P,         C::refused,        ECOAUTH_ERROR_PIN_EXPIRED,         ECOAUTH_ACTION_REAUTHORIZE, K::oauth_error},
    {"invalid_grant",          X,         C::refused,        ECOAUTH_ERROR_NEEDS_AUTHORIZATION, ECOAUTH_ACTION_REAUTHORIZE, K::oauth_error},
    {"invalid_grant",          R,         C::refused,        ECOAUTH_ERROR_NEEDS_AUTHORIZATION, ECOAUTH_ACTION_REAUTHORIZE, K::oauth_error},
    {"invalid_client",         A | P | X, C::client_refused, ECOAUTH_ERROR_INVALID_CLIENT,      ECOAUTH_ACTION_USER_ACTION, K::oauth_error},
    {"invalid_client",         R,         C::client_refused, ECOAUTH_ERROR_INVALID_CLIENT,      ECOAUTH_ACTION_USER_ACTION, K::oauth_error},
    {"unauthorized_client",    any,       C::blocked,        ECOAUTH_ERROR_UNAUTHORIZED_CLIENT, ECOAUTH_ACTION_USER_ACTION, K::oauth_error},
    {"invalid_scope",          any,       C::blocked,        ECOAUTH_ERROR_SCOPE,               ECOAUTH_ACTION_FIX_CONFIG,  K::oauth_error},
    {"invalid_request",        any,       C::blocked,        ECOAUTH_ERROR_REJECTED,            ECOAUTH_ACTION_BUG,         K::oauth_error},
    {"unsupported_grant_type", any,       C::blocked,        ECOAUTH_ERROR_REJECTED,            ECOAUTH_ACTION_BUG,         K::oauth_error},
    {"not_supported",          any,       C::blocked,        ECOAUTH_ERROR_REJECTED,            ECOAUTH_ACTION_BUG,         K::oauth_error},
    {"account_locked",         any,       C::account_locked, ECOAUTH_ERROR_ACCOUNT_LOCKED,      ECOAUTH_ACTION_USER_ACTION, K::oauth_error},
    {"account_disabled",       any,       C::blocked,        ECOAUTH_ERROR_ACCOUNT_DISABLED,    ECOAUTH_ACTION_USER_ACTION, K::oauth_error},
    {"",                       any,       C::unknown_error,  ECOAUTH_ERROR_SERVER,              ECOAUTH_ACTION_USER_ACTION, K::other_oauth_error},
    {"",                       all,       C::throttled,      ECOAUTH_ERROR_RATE_LIMITED,        ECOAUTH_ACTION_RETRY,       K::throttled},
    {"",                       P,         C::outage,         ECOAUTH_PENDING,                   ECOAUTH_ACTION_WAIT,        K::not_ours},
    {"",                       X | R | A, C::outage,         ECOAUTH_ERROR_SERVER,              ECOAUTH_ACTION_RETRY,       K::not_ours},
    {"",                       P,         C::ambiguous,      ECOAUTH_PENDING,                   ECOAUTH_ACTION_WAIT,        K::cut_off},
    {"",                       X | R | A | Q, C::ambiguous,  ECOAUTH_ERROR_NETWORK,             ECOAUTH_ACTION_RETRY,       K::cut_off},
    {"",                       P | X | R, C::salvage,        ECOAUTH_ERROR_PROTOCOL,            ECOAUTH_ACTION_RETRY,       K::salvaged},
    {"",                       all,       C::not_sent,       ECOAUTH_ERROR_NETWORK,             ECOAUTH_ACTION_RETRY,       K::unreachable},
    {"",                       all,       C::not_sent,       ECOAUTH_ERROR_TLS,                 ECOAUTH_ACTION_RETRY,       K::tls_failed},
    {"",                       all,       C::not_sent,       ECOAUTH_ERROR_CLOCK,               ECOAUTH_ACTION_RETRY,       K::certificate_time},
    {"",                       all,       C::not_sent,       ECOAUTH_ERROR_CANCELLED,           ECOAUTH_ACTION_NONE,        K::given_up},
    {"",                       Q,         C::token_expired,  ECOAUTH_ERROR_SERVER,              ECOAUTH_ACTION_RETRY,       K::api_expired},
    {"",                       Q,         C::token_expired,  ECOAUTH_ERROR_NEEDS_AUTHORIZATION, ECOAUTH_ACTION_REAUTHORIZE, K::api_refused},
    {"",                       Q,         C::revoked,        ECOAUTH_ERROR_REVOKED,             ECOAUTH_ACTION_REAUTHORIZE, K::api_revoked},
    {"",                       Q,         C::untouched,      ECOAUTH_OK,                        ECOAUTH_ACTION_NONE,        K::api_other},
  };
  // clang-format on
  return rows;
}

const AnswerRow* find_error_row(std::string_view error, AnswerContext context) {
  if (error.empty()) return nullptr;
  for (const AnswerRow& row : answer_table())
    if ((row.contexts & bit(context)) && error == row.error) return &row;
  return nullptr;
}

const AnswerRow& row_of(AnswerKind kind, AnswerContext context) {
  for (const AnswerRow& row : answer_table())
    if (row.kind == kind && (row.contexts & bit(context))) return row;
  throw std::logic_error("the table of answers has a gap");
}

}  // namespace ecoauth
