// What is read out of good answers, and what is not taken for one.
#include <boost/test/unit_test.hpp>

#include <string>
#include <vector>

#include "answer_support.hpp"
#include "protocol/token_rules.hpp"

using namespace ecoauth;
using C = AnswerClass;

namespace {

std::string token_body(const std::string& members) {
  return "{\n  \"access_token\": \"at.AT-_~\",\n  \"refresh_token\": \"v1.rt_RT-\"" +
         (members.empty() ? std::string() : ",\n  " + members) + "\n}";
}
std::string pin_body(const std::string& members) {
  return "{\"ecobeePin\":\"RHBM-BXPD\",\"code\":\"a-b_c\"" + (members.empty() ? std::string() : "," + members) + "}";
}
Classified token(const std::string& body) { return classify(AnswerContext::refresh, answered(200, body)); }
Classified pin(const std::string& body) { return classify(AnswerContext::authorize, answered(200, body)); }
std::string quoted(const std::string& text) { return "\"" + text + "\""; }

}  // namespace

BOOST_AUTO_TEST_SUITE(values)

BOOST_AUTO_TEST_CASE(a_complete_token_answer) {
  const std::string body = token_body(
      "\"token_type\": \"Bearer\", \"expires_in\": 3599, \"scope\": \"openid,smartWrite,offline_access\", "
      "\"id_token\": {}");
  for (AnswerContext context : token_contexts) {
    Classified got = classify(context, answered(200, body));
    BOOST_TEST(got.answer_class == C::success);
    BOOST_TEST(got.error.code == ECOAUTH_OK);
    BOOST_REQUIRE(got.token);
    BOOST_TEST(got.token->access_token.reveal() == "at.AT-_~");
    BOOST_TEST(got.token->refresh_token.reveal() == "v1.rt_RT-");
    BOOST_TEST(got.token->token_type == "Bearer");
    BOOST_TEST(got.token->scope == "openid,smartWrite,offline_access");
    BOOST_TEST(got.token->lifetime_ms == 3599000);
    BOOST_TEST(got.note.empty());
  }
}

BOOST_AUTO_TEST_CASE(a_complete_pin_answer) {
  Classified got = pin(pin_body("\"interval\":5,\"expires_in\":900,\"scope\":\"openid,smartRead\""));
  BOOST_TEST(got.answer_class == C::success);
  BOOST_REQUIRE(got.pin);
  BOOST_TEST(got.pin->pin.reveal() == "RHBM-BXPD");
  BOOST_TEST(got.pin->code.reveal() == "a-b_c");
  BOOST_TEST(got.pin->scope == "openid,smartRead");
  BOOST_TEST(got.pin->lifetime_ms == 900000);
  BOOST_TEST(got.pin->interval_ms == 5000);
}

BOOST_AUTO_TEST_CASE(only_a_2xx_is_a_success) {
  const std::string tokens = token_body("\"expires_in\":3600");
  const std::string pins = pin_body("\"expires_in\":900");
  for (int status = 100; status <= 599; ++status) {
    const bool good = status / 100 == 2;
    BOOST_TEST((classify(AnswerContext::refresh, answered(status, tokens)).answer_class == C::success) == good);
    BOOST_TEST((classify(AnswerContext::authorize, answered(status, pins)).answer_class == C::success) == good);
  }
}

BOOST_AUTO_TEST_CASE(tokens_beside_an_error_are_no_success) {
  Classified got = token(token_body("\"error\":\"invalid_grant\""));
  BOOST_TEST(got.answer_class == C::refused);
  BOOST_TEST(!got.token);
  BOOST_TEST(token(token_body("\"error\":null")).answer_class == C::success);
  BOOST_TEST(token(token_body("\"error\":\"\"")).answer_class == C::success);
}

BOOST_AUTO_TEST_CASE(token_type_is_bearer_in_any_case_or_absent) {
  for (const char* type : {"\"Bearer\"", "\"bearer\"", "\"BEARER\"", "null"})
    BOOST_TEST(token(token_body("\"token_type\":" + std::string(type))).answer_class == C::success, type);
  BOOST_TEST(token(token_body("")).token->token_type == "Bearer");
  BOOST_TEST(!token(token_body("")).note.empty());
  for (const char* type : {"\"mac\"", "\"\"", "7", "true", "[\"Bearer\"]", "\"Bearer \"", "\"N_A\""})
    BOOST_TEST(token(token_body("\"token_type\":" + std::string(type))).answer_class == C::salvage, type);
}

