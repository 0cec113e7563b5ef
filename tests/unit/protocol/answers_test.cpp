// Every documented error in every context and status, and everything else a server may say.
#include "protocol/answers.hpp"

#include <boost/test/unit_test.hpp>

#include <map>
#include <string>
#include <vector>

#include "answer_support.hpp"
#include "base/text.hpp"

using namespace ecoauth;
using C = AnswerClass;

namespace {

struct Verdict {
  C answer_class;
  int32_t code;
  int32_t action;
};

// error -> letter of the context -> verdict. What is not here is an unknown error in that context.
std::map<std::string, std::map<char, Verdict>> verdicts() {
  const Verdict client{C::client_refused, ECOAUTH_ERROR_INVALID_CLIENT, ECOAUTH_ACTION_USER_ACTION};
  const Verdict kind{C::blocked, ECOAUTH_ERROR_UNAUTHORIZED_CLIENT, ECOAUTH_ACTION_USER_ACTION};
  const Verdict scope{C::blocked, ECOAUTH_ERROR_SCOPE, ECOAUTH_ACTION_FIX_CONFIG};
  const Verdict bug{C::blocked, ECOAUTH_ERROR_REJECTED, ECOAUTH_ACTION_BUG};
  const Verdict locked{C::account_locked, ECOAUTH_ERROR_ACCOUNT_LOCKED, ECOAUTH_ACTION_USER_ACTION};
  const Verdict disabled{C::blocked, ECOAUTH_ERROR_ACCOUNT_DISABLED, ECOAUTH_ACTION_USER_ACTION};
  const Verdict expired{C::pin_expired, ECOAUTH_ERROR_PIN_EXPIRED, ECOAUTH_ACTION_REAUTHORIZE};
  const Verdict declined{C::declined, ECOAUTH_ERROR_DECLINED, ECOAUTH_ACTION_REAUTHORIZE};
  const Verdict again{C::refused, ECOAUTH_ERROR_NEEDS_AUTHORIZATION, ECOAUTH_ACTION_REAUTHORIZE};
  auto everywhere = [](Verdict v) { return std::map<char, Verdict>{{'P', v}, {'X', v}, {'R', v}, {'A', v}}; };
  return {
      {"authorization_pending", {{'P', {C::keep_waiting, ECOAUTH_PENDING, ECOAUTH_ACTION_WAIT}}}},
      {"slow_down", {{'P', {C::slow_down, ECOAUTH_PENDING, ECOAUTH_ACTION_WAIT}}}},
      {"authorization_expired", {{'P', expired}}},
      {"expired_token", {{'P', expired}}},
      {"access_denied", {{'P', declined}, {'X', declined}}},  // X: in the redirect
      {"invalid_grant",
       {{'P', {C::refused, ECOAUTH_ERROR_PIN_EXPIRED, ECOAUTH_ACTION_REAUTHORIZE}}, {'X', again}, {'R', again}}},
      {"invalid_client", everywhere(client)},
      {"unauthorized_client", everywhere(kind)},
      {"invalid_scope", everywhere(scope)},
      {"invalid_request", everywhere(bug)},
      {"unsupported_grant_type", everywhere(bug)},
      {"not_supported", everywhere(bug)},
      {"account_locked", everywhere(locked)},
      {"account_disabled", everywhere(disabled)},
      {"something_new", {}},
  };
}

Verdict outage_in(AnswerContext context) {
  if (context == AnswerContext::poll) return {C::outage, ECOAUTH_PENDING, ECOAUTH_ACTION_WAIT};
  return {C::outage, ECOAUTH_ERROR_SERVER, ECOAUTH_ACTION_RETRY};
}

const Verdict throttled{C::throttled, ECOAUTH_ERROR_RATE_LIMITED, ECOAUTH_ACTION_RETRY};

void check(const Classified& got, const Verdict& want) {
  BOOST_TEST(got.answer_class == want.answer_class);
  BOOST_TEST(got.error.code == want.code);
  BOOST_TEST(got.error.action == want.action);
  BOOST_TEST(!got.token.has_value());
  BOOST_TEST(!got.pin.has_value());
  if (want.code < 0) {
    BOOST_TEST(!got.error.message.empty());
    BOOST_TEST(!got.error.advice.empty());
  }
}

constexpr AnswerContext conversations[] = {AnswerContext::poll, AnswerContext::exchange, AnswerContext::refresh,
                                           AnswerContext::authorize};
const int statuses[] = {200, 302, 400, 401, 403, 404, 429, 500, 503, 511};

}  // namespace

