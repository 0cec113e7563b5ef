// Bodies made to break a parser, and servers that repeat our secrets.
#include <boost/test/unit_test.hpp>

#include <string>
#include <vector>

#include "answer_support.hpp"
#include "base/text.hpp"
#include "protocol/answer_json.hpp"
#include "protocol/form.hpp"
#include "protocol/redact.hpp"
#include "support/hostile_locale.hpp"

using namespace ecoauth;
using C = AnswerClass;

namespace {

Classified refresh(const std::string& body, int status = 200) {
  return classify(AnswerContext::refresh, answered(status, body));
}
const std::string good_members = "\"access_token\":\"a\",\"token_type\":\"Bearer\",\"expires_in\":3600";

}  // namespace

BOOST_AUTO_TEST_SUITE(hostile)

BOOST_AUTO_TEST_CASE(deep_nesting) {
  for (size_t depth : {40u, 100000u, 1000000u}) {
    const std::string open(depth, '['), close(depth, ']');
    BOOST_TEST(refresh("{" + good_members + ",\"x\":" + open + close + "}").answer_class == C::outage);
    BOOST_TEST(refresh(open).answer_class == C::outage);
    std::string objects;
    for (size_t i = 0; i < depth; ++i) objects += "{\"a\":";
    BOOST_TEST(refresh(objects).answer_class == C::outage);
  }
  BOOST_TEST(refresh("{" + good_members + ",\"x\":" + std::string(20, '[') + std::string(20, ']') + "}").answer_class ==
             C::success);
}

BOOST_AUTO_TEST_CASE(size) {
  std::string many = "{";
  for (int i = 0; i < 100000; ++i) many += "\"k" + std::to_string(i) + "\":0,";
  BOOST_TEST(refresh(many + good_members + "}").answer_class == C::outage);
  const std::string filler(json_limit_bytes, 'x');
  BOOST_TEST(refresh("{" + good_members + ",\"x\":\"" + filler + "\"}").answer_class == C::outage);
  BOOST_TEST(refresh("{" + good_members + ",\"x\":\"" + filler.substr(1000) + "\"}").answer_class == C::success);
  std::string fits = "{";
  for (int i = 0; i < 5000; ++i) fits += "\"" + std::to_string(i) + "\":0,";
  BOOST_TEST(refresh(fits + good_members + "}").answer_class == C::success);
}

BOOST_AUTO_TEST_CASE(a_member_said_twice) {
  for (const char* name : {"access_token", "refresh_token", "token_type", "expires_in", "scope", "error",
                           "error_description", "error_uri", "code", "interval", "ecobeePin", "status"}) {
    const std::string twice = "{\"" + std::string(name) + "\":\"x\",\"" + name + "\":\"x\"}";
    BOOST_TEST(!read_answer_json(twice), name);
    const std::string with_null = "{\"" + std::string(name) + "\":null,\"" + name + "\":\"x\"}";
    BOOST_TEST(!read_answer_json(with_null), name);
    const std::string nested = "{\"a\":{\"" + std::string(name) + "\":\"x\"},\"" + name + "\":\"x\"}";
    BOOST_TEST(read_answer_json(nested).has_value(), name);
  }
  BOOST_TEST(!read_answer_json("{\"status\":{\"code\":1},\"status\":{\"code\":2}}"));
  BOOST_TEST(!read_answer_json("{\"status\":{\"code\":1,\"code\":2}}"));
  BOOST_TEST(!read_answer_json("{\"status\":{\"code\":14},\"status\":\"x\"}"));
  BOOST_TEST(!read_answer_json("{\"status\":[],\"st\\u0061tus\":{\"code\":14}}"));
  BOOST_TEST(read_answer_json("{\"unused\":1,\"unused\":2}").has_value());
  // the escaped spelling is the same name
  BOOST_TEST(!read_answer_json("{\"error\":\"invalid_grant\",\"err\\u006fr\":\"slow_down\"}"));
  BOOST_TEST(refresh("{\"error\":\"slow_down\",\"error\":\"invalid_grant\"}", 400).answer_class == C::outage);
}