BOOST_AUTO_TEST_CASE(lifetime_of_an_access_token) {
  const std::vector<std::pair<std::string, int64_t>> rows = {{"3600", 3600000},
                                                             {"1", 1000},
                                                             {"0.5", 1000},
                                                             {"3599.9", 3599900},
                                                             {"\"3600\"", 3600000},
                                                             {"3.6e3", 3600000},
                                                             {"86400", 86400000},
                                                             {"86401", 86400000},
                                                             {"1000000000000", 86400000},
                                                             {"9223372036854775807", 86400000},
                                                             {"18446744073709551615", 86400000},
                                                             {"99999999999999999999999", 86400000},
                                                             {"1e300", 86400000},
                                                             {"0", 3600000},
                                                             {"-1", 3600000},
                                                             {"-99999999999999999999", 3600000},
                                                             {"-1e300", 3600000},
                                                             {"null", 3600000},
                                                             {"true", 3600000},
                                                             {"\"soon\"", 3600000},
                                                             {"\"\"", 3600000},
                                                             {"[3600]", 3600000},
                                                             {"{}", 3600000},
                                                             {"\"3600s\"", 3600000}};
  for (const auto& [text, want] : rows) BOOST_TEST_CONTEXT(text) {
      Classified got = token(token_body("\"expires_in\":" + text));
      BOOST_REQUIRE(got.token);
      BOOST_TEST(got.answer_class == C::success);
      BOOST_TEST(got.token->lifetime_ms == want);
    }
  BOOST_TEST(token(token_body("")).token->lifetime_ms == 3600000);
}

BOOST_AUTO_TEST_CASE(lifetime_of_a_pin_in_minutes_or_seconds) {
  struct Row {
    const char* text;
    int64_t want_ms;
    bool minutes;
  };
  const Row rows[] = {{"9", 540000, true},
                      {"540", 540000, false},
                      {"900", 900000, false},
                      {"60", 1800000, true},
                      {"61", 61000, false},
                      {"30", 1800000, true},
                      {"31", 1800000, true},
                      {"1", 60000, true},
                      {"1800", 1800000, false},
                      {"1801", 1800000, false},
                      {"\"9\"", 540000, true},
                      {"\"900\"", 900000, false},
                      {"9.5", 570000, true},
                      {"900.0", 900000, false},
                      {"99999999999999999999999", 1800000, false},
                      {"1e300", 1800000, false},
                      {"0", 540000, false},
                      {"-9", 540000, false},
                      {"null", 540000, false},
                      {"\"soon\"", 540000, false},
                      {"[]", 540000, false},
                      {"true", 540000, false},
                      {"-99999999999999999999", 540000, false}};
  for (const Row& row : rows) BOOST_TEST_CONTEXT(row.text) {
      Classified got = pin(pin_body("\"expires_in\":" + std::string(row.text)));
      BOOST_REQUIRE(got.pin);
      BOOST_TEST(got.pin->lifetime_ms == row.want_ms);
      BOOST_TEST(got.pin->lifetime_in_minutes == row.minutes);
      BOOST_TEST(!got.note.empty());
    }
  BOOST_TEST(pin(pin_body("")).pin->lifetime_ms == 540000);
}

BOOST_AUTO_TEST_CASE(interval_of_polling) {
  const std::vector<std::pair<std::string, int64_t>> rows = {
      {"5", 5000},     {"30", 30000},    {"1", 1000},    {"0", 1000},   {"0.2", 1000},
      {"60", 60000},   {"61", 60000},    {"1e9", 60000}, {"-3", 30000}, {"null", 30000},
      {"\"7\"", 7000}, {"\"x\"", 30000}, {"[1]", 30000}, {"2.5", 2500}, {"99999999999999999999", 60000}};
  for (const auto& [text, want] : rows)
    BOOST_TEST(pin(pin_body("\"interval\":" + text)).pin->interval_ms == want, text);
  BOOST_TEST(pin(pin_body("")).pin->interval_ms == 30000);
}

