// Cut and broken answers: a complete refresh token is saved, half of one never.
#include <boost/test/unit_test.hpp>

#include <string>

#include "answer_support.hpp"
#include "protocol/token_rules.hpp"

using namespace ecoauth;
using C = AnswerClass;

namespace {

std::string salvaged(std::string_view body) {
  auto token = salvage_refresh_token(body);
  return token ? std::string(token->reveal()) : "(none)";
}

const char rt[] = "v1.AbC-_dEf";
const char at[] = "eyJhbGciOi.J9-_";

// Both orders occur.
const std::string refresh_first =
    "{\n  \"refresh_token\": \"v1.AbC-_dEf\",\n  \"access_token\": \"eyJhbGciOi.J9-_\",\n"
    "  \"token_type\": \"Bearer\",\n  \"expires_in\": 3600,\n  \"scope\": \"smartRead\"\n}\n";
const std::string refresh_last =
    "{\n  \"access_token\": \"eyJhbGciOi.J9-_\",\n  \"token_type\": \"Bearer\",\n"
    "  \"expires_in\": 3600,\n  \"scope\": \"smartRead\",\n  \"refresh_token\": \"v1.AbC-_dEf\"\n}\n";

}  // namespace

BOOST_AUTO_TEST_SUITE(salvage)

BOOST_AUTO_TEST_CASE(truncation_at_every_byte) {
  for (const std::string& good : {refresh_first, refresh_last})
    for (AnswerContext context : token_contexts)
      for (bool noticed : {false, true})
        for (size_t size = 0; size <= good.size(); ++size) BOOST_TEST_CONTEXT(good.substr(0, size)) {
            const std::string body = good.substr(0, size);
            RawAnswer answer = answered(200, body);
            if (noticed) answer.transfer = RawAnswer::Transfer::ambiguous;
            const Classified got = classify(context, answer);
            const bool has_refresh_token = body.find(std::string(rt) + "\"") != std::string::npos;
            const bool whole = body.find('}') != std::string::npos && !noticed;
            if (whole) {
              BOOST_TEST(got.answer_class == C::success);
              BOOST_TEST(got.token->access_token.reveal() == at);
              BOOST_TEST(got.token->refresh_token.reveal() == rt);
            } else if (has_refresh_token) {
              BOOST_TEST(got.answer_class == C::salvage);
              BOOST_REQUIRE(got.token);
              BOOST_TEST(got.token->access_token.empty());
              BOOST_TEST(got.token->refresh_token.reveal() == rt);
            } else {
              BOOST_TEST(got.answer_class == (noticed ? C::ambiguous : C::outage));
              BOOST_TEST(!got.token);
            }
          }
}

BOOST_AUTO_TEST_CASE(only_from_a_2xx_and_only_where_tokens_are_expected) {
  const std::string cut = refresh_first.substr(0, 60);
  for (int status = 0; status <= 599; ++status)
    BOOST_TEST((classify(AnswerContext::refresh, answered(status, cut)).answer_class == C::salvage) ==
               (status / 100 == 2));
  BOOST_TEST(classify(AnswerContext::authorize, answered(200, cut)).answer_class == C::outage);
  BOOST_TEST(classify(AnswerContext::request, answered(200, cut)).answer_class == C::success);
}

BOOST_AUTO_TEST_CASE(escapes_blanks_and_marks) {
  BOOST_TEST(salvaged("{\"refresh_token\":\"a\"") == "a");
  BOOST_TEST(salvaged(" \r\n\t{ \"refresh_token\" \n:\t \"a\"") == "a");
  BOOST_TEST(salvaged("\xef\xbb\xbf{\"refresh_token\":\"a\"") == "a");
  BOOST_TEST(salvaged("{\"refresh\\u005ftoken\":\"\\u0061\\u002Db\\/c\"") == "a-b/c");
  BOOST_TEST(salvaged("{\"x\":\"\\\\\",\"refresh_token\":\"a\"") == "a");
  BOOST_TEST(salvaged("{\"x\":\"\\\"\",\"refresh_token\":\"a\"") == "a");
  BOOST_TEST(salvaged("{\"x\":NaN,\"y\":-1.5e3,\"z\":null,\"refresh_token\":\"a\"") == "a");
  BOOST_TEST(salvaged("{\"x\":\"\xff\n\x01\",\"refresh_token\":\"a\"") == "a");
  BOOST_TEST(salvaged("{\"x\":[1,{\"y\":[\"]}\"]}],\"refresh_token\":\"a\"") == "a");
}