BOOST_AUTO_TEST_SUITE(answers)

BOOST_AUTO_TEST_CASE(errors_by_their_name_in_every_status) {
  for (const auto& [error, by_context] : verdicts())
    for (AnswerContext context : conversations)
      for (int status : statuses) BOOST_TEST_CONTEXT(error << " " << letter_of(context) << " " << status) {
          const std::string body = error_body(error);
          const Classified got = classify(context, answered(status, body));
          Verdict want{C::unknown_error, ECOAUTH_ERROR_SERVER, ECOAUTH_ACTION_USER_ACTION};
          auto known = by_context.find(letter_of(context));
          if (known != by_context.end())
            want = known->second;
          else if (status == 429)
            want = throttled;
          else if (status >= 500)
            want = outage_in(context);
          check(got, want);
          BOOST_TEST(got.error.oauth_error == error);
          BOOST_TEST(got.error.oauth_description == "Some words.");
          BOOST_TEST(got.error.oauth_uri == "https://tools.ietf.org/html/rfc6749#section-5.2");
          BOOST_TEST(got.error.http_status == status);
          BOOST_TEST(got.error.api_status == -1);
        }
}

BOOST_AUTO_TEST_CASE(every_status_with_a_body_that_is_not_ours) {
  const std::string bodies[] = {"",
                                " \r\n",
                                html_body,
                                "<html>",
                                "null",
                                "[]",
                                "\"error\"",
                                "{}",
                                "{\"error\":null}",
                                "{\"error\":7}",
                                "{\"error\":{\"code\":\"invalid_grant\"}}",
                                "{\"errors\":\"invalid_grant\"}",
                                "{\"error\":\"invalid_grant\"",
                                "error=invalid_grant",
                                "{\"status\":503,\"path\":\"/token\"}",
                                api_body(3, "Processing error.")};
  for (AnswerContext context : conversations)
    for (int status = 100; status <= 599; ++status)
      for (const std::string& body : bodies) BOOST_TEST_CONTEXT(letter_of(context) << " " << status << " " << body) {
          check(classify(context, answered(status, body)), status == 429 ? throttled : outage_in(context));
        }
}

BOOST_AUTO_TEST_CASE(errors_inside_html_or_quotes_are_no_errors) {
  for (int status : statuses)
    for (const char* body :
         {"<html>{\"error\":\"invalid_grant\"}</html>", "{\"note\":\"{\\\"error\\\":\\\"invalid_grant\\\"}\"}",
          "{\"data\":{\"error\":\"invalid_grant\"}}", "[{\"error\":\"invalid_grant\"}]"})
      check(classify(AnswerContext::refresh, answered(status, body)),
            status == 429 ? throttled : outage_in(AnswerContext::refresh));
}

BOOST_AUTO_TEST_CASE(api_status_in_a_token_conversation_is_server_trouble) {
  for (int code : {0, 1, 2, 3, 9, 14, 15, 16}) {
    const std::string body = api_body(code, "Application has been revoked.");
    for (AnswerContext context : conversations) {
      Classified got = classify(context, answered(500, body));
      check(got, outage_in(context));
      BOOST_TEST(got.error.api_status == code);
      BOOST_TEST(got.error.oauth_description == "Application has been revoked.");
    }
  }
}

BOOST_AUTO_TEST_CASE(retry_after_is_obeyed_and_an_error_still_counts) {
  for (AnswerContext context : all_contexts) {
    RawAnswer busy = answered(503, html_body);
    busy.retry_after = "120";
    Classified got = classify(context, busy);
    check(got, throttled);
    BOOST_TEST(got.retry_after_ms == 120000);
    BOOST_TEST(got.error.retry_after_ms == 120000);
    check(classify(context, answered(429, "")), throttled);
    BOOST_TEST(classify(context, answered(429, "")).retry_after_ms == 0);
  }
  const std::string pending = error_body("authorization_pending");
  RawAnswer answer = answered(429, pending);
  answer.retry_after = "7";
  Classified got = classify(AnswerContext::poll, answer);
  BOOST_TEST(got.answer_class == C::keep_waiting);
  BOOST_TEST(got.retry_after_ms == 7000);
}