BOOST_AUTO_TEST_CASE(what_is_no_json_object) {
  const std::string nul = std::string("{") + good_members + std::string("}\0", 2);
  for (const std::string& body :
       {std::string("{" + good_members + "} x"), std::string("{" + good_members + "}{}"),
        std::string("{" + good_members + ",}"), std::string("{" + good_members + "} // x"),
        std::string("[{" + good_members + "}]"), nul, std::string("{" + good_members + ",\"x\\u0000\":1}"),
        std::string("{" + good_members + ",\"x\":\"\xff\xfe\"}"),
        std::string("{" + good_members + ",\"x\":\"\xed\xa0\x80\"}"),
        std::string("{" + good_members + ",\"x\":\"\n\"}"), std::string("{" + good_members + ",\"x\":01}"),
        std::string("{" + good_members + ",'x':1}"), std::string("{" + good_members + ",\"x\":NaN}")})
    BOOST_TEST(refresh(body).answer_class == C::outage, printable(body));
}

BOOST_AUTO_TEST_CASE(long_numbers_are_harmless) {
  const std::string digits(500, '7');
  for (const std::string& number :
       {digits, "-" + digits, "1." + digits, digits + ".5", "-" + digits + ".5", "0." + digits, "1." + digits + "e400",
        digits + "e5", digits + "e-490", std::string("1e999"), std::string("-1E+999"), std::string("1e-999"),
        std::string("0e999"), "1e" + digits})
    BOOST_TEST(refresh("{" + good_members + ",\"x\":" + number + "}").answer_class == C::success, number.substr(0, 20));
  for (const std::string& number :
       {"0" + digits, digits + ".", digits + "e", digits + "e+", digits + ".5.5", digits + "x", digits + ".e5",
        std::string("1e999.5"), std::string("1e++9"), std::string("--1"), "+" + digits})
    BOOST_TEST(refresh("{" + good_members + ",\"x\":" + number + "}").answer_class == C::outage, number.substr(0, 20));
  // digits in strings are nobody's number
  const Classified got = refresh("{\"access_token\":\"" + digits + "\",\"x\":\"\\\"" + digits + "\"}");
  BOOST_REQUIRE(got.token);
  BOOST_TEST(got.token->access_token.reveal() == digits);
}

BOOST_AUTO_TEST_CASE(the_hosts_locale_changes_nothing) {
  const test::HostileLocale hostile;
  const Classified got =
      refresh("{\"access_token\":\"a\",\"refresh_token\":\"r\",\"expires_in\":3599.5,\"x\":1234567}");
  const Classified pin =
      classify(AnswerContext::authorize,
               answered(200, "{\"ecobeePin\":\"P\",\"code\":\"c\",\"expires_in\":9.5,\"interval\":1e1}"));
  const Classified failed = classify(AnswerContext::refresh, answered(12345, "{\"status\":{\"code\":12345}}"));
  const int64_t after = retry_after_ms("3600", "");
  const int64_t date = retry_after_ms("Sun, 06 Nov 1994 09:49:37 GMT", "Sun, 06 Nov 1994 08:49:37 GMT");
  BOOST_REQUIRE(got.token);
  BOOST_TEST(got.token->lifetime_ms == 3599500);
  BOOST_REQUIRE(pin.pin);
  BOOST_TEST(pin.pin->lifetime_ms == 570000);
  BOOST_TEST(pin.pin->interval_ms == 10000);
  BOOST_TEST(failed.error.message.find("API status 12345, HTTP 12345") != std::string::npos);
  BOOST_TEST(after == 3600000);
  BOOST_TEST(date == 3600000);
}

