// The request as bytes, and the settings that are refused before anything is sent.
#include "net/request_bytes.hpp"

#include <boost/test/unit_test.hpp>

#include "call.hpp"
#include "net/proxy.hpp"

using namespace ecoauth;

namespace {

bool composes(const HttpRequest& request, const std::string& user_agent = "") {
  auto bytes = compose_request(request, user_agent);
  if (bytes) return true;
  BOOST_TEST(bytes.failure().kind == HttpFailure::malformed);
  return false;
}

HttpRequest valid() { return post_to("https", "api.example.com", 443); }

bool accepted(TransportSettings settings) { return check_transport_settings(std::move(settings)).ok(); }

bool proxy_accepted(const std::string& url) {
  TransportSettings settings;
  settings.proxy_url = url;
  return accepted(settings);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(request_bytes)

BOOST_AUTO_TEST_CASE(head_and_body) {
  HttpRequest request;
  request.method = "POST";
  request.origin = {"https", "api.example.com", 443};
  request.target = Secret("/token");
  request.headers.emplace_back("Authorization", Secret("Bearer x"));
  request.content_type = "text/plain";
  request.body = Secret("a=b");
  auto bytes = compose_request(request, "agent/1");
  BOOST_REQUIRE(static_cast<bool>(bytes));
  BOOST_TEST(
      bytes.value().reveal() ==
      "POST /token HTTP/1.1\r\nHost: api.example.com\r\nUser-Agent: agent/1\r\nAccept-Encoding: identity\r\n"
      "Connection: close\r\nAuthorization: Bearer x\r\nContent-Type: text/plain\r\nContent-Length: 3\r\n\r\na=b");
}

BOOST_AUTO_TEST_CASE(host_and_port) {
  BOOST_TEST(host_field({"https", "a.b", 443}, false) == "a.b");
  BOOST_TEST(host_field({"https", "a.b", 443}, true) == "a.b:443");
  BOOST_TEST(host_field({"https", "a.b", 80}, false) == "a.b:80");
  BOOST_TEST(host_field({"http", "127.0.0.1", 80}, false) == "127.0.0.1");
  BOOST_TEST(host_field({"https", "::1", 8443}, false) == "[::1]:8443");
}

BOOST_AUTO_TEST_CASE(no_value_becomes_a_header_of_its_own) {
  BOOST_TEST(composes(valid()));
  for (const std::string& bad : {std::string("/a\r\nX: y"), std::string("/a b"), std::string("/a\0b", 4),
                                 std::string("a"), std::string(), std::string("/\x80")}) {
    HttpRequest request = valid();
    request.target = Secret(bad);
    BOOST_TEST(!composes(request));
  }
  for (const std::string& bad : {std::string("x\r\ny: z"), std::string("x\ny"), std::string("x\0", 2),
                                 std::string("\t"), std::string("\xc3\xa4")}) {
    HttpRequest value = valid(), type = valid(), name = valid(), method = valid(), host = valid();
    value.headers.emplace_back("X", Secret(bad));
    type.content_type = bad;
    name.headers.emplace_back(bad, Secret("x"));
    method.method = bad;
    host.origin.host = bad;
    for (const HttpRequest* request : {&value, &type, &name, &method, &host}) BOOST_TEST(!composes(*request));
    BOOST_TEST(!composes(valid(), bad));
  }
  for (const char* own : {"Host", "connection", "Content-Length", "Transfer-Encoding", "Accept-Encoding", "Expect"}) {
    HttpRequest request = valid();
    request.headers.emplace_back(own, Secret("x"));
    BOOST_TEST(!composes(request));
  }
}

BOOST_AUTO_TEST_CASE(proxy_addresses) {
  for (const char* good : {"", "http://p", "http://p:1", "HTTP://P:65535/", "http://[::1]:8080", "http://u:p@p:1",
                           "http://u:p%40%3a%2f@p:1", "http://u:@p"})
    BOOST_TEST(proxy_accepted(good), good);
  for (const char* bad : {"p", "https://p", "socks5://p", "http://", "http://:1", "http://p:0", "http://p:65536",
                          "http://p:x", "http://u@p", "http://u:%zz@p", "http://p/path", "http://p?q", "http://p q"})
    BOOST_TEST(!proxy_accepted(bad), bad);

  auto proxy = parse_proxy("http://Aladdin:open%20sesame@Proxy.Example:3128");
  BOOST_REQUIRE(proxy.ok());
  BOOST_TEST(proxy.value().host == "proxy.example");
  BOOST_TEST(proxy.value().port == 3128);
  BOOST_TEST(proxy.value().authorization.reveal() == "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");  // RFC 7617 section 2
  BOOST_TEST(parse_proxy("http://[::1]:3128").value().host == "::1");
}

BOOST_AUTO_TEST_CASE(base64_of_every_length) {
  const std::pair<const char*, const char*> known[] = {
      {"http://:@p", "Og=="}, {"http://f:@p", "Zjo="}, {"http://fo:@p", "Zm86"}, {"http://foo:@p", "Zm9vOg=="}};
  for (const auto& [url, encoded] : known)
    BOOST_TEST(parse_proxy(url).value().authorization.reveal() == "Basic " + std::string(encoded));
}

BOOST_AUTO_TEST_CASE(a_refused_proxy_address_is_not_repeated) {
  TransportSettings settings;
  settings.proxy_url = "http://user:" + canary + "@host:port";
  Error error = check_transport_settings(settings).error();
  BOOST_TEST((error.message + error.advice).find(canary) == std::string::npos);
}

BOOST_AUTO_TEST_CASE(other_settings) {
  TransportSettings settings;
  BOOST_TEST(accepted(settings));
  settings.user_agent = "two\r\nlines";
  BOOST_TEST(!accepted(settings));
  settings.user_agent = std::string(257, 'x');
  BOOST_TEST(!accepted(settings));
  settings.user_agent = "agent/1 (x)";
  BOOST_TEST(accepted(settings));
  settings.max_workers = 0;
  BOOST_TEST(!accepted(settings));
  settings.max_workers = 1;
  settings.ca_file = "/does/not/exist";
  BOOST_TEST(!accepted(settings));
}

BOOST_AUTO_TEST_SUITE_END()