BOOST_AUTO_TEST_CASE(key_problems_say_that_a_key_cannot_be_replaced) {
  for (const char* error : {"invalid_client", "unauthorized_client"}) {
    const std::string body = error_body(error);
    const Classified got = classify(AnswerContext::refresh, answered(401, body));
    BOOST_TEST(got.error.advice.find("disabled by ecobee") != std::string::npos);
    BOOST_TEST(got.error.advice.find("cannot be replaced") != std::string::npos);
  }
  const std::string body = api_body(2, "Not authorized. Application has been revoked.");
  const Classified got = classify(AnswerContext::request, answered(500, body));
  BOOST_TEST(got.error.advice.find("disabled by ecobee") != std::string::npos);
  BOOST_TEST(got.error.advice.find("cannot be replaced") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(locked_account_waits_half_an_hour) {
  const std::string body = error_body("account_locked");
  BOOST_TEST(classify(AnswerContext::refresh, answered(401, body)).error.retry_after_ms == 30 * 60 * 1000);
}

BOOST_AUTO_TEST_CASE(api_answers) {
  struct Row {
    int status;
    int code;
    const char* message;
    C want;
    int32_t result;
  };
  const Row rows[] = {
      {200, 0, "", C::success, ECOAUTH_OK},
      {200, 3, "Processing error.", C::untouched, ECOAUTH_OK},
      {500, 0, "", C::untouched, ECOAUTH_OK},
      {500, 1, "Authentication failed.", C::token_expired, ECOAUTH_ERROR_NEEDS_AUTHORIZATION},
      {200, 1, "Authentication failed.", C::token_expired, ECOAUTH_ERROR_NEEDS_AUTHORIZATION},
      {500, 2, "Not authorized.", C::untouched, ECOAUTH_OK},
      {500, 2, "Not authorized. Application has been REVOKED.", C::revoked, ECOAUTH_ERROR_REVOKED},
      {500, 3, "Processing error.", C::untouched, ECOAUTH_OK},
      {500, 9, "Invalid selection.", C::untouched, ECOAUTH_OK},
      {500, 14, "Authentication token has expired.", C::token_expired, ECOAUTH_ERROR_SERVER},
      {401, 14, "Authentication token has expired.", C::token_expired, ECOAUTH_ERROR_SERVER},
      {200, 14, "Authentication token has expired.", C::token_expired, ECOAUTH_ERROR_SERVER},
      {500, 15, "Duplicate data violation.", C::untouched, ECOAUTH_OK},
      {500, 16, "Invalid token.", C::revoked, ECOAUTH_ERROR_REVOKED},
      {401, 3, "", C::token_expired, ECOAUTH_ERROR_SERVER},
      {429, 3, "", C::throttled, ECOAUTH_ERROR_RATE_LIMITED},
  };
  for (const Row& row : rows) BOOST_TEST_CONTEXT(row.status << " " << row.code << " " << row.message) {
      const std::string body = api_body(row.code, row.message);
      const Classified got = classify(AnswerContext::request, answered(row.status, body));
      BOOST_TEST(got.answer_class == row.want);
      BOOST_TEST(got.error.code == row.result);
      BOOST_TEST(got.error.api_status == row.code);
      BOOST_TEST(got.error.oauth_description == row.message);
    }
}

BOOST_AUTO_TEST_CASE(api_answers_without_a_status_object) {
  for (int status = 100; status <= 599; ++status)
    for (const std::string& body : {std::string(), std::string(html_body), std::string("{\"page\":{}}"),
                                    std::string("{\"a\":"), std::string("{\"status\":14}"),
                                    std::string("{\"x\":{\"status\":{\"code\":14}}}"), error_body("invalid_grant")}) {
      const C want = status == 401       ? C::token_expired
                     : status == 429     ? C::throttled
                     : status / 100 == 2 ? C::success
                                         : C::untouched;
      BOOST_TEST_CONTEXT(status << " " << body)
      BOOST_TEST(classify(AnswerContext::request, answered(status, body)).answer_class == want);
    }
}

BOOST_AUTO_TEST_CASE(large_api_answers_are_the_callers) {
  const std::string body = "{\"status\":{\"code\":14},\"x\":\"" + std::string(200000, 'x') + "\"}";
  BOOST_TEST(classify(AnswerContext::request, answered(200, body)).answer_class == C::success);
}

BOOST_AUTO_TEST_CASE(failed_transfers) {
  using T = RawAnswer::Trouble;
  struct Row {
    RawAnswer::Transfer transfer;
    T trouble;
    C want;
    int32_t code;
    int32_t code_when_polling;
  };
  const auto before = RawAnswer::Transfer::not_sent, after = RawAnswer::Transfer::ambiguous;
  const Row rows[] = {
      {before, T::network, C::not_sent, ECOAUTH_ERROR_NETWORK, ECOAUTH_ERROR_NETWORK},
      {before, T::timeout, C::not_sent, ECOAUTH_ERROR_NETWORK, ECOAUTH_ERROR_NETWORK},
      {before, T::none, C::not_sent, ECOAUTH_ERROR_NETWORK, ECOAUTH_ERROR_NETWORK},
      {before, T::tls, C::not_sent, ECOAUTH_ERROR_TLS, ECOAUTH_ERROR_TLS},
      {before, T::certificate_time, C::not_sent, ECOAUTH_ERROR_CLOCK, ECOAUTH_ERROR_CLOCK},
      {before, T::cancelled, C::not_sent, ECOAUTH_ERROR_CANCELLED, ECOAUTH_ERROR_CANCELLED},
      {after, T::network, C::ambiguous, ECOAUTH_ERROR_NETWORK, ECOAUTH_PENDING},
      {after, T::timeout, C::ambiguous, ECOAUTH_ERROR_NETWORK, ECOAUTH_PENDING},
      {after, T::tls, C::ambiguous, ECOAUTH_ERROR_NETWORK, ECOAUTH_PENDING},
      {after, T::certificate_time, C::ambiguous, ECOAUTH_ERROR_NETWORK, ECOAUTH_PENDING},
      {after, T::none, C::ambiguous, ECOAUTH_ERROR_NETWORK, ECOAUTH_PENDING},
      {after, T::cancelled, C::ambiguous, ECOAUTH_ERROR_CANCELLED, ECOAUTH_ERROR_CANCELLED},
  };
  for (const Row& row : rows)
    for (AnswerContext context : all_contexts)
      for (int status : {0, 200, 400}) {
        const std::string body = error_body("invalid_grant");
        RawAnswer answer = answered(status, body);  // what arrived before the cut is no verdict
        answer.transfer = row.transfer;
        answer.trouble = row.trouble;
        answer.detail = "connection to api.ecobee.com: reset\r\n";
        const Classified got = classify(context, answer);
        BOOST_TEST(got.answer_class == row.want);
        BOOST_TEST(got.error.code == (context == AnswerContext::poll ? row.code_when_polling : row.code));
        if (row.trouble == T::network) BOOST_TEST(got.error.message.find("api.ecobee.com: reset") != std::string::npos);
        BOOST_TEST(got.error.message.find('\n') == std::string::npos);
      }
}

BOOST_AUTO_TEST_CASE(messages_are_one_printable_line) {
  for (AnswerContext context : all_contexts)
    for (int status : statuses)
      for (const std::string& body : {std::string(), std::string(html_body),
                                      std::string("{\"error\":\"a\\u001b[31m\\nb\"}"), error_body("invalid_client")}) {
        const Error error = classify(context, answered(status, body)).error;
        for (const std::string& words : {error.message, error.advice, error.oauth_error, error.oauth_description})
          BOOST_TEST(words == printable(words, 1000));
      }
}

BOOST_AUTO_TEST_SUITE_END()