BOOST_AUTO_TEST_CASE(our_own_secrets_do_not_come_back_in_errors) {
  const Secret refresh_token("v1.canary+token/with=odd%signs"), client_id("CANARYkey0123456789ABCDEFGHIJKLM"),
      pin("WXYZ-BCDF");
  const std::vector<const Secret*> secrets = {&refresh_token, &client_id, &pin, nullptr};
  std::vector<std::string> spellings;
  for (const Secret* secret : {&refresh_token, &client_id, &pin}) {
    spellings.emplace_back(secret->reveal());
    spellings.push_back(percent_encode(secret->reveal()));
    spellings.push_back(lower_ascii(percent_encode("+")) + spellings.front());
  }
  std::string lower_escapes = percent_encode(refresh_token.reveal());
  for (size_t at = 0; (at = lower_escapes.find('%', at)) != std::string::npos; at += 3)
    lower_escapes.replace(at, 3, lower_ascii(lower_escapes.substr(at, 3)));
  spellings.push_back(lower_escapes);
  spellings.emplace_back(refresh_token.reveal().substr(0, 20));                     // cut by the server
  spellings.emplace_back(std::string(240, ' ') + std::string(client_id.reveal()));  // across our own cut
  spellings.emplace_back(std::string(client_id.reveal()) + std::string(client_id.reveal()));

  auto leaks = [&](const std::string& texts) {
    for (const Secret* secret : {&refresh_token, &client_id, &pin})
      for (size_t at = 0; at + 9 <= secret->size(); ++at)
        if (texts.find(secret->reveal().substr(at, std::min<size_t>(13, secret->size() - at))) != std::string::npos &&
            secret->size() - at >= 9)
          return secret->size() - at >= 13 || at == 0;
    return false;
  };
  for (const std::string& echo : spellings)
    for (AnswerContext context : all_contexts)
      for (const char* error : {"invalid_grant", "invalid_client", "something_new"})
        for (int status : {200, 400, 503}) BOOST_TEST_CONTEXT(echo) {
            const std::string body = "{\"error\":\"" + std::string(error) + "\",\"error_description\":\"bad token " +
                                     echo + ".\",\"error_uri\":\"https://x/?t=" + echo + "\"}";
            const Classified got = classify(context, answered(status, body), secrets);
            BOOST_TEST(!leaks(all_texts(got.error)));
            BOOST_TEST((got.error.oauth_description.find("[removed]") != std::string::npos ||
                        got.error.oauth_description.size() >= 240));
            const std::string as_error = "{\"error\":\"" + echo + "\"}";
            BOOST_TEST(!leaks(all_texts(classify(context, answered(status, as_error), secrets).error)));
            const std::string as_api = "{\"status\":{\"code\":3,\"message\":\"" + echo + "\"}}";
            BOOST_TEST(!leaks(all_texts(classify(context, answered(status, as_api), secrets).error)));
            RawAnswer failed;
            failed.transfer = RawAnswer::Transfer::ambiguous;
            failed.detail = "GET " + echo;
            BOOST_TEST(!leaks(all_texts(classify(context, failed, secrets).error)));
          }
  // the check itself can fail
  BOOST_TEST(leaks("x " + std::string(client_id.reveal())));
  BOOST_TEST(leaks("x WXYZ-BCDF"));
}

BOOST_AUTO_TEST_CASE(new_tokens_do_not_reach_texts) {
  const Classified got =
      refresh("{\"access_token\":\"CANARYat\",\"refresh_token\":\"CANARYrt\",\"token_type\":\"mac\"}");
  BOOST_TEST(got.answer_class == C::salvage);
  BOOST_TEST(all_texts(got.error).find("CANARY") == std::string::npos);
  BOOST_TEST(got.note.find("CANARY") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(words_are_filtered_and_short) {
  const std::string body =
      "{\"error\":\"invalid_grant\",\"error_description\":\"\\u001b[31mred\\u0007\\r\\nSet-Cookie: \\u00e4" +
      std::string(50000, 'y') + "\"}";
  const Error error = refresh(body, 400).error;
  BOOST_TEST(error.oauth_description.size() <= 256u);
  BOOST_TEST(error.oauth_description == printable(error.oauth_description));
  BOOST_TEST(error.oauth_error == "invalid_grant");
  BOOST_TEST(safe_words("  a  ", {}) == "a");
}

BOOST_AUTO_TEST_CASE(redaction_leaves_other_words_alone) {
  const Secret secret("abcdefghijklmnopqrstuvwxyz"), tiny("abc");
  BOOST_TEST(safe_words("abcdefghijk is fine", {&secret, &tiny}) == "abcdefghijk is fine");
  BOOST_TEST(safe_words("xabcdefghijklx", {&secret}) == "x[removed]x");
  BOOST_TEST(safe_words("cdefghijklmnopqrstuvwxyz!", {&secret}) == "[removed]!");
}

BOOST_AUTO_TEST_SUITE_END()
