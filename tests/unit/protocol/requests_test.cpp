#include "protocol/requests.hpp"

#include <boost/test/unit_test.hpp>

#include "base/text.hpp"
#include "protocol/form.hpp"

using namespace ecoauth;

namespace {
std::string text(const Secret& secret) { return std::string(secret.reveal()); }
const char key[] = "AbCdEfGhIjKlMnOpQrStUvWxYz012345";
}  // namespace

BOOST_AUTO_TEST_SUITE(requests)

BOOST_AUTO_TEST_CASE(pin_request_is_a_get_with_a_query) {
  OutgoingRequest request = pin_request(Secret(key), "smartRead smartWrite", {});
  BOOST_TEST(request.method == "GET");
  BOOST_TEST(
      text(request.target) ==
      "/authorize?response_type=ecobeePin&client_id=AbCdEfGhIjKlMnOpQrStUvWxYz012345&scope=smartRead%2CsmartWrite");
  BOOST_TEST(request.content_type.empty());
  BOOST_TEST(request.body.empty());
}

BOOST_AUTO_TEST_CASE(pin_request_without_scope_for_utility_accounts) {
  BOOST_TEST(text(pin_request(Secret("k"), " ", {}).target) == "/authorize?response_type=ecobeePin&client_id=k");
}

BOOST_AUTO_TEST_CASE(token_requests_keep_secrets_in_the_body) {
  OutgoingRequest exchange = pin_exchange_request(Secret(key), Secret("co-de_"), {});
  BOOST_TEST(exchange.method == "POST");
  BOOST_TEST(text(exchange.target) == "/token");
  BOOST_TEST(exchange.content_type == "application/x-www-form-urlencoded");
  BOOST_TEST(text(exchange.body) ==
             "grant_type=ecobeePin&code=co-de_&client_id=AbCdEfGhIjKlMnOpQrStUvWxYz012345&ecobee_type=jwt");
  OutgoingRequest refresh = refresh_request(Secret(key), Secret("v1.a+b/c=&d"), {});
  BOOST_TEST(text(refresh.target) == "/token");
  BOOST_TEST(text(refresh.body) ==
             "grant_type=refresh_token&refresh_token=v1.a%2Bb%2Fc%3D%26d&client_id=AbCdEfGhIjKlMnOpQrStUvWxYz012345"
             "&ecobee_type=jwt");
}

BOOST_AUTO_TEST_CASE(query_style_only_when_asked) {
  RequestSettings settings;
  settings.style = ParameterStyle::query;
  settings.token_format.clear();
  OutgoingRequest refresh = refresh_request(Secret("k"), Secret("r t"), settings);
  BOOST_TEST(refresh.method == "POST");
  BOOST_TEST(text(refresh.target) == "/token?grant_type=refresh_token&refresh_token=r%20t&client_id=k");
  BOOST_TEST(refresh.body.empty());
  BOOST_TEST(refresh.content_type.empty());
}

BOOST_AUTO_TEST_CASE(every_byte_survives_the_encoding) {
  std::string all;
  for (int c = 0; c < 256; ++c) all += static_cast<char>(c);
  Secret encoded;
  append_percent_encoded(encoded, all);
  BOOST_TEST(text(encoded) == percent_encode(all));
  BOOST_TEST(percent_decode(text(encoded)).value() == all);
  BOOST_TEST(percent_decode(text(encoded), true).value() == all);
  BOOST_TEST(text(encoded).find_first_of(" &=+?#\"\r\n") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(no_value_can_add_a_parameter) {
  OutgoingRequest request = refresh_request(Secret("k&grant_type=x"), Secret("t&client_id=y\r\nHost: z"), {});
  BOOST_TEST(split(text(request.body), "&").size() == 4u);
  BOOST_TEST(text(request.body).find('\n') == std::string::npos);
}

BOOST_AUTO_TEST_CASE(scope_as_csv) {
  BOOST_TEST(scope_to_csv("") == "");
  BOOST_TEST(scope_to_csv("smartRead") == "smartRead");
  BOOST_TEST(scope_to_csv("smartWrite, smartRead  ems,,smartWrite") == "smartWrite,smartRead,ems");
  BOOST_TEST(scope_to_csv("\tsmartRead\n") == "smartRead");
}

BOOST_AUTO_TEST_CASE(scope_compared_as_a_set) {
  BOOST_TEST(scope_covers("openid,smartWrite,offline_access", "smartWrite"));
  BOOST_TEST(scope_covers("openid smartRead offline_access", "smartRead,openid"));
  BOOST_TEST(scope_covers("smartRead", ""));
  BOOST_TEST(scope_covers("openid,smartWrite,offline_access", "smartRead"));
  BOOST_TEST(!scope_covers("smartRead", "smartWrite"));
  BOOST_TEST(!scope_covers("ems", "smartRead"));
  BOOST_TEST(!scope_covers("openid,smartRead", "smartRead,smartWrite"));
  BOOST_TEST(!scope_covers("smartReadX", "smartRead"));
  BOOST_TEST(!scope_covers("smartRead", "smartReadX"));
  BOOST_TEST(!scope_covers("smartread", "smartRead"));
  BOOST_TEST(!scope_covers("", "smartRead"));
}

BOOST_AUTO_TEST_CASE(the_address_for_a_browser) {
  Pending pending;
  pending.flow = "code";
  pending.scope = "smartRead smartWrite";
  pending.redirect_uri = "https://example.org/back";
  pending.state = Secret("st_1");
  const Origin origin{"https", "api.ecobee.com", 443};
  const std::string plain =
      "https://api.ecobee.com/authorize?response_type=code&client_id=k%26&redirect_uri=https%3A%2F%2Fexample.org%2Fback"
      "&scope=smartRead%2CsmartWrite&state=st_1";
  BOOST_TEST(text(authorization_address(origin, Secret("k&"), pending)) == plain);
  // The example of RFC 7636 appendix B.
  pending.verifier = Secret("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk");
  BOOST_TEST(text(authorization_address(origin, Secret("k&"), pending)) ==
             plain + "&code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&code_challenge_method=S256");
  pending.flow = "utility";
  BOOST_TEST(text(authorization_address(origin, Secret("k"), pending)) ==
             "https://api.ecobee.com/authorize?response_type=token&client_id=k&redirect_uri=https%3A%2F%2Fexample.org%2Fback"
             "&state=st_1");
}

BOOST_AUTO_TEST_CASE(a_code_is_exchanged_with_its_redirect_uri) {
  OutgoingRequest request = code_exchange_request(Secret("k"), Secret("c"), "https://e.org/b", Secret("v"), {});
  BOOST_TEST(request.method == "POST");
  BOOST_TEST(text(request.body) ==
             "grant_type=authorization_code&code=c&client_id=k&redirect_uri=https%3A%2F%2Fe.org%2Fb&code_verifier=v"
             "&ecobee_type=jwt");
  request = code_exchange_request(Secret("k"), Secret("c"), "https://e.org/b", Secret(), {ParameterStyle::query, ""});
  BOOST_TEST(text(request.target) ==
             "/token?grant_type=authorization_code&code=c&client_id=k&redirect_uri=https%3A%2F%2Fe.org%2Fb");
}

BOOST_AUTO_TEST_CASE(scopes_that_nobody_documented) {
  BOOST_TEST(unknown_scopes("smartRead, smartWrite ems") == "");
  BOOST_TEST(unknown_scopes("smartread,ems openid,openid") == "smartread,openid");
}

BOOST_AUTO_TEST_SUITE_END()