BOOST_AUTO_TEST_CASE(never_an_unfinished_string) {
  for (const char* body :
       {"{\"refresh_token\":\"", "{\"refresh_token\":\"a", "{\"refresh_token\":\"a\\\"", "{\"refresh_token\":\"a\\",
        "{\"refresh_token\":\"a\\u006", "{\"refresh_token\":\"a\\u00g1\"", "{\"refresh_token\":\"a\\x\"",
        "{\"refresh_token", "{\"refresh_token\"", "{\"refresh_token\":", "{", "", "\"refresh_token\":\"a\""})
    BOOST_TEST(salvaged(body) == "(none)", body);
}

BOOST_AUTO_TEST_CASE(never_a_decoy) {
  for (const char* body :
       {"{\"data\":{\"refresh_token\":\"a\"}}", "{\"data\":[{\"refresh_token\":\"a\"}]", "[{\"refresh_token\":\"a\"}]",
        "{\"error_description\":\"\\\"refresh_token\\\":\\\"a\\\"\"}", "{\"old_refresh_token\":\"a\"}",
        "{\"Refresh_Token\":\"a\"}", "{\"x\":\"refresh_token\",\"y\":\"a\"}", "<html>{\"refresh_token\":\"a\"}</html>",
        "{\"refresh_token\":[\"a\"]", "{\"refresh_token\":{\"refresh_token\":\"a\"}",
        "{\"refresh_token\\u0000\":\"a\"}", "{\"x\":1 \"refresh_token\":\"a\"}", "{}{\"refresh_token\":\"a\"}",
        "{\"x\":{},}\"refresh_token\":\"a\""})
    BOOST_TEST(salvaged(body) == "(none)", body);
  BOOST_TEST(salvaged("{\"data\":{\"refresh_token\":\"a\"},\"refresh_token\":\"b\"") == "b");
}

BOOST_AUTO_TEST_CASE(never_a_token_that_could_do_harm) {
  for (const char* value : {"", " a", "a ", "a\\nb", "a\\r\\nX: y", "a\\u0000", "\\u0000", "a\\\"b", "a\\\\b", "a\\u00e4",
                            "a\\u007f", "\xc3\xa4", "a\tb"})
    BOOST_TEST(salvaged("{\"refresh_token\":\"" + std::string(value) + "\"}") == "(none)", value);
  BOOST_TEST(salvaged(std::string("{\"refresh_token\":\"a\0b\"}", 24)) == "(none)");
  BOOST_TEST(salvaged("{\"refresh_token\":\"" + std::string(refresh_token_limit_bytes, 'r') + "\"").size() ==
             refresh_token_limit_bytes);
  BOOST_TEST(salvaged("{\"refresh_token\":\"" + std::string(refresh_token_limit_bytes + 1, 'r') + "\"") == "(none)");
}

BOOST_AUTO_TEST_CASE(two_different_ones_are_none) {
  BOOST_TEST(salvaged("{\"refresh_token\":\"a\",\"refresh_token\":\"b\"}") == "(none)");
  BOOST_TEST(salvaged("{\"refresh_token\":\"a\",\"refresh_token\":\"a\"}") == "a");
}

BOOST_AUTO_TEST_CASE(endless_nesting_ends) {
  BOOST_TEST(salvaged("{\"x\":" + std::string(1000000, '[')) == "(none)");
  BOOST_TEST(salvaged("{\"x\":" + std::string(100000, '[') + std::string(100000, ']') + ",\"refresh_token\":\"a\"") ==
             "a");
}

BOOST_AUTO_TEST_SUITE_END()