BOOST_AUTO_TEST_CASE(the_refresh_token_may_be_missing_but_not_wrong) {
  for (const char* member : {"", ",\"refresh_token\":null", ",\"refresh_token\":\"\""}) {
    Classified got = token("{\"access_token\":\"a\",\"token_type\":\"Bearer\"" + std::string(member) + "}");
    BOOST_TEST(got.answer_class == C::success);
    BOOST_TEST(got.token->refresh_token.empty());
  }
  for (const char* value :
       {"7", "true", "[]", "{}", "\" a\"", "\"a\\nb\"", "\"a\\\"b\"", "\"a\\\\b\"", "\"\\u00e4\""}) {
    Classified got =
        token("{\"access_token\":\"a\",\"token_type\":\"Bearer\",\"refresh_token\":" + std::string(value) + "}");
    BOOST_TEST(got.answer_class == C::outage, value);
    BOOST_TEST(!got.token);
  }
}

BOOST_AUTO_TEST_CASE(a_refresh_token_may_hold_what_a_header_may_not) {
  const std::string odd = "v1.a+b/c=d&e -_.%~";
  Classified got = token("{\"access_token\":\"a\",\"token_type\":\"Bearer\",\"refresh_token\":\"" + odd + "\"}");
  BOOST_TEST(got.answer_class == C::success);
  BOOST_TEST(got.token->refresh_token.reveal() == odd);
  BOOST_TEST(!token("{\"access_token\":\"a b\",\"token_type\":\"Bearer\"}").token.has_value());
}

BOOST_AUTO_TEST_CASE(an_unusable_access_token_leaves_the_refresh_token) {
  for (const std::string& value :
       {std::string("7"), std::string("null"), std::string("true"), std::string("\"\""), std::string("\"a b\""),
        std::string("\"a\\r\\nX: y\""), std::string("\"a\\u0000b\""), std::string("\"a\\u007f\""),
        std::string("\"\xc3\xa4\""), std::string("\"\xff\""), quoted(std::string(access_token_limit_bytes + 1, 'a'))}) {
    Classified got = token("{\"access_token\":" + value + ",\"refresh_token\":\"v1.keep\",\"token_type\":\"Bearer\"}");
    BOOST_TEST(got.answer_class == C::salvage, value.substr(0, 30));
    BOOST_REQUIRE(got.token);
    BOOST_TEST(got.token->access_token.empty());
    BOOST_TEST(got.token->refresh_token.reveal() == "v1.keep");
    BOOST_TEST(got.error.code == ECOAUTH_ERROR_PROTOCOL);
  }
}

BOOST_AUTO_TEST_CASE(limits_are_inclusive) {
  const std::string longest_at(access_token_limit_bytes, 'a'), longest_rt(refresh_token_limit_bytes, 'r');
  Classified got = token("{\"access_token\":\"" + longest_at + "\",\"refresh_token\":\"" + longest_rt + "\"}");
  BOOST_TEST(got.answer_class == C::success);
  BOOST_TEST(got.token->access_token.size() == longest_at.size());
  BOOST_TEST(got.token->refresh_token.size() == longest_rt.size());
  BOOST_TEST(token("{\"access_token\":\"a\",\"refresh_token\":\"" + longest_rt + "r\"}").answer_class == C::outage);

  auto with = [](const std::string& pin_text, const std::string& code) {
    return pin("{\"ecobeePin\":\"" + pin_text + "\",\"code\":\"" + code + "\"}").answer_class;
  };
  BOOST_TEST(with(std::string(64, 'P'), std::string(512, 'c')) == C::success);
  BOOST_TEST(with(std::string(65, 'P'), "c") == C::outage);
  BOOST_TEST(with("P", std::string(513, 'c')) == C::outage);
  BOOST_TEST(with("ABC 123", "c") == C::success);
  for (const char* bad : {"", " A", "A ", "A\\tB", "A\\u001b[31m", "\xc3\xa4"})
    BOOST_TEST(with(bad, "c") == C::outage, bad);
  for (const char* bad : {"", "a b", "a\\\"b", "a\\nb"}) BOOST_TEST(with("P", bad) == C::outage, bad);
}

BOOST_AUTO_TEST_CASE(token_alphabet) {
  for (int c = 0; c < 256; ++c) {
    const std::string text(1, static_cast<char>(c));
    BOOST_TEST(good_token(text, 10) == (c >= 0x21 && c <= 0x7e && c != '"' && c != '\\'), c);
  }
}

BOOST_AUTO_TEST_SUITE_END()
