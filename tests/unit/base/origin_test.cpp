#include "base/origin.hpp"

#include <boost/test/unit_test.hpp>
#include <string>

#include "base/text.hpp"

using namespace ecoauth;

BOOST_AUTO_TEST_SUITE(origin)

BOOST_AUTO_TEST_CASE(accepted) {
  struct Row {
    const char* url;
    const char* host;
    int port;
    const char* text;
  };
  const Row rows[] = {
      {"https://api.ecobee.com", "api.ecobee.com", 443, "https://api.ecobee.com"},
      {"https://api.ecobee.com/", "api.ecobee.com", 443, "https://api.ecobee.com"},
      {"https://api.ecobee.com:443", "api.ecobee.com", 443, "https://api.ecobee.com"},
      {"  HTTPS://API.Ecobee.COM//\n", "api.ecobee.com", 443, "https://api.ecobee.com"},
      {"https://localhost:8443", "localhost", 8443, "https://localhost:8443"},
      {"https://a:1", "a", 1, "https://a:1"},
      {"https://a:65535", "a", 65535, "https://a:65535"},
      {"https://a:80", "a", 80, "https://a:80"},
      {"https://xn--bcher-kva.example", "xn--bcher-kva.example", 443, "https://xn--bcher-kva.example"},
      {"https://192.0.2.7", "192.0.2.7", 443, "https://192.0.2.7"},
      {"https://[2001:DB8::7]:8443/", "2001:db8::7", 8443, "https://[2001:db8::7]:8443"},
      {"https://[::1]", "::1", 443, "https://[::1]"},
      {"http://127.0.0.1:8080", "127.0.0.1", 8080, "http://127.0.0.1:8080"},
      {"http://127.255.255.254", "127.255.255.254", 80, "http://127.255.255.254"},
      {"http://127.0.0.1:443", "127.0.0.1", 443, "http://127.0.0.1:443"},
      {"http://localhost:80", "localhost", 80, "http://localhost"},
      {"http://[::1]:9", "::1", 9, "http://[::1]:9"},
  };
  for (const Row& row : rows) BOOST_TEST_CONTEXT(row.url) {
      auto parsed = parse_origin(row.url);
      BOOST_REQUIRE(parsed.ok());
      BOOST_TEST(parsed.value().host == row.host);
      BOOST_TEST(parsed.value().port == row.port);
      BOOST_TEST(parsed.value().text() == row.text);
      auto again = parse_origin(parsed.value().text());
      BOOST_REQUIRE(again.ok());
      BOOST_TEST((again.value() == parsed.value()));
    }
}

BOOST_AUTO_TEST_CASE(refused) {
  const std::string long_host = "https://" + std::string(254, 'a');
  for (const std::string& url : {
           std::string(),
           std::string(" "),
           std::string("api.ecobee.com"),
           std::string("//api.ecobee.com"),
           std::string("https:api.ecobee.com"),
           std::string("https:/api.ecobee.com"),
           std::string("https://"),
           std::string("https:///"),
           std::string("ftp://a"),
           std::string("file:///etc/passwd"),
           std::string("javascript://a"),
           std::string("https ://a"),
           std::string("https://a/path"),
           std::string("https://a/?q"),
           std::string("https://a?q"),
           std::string("https://a#f"),
           std::string("https://user@a"),
           std::string("https://user:pw@a"),
           std::string("https://api.ecobee.com@evil.example"),
           std::string("https://api.ecobee.com\\@evil.example"),
           std::string("https://a b"),
           std::string("https://a\r\nHost: b"),
           std::string("https://a\tb"),
           std::string("https://a\0b", 11),
           std::string("https://\xc3\xa4"),
           std::string("https://a%2eb"),
           std::string("https://a:"),
           std::string("https://a:/"),
           std::string("https://a:0"),
           std::string("https://a:65536"),
           std::string("https://a:-1"),
           std::string("https://a:+1"),
           std::string("https://a:1x"),
           std::string("https://a:1:2"),
           std::string("https://a:99999999999999999999"),
           std::string("https://:443"),
           std::string("https://::1"),
           std::string("https://["),
           std::string("https://[]"),
           std::string("https://[::1"),
           std::string("https://[::1]x"),
           std::string("https://[::1]:"),
           std::string("https://[1.2.3.4]"),
           std::string("https://[fe80::1%25eth0]"),
           std::string("https://[::1]]"),
           long_host,
           // plain http leaves the machine
           std::string("http://api.ecobee.com"),
           std::string("http://192.0.2.7"),
           std::string("http://10.0.0.1"),
           std::string("http://128.0.0.1"),
           std::string("http://0.0.0.0"),
           std::string("http://[::]"),
           std::string("http://[::2]"),
           std::string("http://[2001:db8::1]"),
           std::string("http://localhost.evil.example"),
           std::string("http://127.0.0.1.evil.example"),
           std::string("http://127.1"),
           std::string("http://0x7f.0.0.1"),
           std::string("http://2130706433"),
           std::string("http://evil.example#localhost"),
       }) {
    auto parsed = parse_origin(url);
    BOOST_TEST(!parsed.ok(), "accepted " << printable(url));
    if (parsed.ok()) continue;
    BOOST_TEST(parsed.error().code == ECOAUTH_ERROR_INVALID_ARGUMENT);
    BOOST_TEST(!parsed.error().message.empty());
    BOOST_TEST(!parsed.error().advice.empty());
  }
}

BOOST_AUTO_TEST_CASE(loopback) {
  for (const char* host : {"localhost", "127.0.0.1", "127.8.9.10", "::1", "0:0:0:0:0:0:0:1"})
    BOOST_TEST(is_loopback_host(host), host);
  for (const char* host : {"", "localhost.", "localhost.localdomain", "LOCALHOST", "127.0.0", "127.0.0.1 ",
                           "126.255.255.255", "::", "::ffff:127.0.0.1", "1::1", "ecobee.com"})
    BOOST_TEST(!is_loopback_host(host), host);
  BOOST_TEST(!is_loopback_host(std::string_view("localhost\0.evil.example", 23)));
  BOOST_TEST(!is_loopback_host(std::string_view("127.0.0.1\0.evil.example", 23)));
}

BOOST_AUTO_TEST_SUITE_END()
