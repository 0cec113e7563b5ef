// The table of the code against the table of design.md 4, written down here a second time by hand.
#include <boost/test/unit_test.hpp>

#include <set>
#include <string>
#include <vector>

#include "answer_support.hpp"
#include "protocol/answer_table.hpp"

using namespace ecoauth;
using C = AnswerClass;
using K = AnswerKind;

namespace {

struct Expected {
  const char* error;
  const char* contexts;  // letters of P, X, R, A; Q: authorized requests
  K kind;
  C answer_class;
  const char* result;
  const char* action;
};

// "none" of the design is PENDING: the conversation goes on. Where it tries again first, result and action are the
// verdict.
const std::vector<Expected> design = {
    {"authorization_pending", "P", K::oauth_error, C::keep_waiting, "PENDING", "WAIT"},
    {"slow_down", "P", K::oauth_error, C::slow_down, "PENDING", "WAIT"},
    {"authorization_expired", "P", K::oauth_error, C::pin_expired, "PIN_EXPIRED", "REAUTHORIZE"},
    {"expired_token", "P", K::oauth_error, C::pin_expired, "PIN_EXPIRED", "REAUTHORIZE"},
    {"access_denied", "PX", K::oauth_error, C::declined, "DECLINED", "REAUTHORIZE"},
    {"invalid_grant", "P", K::oauth_error, C::refused, "PIN_EXPIRED", "REAUTHORIZE"},
    {"invalid_grant", "X", K::oauth_error, C::refused, "NEEDS_AUTHORIZATION", "REAUTHORIZE"},
    {"invalid_grant", "R", K::oauth_error, C::refused, "NEEDS_AUTHORIZATION", "REAUTHORIZE"},
    {"invalid_client", "APX", K::oauth_error, C::client_refused, "INVALID_CLIENT", "USER_ACTION"},
    {"invalid_client", "R", K::oauth_error, C::client_refused, "INVALID_CLIENT", "USER_ACTION"},
    {"unauthorized_client", "PXRA", K::oauth_error, C::blocked, "UNAUTHORIZED_CLIENT", "USER_ACTION"},
    {"invalid_scope", "PXRA", K::oauth_error, C::blocked, "SCOPE", "FIX_CONFIG"},
    {"invalid_request", "PXRA", K::oauth_error, C::blocked, "REJECTED", "BUG"},
    {"unsupported_grant_type", "PXRA", K::oauth_error, C::blocked, "REJECTED", "BUG"},
    {"not_supported", "PXRA", K::oauth_error, C::blocked, "REJECTED", "BUG"},
    {"account_locked", "PXRA", K::oauth_error, C::account_locked, "ACCOUNT_LOCKED", "USER_ACTION"},
    {"account_disabled", "PXRA", K::oauth_error, C::blocked, "ACCOUNT_DISABLED", "USER_ACTION"},
    {"", "PXRA", K::other_oauth_error, C::unknown_error, "SERVER", "USER_ACTION"},
    {"", "PXRAQ", K::throttled, C::throttled, "RATE_LIMITED", "RETRY"},
    {"", "P", K::not_ours, C::outage, "PENDING", "WAIT"},
    {"", "XRA", K::not_ours, C::outage, "SERVER", "RETRY"},
    {"", "P", K::cut_off, C::ambiguous, "PENDING", "WAIT"},
    {"", "XRAQ", K::cut_off, C::ambiguous, "NETWORK", "RETRY"},
    {"", "PXR", K::salvaged, C::salvage, "PROTOCOL", "RETRY"},
    {"", "PXRAQ", K::unreachable, C::not_sent, "NETWORK", "RETRY"},
    {"", "PXRAQ", K::tls_failed, C::not_sent, "TLS", "RETRY"},
    {"", "PXRAQ", K::certificate_time, C::not_sent, "CLOCK", "RETRY"},
    {"", "PXRAQ", K::given_up, C::not_sent, "CANCELLED", "NONE"},
    {"", "Q", K::api_expired, C::token_expired, "SERVER", "RETRY"},
    {"", "Q", K::api_refused, C::token_expired, "NEEDS_AUTHORIZATION", "REAUTHORIZE"},
    {"", "Q", K::api_revoked, C::revoked, "REVOKED", "REAUTHORIZE"},
    {"", "Q", K::api_other, C::untouched, "OK", "NONE"},
};

unsigned bits(const char* letters) {
  unsigned out = 0;
  for (AnswerContext context : all_contexts)
    if (std::string(letters).find(letter_of(context)) != std::string::npos) out |= 1u << static_cast<unsigned>(context);
  return out;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(table)

BOOST_AUTO_TEST_CASE(code_and_design_have_the_same_rows) {
  BOOST_REQUIRE_EQUAL(answer_table().size(), design.size());
  for (size_t i = 0; i < design.size(); ++i) {
    const AnswerRow& row = answer_table()[i];
    BOOST_TEST_CONTEXT("row " << i << " " << design[i].error << " " << design[i].contexts) {
      BOOST_TEST(std::string(row.error) == design[i].error);
      BOOST_TEST(row.contexts == bits(design[i].contexts));
      BOOST_TEST(static_cast<int>(row.kind) == static_cast<int>(design[i].kind));
      BOOST_TEST(row.answer_class == design[i].answer_class);
      BOOST_TEST(std::string(result_name(row.code)) == design[i].result);
      BOOST_TEST(std::string(action_name(row.action)) == design[i].action);
    }
  }
}

BOOST_AUTO_TEST_CASE(no_answer_falls_under_two_rows) {
  for (AnswerContext context : all_contexts) {
    std::set<std::string> seen;
    for (const AnswerRow& row : answer_table())
      if (row.contexts & (1u << static_cast<unsigned>(context)))
        BOOST_TEST(seen.insert(std::to_string(static_cast<int>(row.kind)) + row.error).second,
                   row.error << " twice in " << letter_of(context));
  }
}

BOOST_AUTO_TEST_CASE(errors_are_found_where_they_belong) {
  for (const Expected& expected : design) {
    if (expected.kind != K::oauth_error) continue;
    for (AnswerContext context : all_contexts) {
      const AnswerRow* row = find_error_row(expected.error, context);
      const bool belongs = std::string(expected.contexts).find(letter_of(context)) != std::string::npos;
      if (belongs) BOOST_REQUIRE(row);
      if (belongs) BOOST_TEST(row->answer_class == expected.answer_class);
    }
  }
  BOOST_TEST(!find_error_row("", AnswerContext::refresh));
  BOOST_TEST(!find_error_row("Invalid_Grant", AnswerContext::refresh));
  BOOST_TEST(!find_error_row("authorization_pending", AnswerContext::refresh));
  BOOST_TEST(!find_error_row("invalid_grant", AnswerContext::authorize));
  BOOST_TEST(!find_error_row("invalid_client", AnswerContext::request));
}

BOOST_AUTO_TEST_SUITE_END()
