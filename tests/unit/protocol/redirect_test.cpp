// Where a browser may be sent back to, and what it is sent back with.
#include "protocol/redirect.hpp"

#include <boost/test/unit_test.hpp>
#include <string>

#include "answer_support.hpp"

using namespace ecoauth;

namespace {

struct UriCase {
  const char* uri;
  bool remote;    ///< fits a server elsewhere
  bool loopback;  ///< fits a server on this machine
};

const UriCase uris[] = {
    {"https://example.org/back", true, true},
    {"https://abc.chromiumapp.org/ecobee", true, true},
    {"https://example.org", true, true},
    {"HTTPS://Example.ORG/Back", true, true},
    {"https://example.org:443/back", false, true},
    {"https://127.0.0.1:8443/back", false, true},
    {"http://127.0.0.1:8080/back", false, true},
    {"http://localhost/back", false, true},
    {"http://[::1]:9/", false, true},
    {"http://example.org/back", false, false},
    {"http://127.0.0.1.example.org/", false, false},
    {"https://user@example.org/", false, false},
    {"https://example.org/?x=1", false, false},
    {"https://example.org/#x", false, false},
    {"https://example.org:0/", false, false},
    {"https://example.org:/", false, false},
    {"https://example.org:99999/", false, false},
    {"https:///back", false, false},
    {"https://example.org/a b", false, false},
    {"https://example.org\\@evil/", false, false},
    {"com.example.app:/back", false, false},
    {"urn:ietf:wg:oauth:2.0:oob", false, false},
    {"example.org/back", false, false},
    {"", false, false},
};

Pending waiting_for(const std::string& flow = "code", const std::string& uri = "https://example.org/back") {
  Pending pending;
  pending.flow = flow;
  pending.state = Secret("st-ate_1");
  pending.redirect_uri = uri;
  return pending;
}

/// "" when the address is the answer to `pending`, else the name of the result and what happened.
std::string mismatch(const std::string& address, const Pending& pending = waiting_for()) {
  auto redirect = parse_redirect(address);
  std::optional<Error> wrong;
  if (!redirect)
    wrong = redirect.error();
  else
    wrong = redirect_mismatch(redirect.value(), pending);
  if (!wrong) return "";
  BOOST_TEST(!wrong->advice.empty());
  BOOST_TEST(wrong->message.find("st-ate_1") == std::string::npos);
  return std::string(result_name(wrong->code)) + ": " + wrong->message;
}

bool says(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

Classified answer_in(const std::string& address, const std::string& flow = "code") {
  auto redirect = parse_redirect(address);
  BOOST_REQUIRE(redirect.ok());
  auto answer = redirect_answer(redirect.value(), waiting_for(flow));
  BOOST_REQUIRE(answer.has_value());
  return std::move(*answer);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(redirects)

BOOST_AUTO_TEST_CASE(where_a_browser_may_be_sent_back_to) {
  for (const UriCase& one : uris) BOOST_TEST_CONTEXT(one.uri) {
      BOOST_TEST(!check_redirect_uri(one.uri, false).has_value() == one.remote);
      const auto wrong = check_redirect_uri(one.uri, true);
      BOOST_TEST(!wrong.has_value() == one.loopback);
      if (wrong) BOOST_TEST(wrong->code == ECOAUTH_ERROR_INVALID_ARGUMENT);
    }
  const std::string base = "https://example.org/";
  BOOST_TEST(!check_redirect_uri(base + std::string(255 - base.size(), 'a'), false));
  BOOST_TEST(says(check_redirect_uri(base + std::string(256 - base.size(), 'a'), false)->message, "255"));
  BOOST_TEST(says(check_redirect_uri("https://example.org:444/", false)->message, "port"));
}

BOOST_AUTO_TEST_CASE(one_spelling_of_a_place) {
  BOOST_TEST(normal_place("HTTPS://Example.ORG") == "https://example.org/");
  BOOST_TEST(normal_place("https://example.org:443/A?x#y") == "https://example.org/A");
  BOOST_TEST(normal_place("http://127.0.0.1:80/") == "http://127.0.0.1/");
  BOOST_TEST(normal_place("http://[::1]:8080/b") == "http://[::1]:8080/b");
  BOOST_TEST(normal_place("nothing") == "");
}

BOOST_AUTO_TEST_CASE(a_code_is_found_in_query_or_fragment) {
  for (const char* address : {"https://example.org/back?code=c-o%2Bd_e&state=st-ate_1",
                              "https://example.org/back#state=st-ate_1&code=c-o%2Bd_e",
                              "https://EXAMPLE.org/back?state=st-ate_1#code=c-o%2Bd_e",
                              "  https://example.org/back?x=1&state=st-ate_1&&y&code=c-o%2Bd_e#_=_\n",
                              "https://example.org:443/back?iss=https%3A%2F%2Fe&state=st-ate_1&code=c-o%2Bd_e"}) {
    BOOST_TEST(mismatch(address) == "", address);
    auto redirect = parse_redirect(address);
    BOOST_TEST(redirect.value().code.reveal() == "c-o+d_e");
    BOOST_TEST(!redirect_answer(redirect.value(), waiting_for()).has_value());
  }
}

BOOST_AUTO_TEST_CASE(what_is_not_the_answer) {
  const std::string back = "https://example.org/back?";
  BOOST_TEST(
      says(mismatch("the code is 1234"), "INVALID_ARGUMENT: the redirected address is not usable: it is no web"));
  BOOST_TEST(says(mismatch(""), "it is no web address"));
  BOOST_TEST(says(mismatch("ftp://example.org/back?code=c&state=st-ate_1"), "it is no web address"));
  BOOST_TEST(says(mismatch(back + "code=c"), "it has no \"state\""));
  BOOST_TEST(says(mismatch(back + "code=c&state="), "it has no \"state\""));
  for (const char* foreign : {"st-ate_2", "st-ate_", "st-ate_11", "ST-ATE_1", "x"})
    BOOST_TEST(says(mismatch(back + "code=c&state=" + foreign), "WRONG_STATE"), foreign);
  // Whose answer it is comes first: a foreign address cannot even decline.
  BOOST_TEST(says(mismatch(back + "error=access_denied&state=x"), "WRONG_STATE"));
  BOOST_TEST(says(mismatch(back + "error=access_denied"), "it has no \"state\""));
  BOOST_TEST(says(mismatch("https://example.com/back?code=c&state=st-ate_1"), "not at the redirect_uri"));
  BOOST_TEST(says(mismatch("http://example.org/back?code=c&state=st-ate_1"), "not at the redirect_uri"));
  BOOST_TEST(says(mismatch("https://example.org/back/?code=c&state=st-ate_1"), "not at the redirect_uri"));
  BOOST_TEST(says(mismatch(back + "state=st-ate_1"), "it has no \"code\""));
  BOOST_TEST(says(mismatch(back + "state=st-ate_1&code=a%20b"), "damaged"));
  BOOST_TEST(says(mismatch(back + "state=st-ate_1&code=a%0D%0Ab"), "damaged"));
  BOOST_TEST(says(mismatch(back + "state=st-ate_1&code=" + std::string(5000, 'c')), "damaged"));
  BOOST_TEST(says(mismatch(back + "state=st-ate_1&code=%zz"), "damaged"));
  BOOST_TEST(says(mismatch(back + "state=st-ate_1&code=a&code=b"), "twice"));
  BOOST_TEST(says(mismatch(back + "state=st-ate_1&code=a#state=st-ate_1"), "twice"));
  BOOST_TEST(says(mismatch("https://example.org/back#state=st-ate_1&code=c", waiting_for("utility")),
                  "it has no \"access_token\""));
  BOOST_TEST(says(mismatch("https://example.org/back#state=st-ate_1&access_token=t"), "it has no \"code\""));
}

BOOST_AUTO_TEST_CASE(an_error_is_judged_by_the_table) {
  struct Row {
    const char* error;
    AnswerClass answer_class;
    const char *result, *action;
  };
  for (const Row& row : {Row{"access_denied", AnswerClass::declined, "DECLINED", "REAUTHORIZE"},
                         Row{"invalid_scope", AnswerClass::blocked, "SCOPE", "FIX_CONFIG"},
                         Row{"unauthorized_client", AnswerClass::blocked, "UNAUTHORIZED_CLIENT", "USER_ACTION"},
                         Row{"invalid_request", AnswerClass::blocked, "REJECTED", "BUG"},
                         Row{"server_error", AnswerClass::unknown_error, "SERVER", "USER_ACTION"}}) {
    const Classified answer = answer_in("https://example.org/back?state=st-ate_1&error=" + std::string(row.error) +
                                        "&error_description=No%0a+thanks+st-ate_1");
    BOOST_TEST(answer.answer_class == row.answer_class);
    BOOST_TEST(std::string(result_name(answer.error.code)) == row.result);
    BOOST_TEST(std::string(action_name(answer.error.action)) == row.action);
    BOOST_TEST(answer.error.oauth_error == row.error);
    BOOST_TEST(answer.error.oauth_description == "No  thanks [removed]");
    BOOST_TEST(!answer.error.message.empty());
    BOOST_TEST(!answer.error.advice.empty());
  }
}

BOOST_AUTO_TEST_CASE(the_token_of_a_utility_account) {
  const std::string back = "https://example.org/back#state=st-ate_1&";
  Classified answer = answer_in(back + "access_token=a.b-c_d&token_type=bearer&expires_in=7200&scope=x", "utility");
  BOOST_TEST(answer.answer_class == AnswerClass::success);
  BOOST_TEST(answer.token->access_token.reveal() == "a.b-c_d");
  BOOST_TEST(answer.token->refresh_token.empty());
  BOOST_TEST(answer.token->lifetime_ms == 7200 * 1000);
  BOOST_TEST(answer_in(back + "access_token=t", "utility").token->lifetime_ms == 3600 * 1000);
  BOOST_TEST(answer_in(back + "access_token=t&expires_in=-5", "utility").token->lifetime_ms == 3600 * 1000);
  BOOST_TEST(answer_in(back + "access_token=t&expires_in=99999999999999", "utility").token->lifetime_ms ==
             24 * 3600 * 1000);
  const std::string long_token(7000, 'j');
  BOOST_TEST(answer_in(back + "access_token=" + long_token, "utility").token->access_token.size() == 7000u);
  for (const char* bad : {"access_token=a%0ab", "access_token=t&token_type=mac"}) {
    answer = answer_in(back + bad, "utility");
    BOOST_TEST(answer.error.code == ECOAUTH_ERROR_PROTOCOL, bad);
    BOOST_TEST(answer.error.action == ECOAUTH_ACTION_REAUTHORIZE);
    BOOST_TEST(!answer.token.has_value());
  }
}

BOOST_AUTO_TEST_SUITE_END()
