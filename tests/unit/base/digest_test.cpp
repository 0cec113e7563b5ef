// Vectors of FIPS 180-2 and RFC 4648.
#include "base/digest.hpp"

#include <boost/test/unit_test.hpp>
#include <string>

using namespace ecoauth;

BOOST_AUTO_TEST_SUITE(digest)

BOOST_AUTO_TEST_CASE(sha_256) {
  BOOST_TEST(sha256_hex("") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  BOOST_TEST(sha256_hex("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  BOOST_TEST(sha256_hex("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq") ==
             "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  BOOST_TEST(sha256_hex(std::string(1000000, 'a')) ==
             "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
  BOOST_TEST(sha256("abc").size() == 32u);
  BOOST_TEST(to_hex(sha256("abc")) == sha256_hex("abc"));
}

BOOST_AUTO_TEST_CASE(hex) {
  BOOST_TEST(to_hex("") == "");
  BOOST_TEST(to_hex(std::string("\0\x01\x7f\x80\xff", 5)) == "00017f80ff");
}

BOOST_AUTO_TEST_CASE(base64url) {
  const char* const vectors[][2] = {{"", ""},           {"f", "Zg"},          {"fo", "Zm8"},         {"foo", "Zm9v"},
                                    {"foob", "Zm9vYg"}, {"fooba", "Zm9vYmE"}, {"foobar", "Zm9vYmFy"}};
  for (const auto& vector : vectors) BOOST_TEST(to_base64url(vector[0]) == vector[1]);
  BOOST_TEST(to_base64url("\xfb\xff\xfe") == "-__-");
  // RFC 7636, appendix B: the PKCE challenge of its verifier.
  BOOST_TEST(to_base64url(sha256("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk")) ==
             "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
}

BOOST_AUTO_TEST_SUITE_END()
