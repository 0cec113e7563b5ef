// A redirect is an answer like any other: nobody else hears of the request.
#include <boost/test/unit_test.hpp>

#include "call.hpp"

using namespace ecoauth;

BOOST_AUTO_TEST_SUITE(redirect)

BOOST_AUTO_TEST_CASE(handed_back_and_never_followed) {
  Peer elsewhere([](PeerConnection& client) {
    client.read_request();
    client.send(http_answer("{}"));
  });
  auto transport = make_transport();
  const std::string port = std::to_string(elsewhere.port());
  for (int status : {300, 301, 302, 303, 307, 308})
    for (const std::string& target :
         {"http://127.0.0.1:" + port + "/token", "http://localhost:" + port + "/", "//127.0.0.1:" + port + "/",
          "https://127.0.0.1:" + port + "/", std::string("/other"), std::string("file:///etc/passwd")}) {
      Peer peer([&](PeerConnection& client) {
        client.read_request();
        client.send(http_answer("moved", status, "Location: " + target + "\r\nRefresh: 0; url=" + target + "\r\n"));
        client.close();
        client.wait_for_end();
      });
      Call call(*transport, post_to(peer));
      BOOST_TEST_CONTEXT(status << " to " << target) {
        BOOST_TEST(call.result().outcome == HttpOutcome::answered);
        BOOST_TEST(call.result().status == status);
        BOOST_TEST(call.result().body.reveal() == "moved");
        BOOST_TEST(peer.wait_for_ended(1));
        BOOST_TEST(peer.connections() == 1u);
      }
    }
  BOOST_TEST(elsewhere.connections() == 0u);
}

BOOST_AUTO_TEST_CASE(a_cookie_is_not_sent_back) {
  Peer peer([](PeerConnection& client) {
    client.read_request();
    client.send(http_answer("{}", 200, "Set-Cookie: a=b\r\nAlt-Svc: h2=\":1\"\r\n"));
    client.close();
  });
  auto transport = make_transport();
  for (int i = 0; i < 2; ++i) BOOST_TEST(Call(*transport, post_to(peer)).result().status == 200);
  BOOST_TEST(peer.received().find("Cookie") == std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()
