// not_sent or ambiguous: whether a token may have been spent hangs on it.
#include <netinet/in.h>

#include <atomic>
#include <boost/test/unit_test.hpp>

#include "call.hpp"

using namespace ecoauth;
using F = HttpFailure;

namespace {

TlsServer tls_server() {
  TlsServer server;
  server.identity = make_identity({}, &test_authority());
  return server;
}

/// A peer with and without TLS, and requests to it.
struct Both {
  explicit Both(const Peer::Script& script) : plain(script), secured(tls_server(), script) {}
  Peer plain, secured;
  std::vector<std::pair<Peer*, HttpRequest>> requests() {
    std::vector<std::pair<Peer*, HttpRequest>> out;
    out.emplace_back(&plain, post_to(plain));
    out.emplace_back(&secured, post_to("https", "localhost", secured.port()));
    return out;
  }
};

int pending_error(int fd) {
  int error = 0;
  socklen_t size = sizeof error;
  getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size);
  return error;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(outcome)

BOOST_AUTO_TEST_CASE(the_peer_goes_before_the_first_byte) {
  for (bool reset : {true, false}) {
    std::atomic<bool> go{false};
    Both peers([&](PeerConnection& client) {
      while (!go && client.pause(2)) {
      }
      reset ? client.reset() : client.close();
      client.wait_for_end();
    });
    auto transport = make_transport();
    for (auto& [peer, request] : peers.requests()) {
      go = false;
      Call call(*transport, std::move(request), Call::Hold::until_proceed);
      BOOST_REQUIRE(call.wait_ready());
      go = true;
      // The kernel has heard: reset, or half closed.
      if (reset)
        BOOST_TEST(wait_until([&] { return !connected_to(peer->port()); }));
      else
        BOOST_TEST(wait_until([&] { return half_closed_to(peer->port()); }));
      call.proceed();
      BOOST_TEST(call.result().failure == F::reset, call.result().detail);
      BOOST_TEST(call.result().outcome == HttpOutcome::not_sent);
      BOOST_TEST(peer->received() == "");
    }
  }
}

BOOST_AUTO_TEST_CASE(the_peer_goes_after_some_of_the_request) {
  for (size_t size : {1u, 2u, 50u, 100u})
    for (bool reset : {true, false}) {
      Both peers([&](PeerConnection& client) {
        client.read(size);
        reset ? client.reset() : client.close();
        client.wait_for_end();
      });
      auto transport = make_transport();
      for (auto& [peer, request] : peers.requests()) {
        Call call(*transport, std::move(request));
        BOOST_TEST(call.result().failure == F::reset, call.result().detail);
        BOOST_TEST(call.result().outcome == HttpOutcome::ambiguous);
        BOOST_TEST(peer->connections() == 1u);
      }
    }
}

BOOST_AUTO_TEST_CASE(the_peer_goes_within_a_request_that_does_not_fit) {
  Both peers([&](PeerConnection& client) {
    client.read(1000);
    client.reset();
  });
  auto transport = make_transport();
  for (auto& [peer, request] : peers.requests()) {
    request.body = Secret(std::string(16 << 20, 'x'));
    Call call(*transport, std::move(request));
    BOOST_TEST(call.result().failure == F::reset, call.result().detail);
    BOOST_TEST(call.result().outcome == HttpOutcome::ambiguous);
    BOOST_TEST(peer->connections() == 1u);
  }
}

BOOST_AUTO_TEST_CASE(nobody_there) {
  ClosedPort closed;
  auto transport = make_transport();
  for (const char* scheme : {"http", "https"}) {
    Call call(*transport, post_to(scheme, "localhost", closed.port()));
    BOOST_TEST(call.result().failure == F::connect, call.result().detail);
    BOOST_TEST(call.result().outcome == HttpOutcome::not_sent);
  }
  auto lost = make_transport(trusting_settings(), [](const std::string&, uint16_t) { return Resolution{{}, "gone"}; });
  Call call(*lost, post_to("https", "api.example.com", 443));
  BOOST_TEST(call.result().failure == F::resolve);
  BOOST_TEST(call.result().outcome == HttpOutcome::not_sent);
  BOOST_TEST(call.result().detail.find("gone") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(an_invalid_request_reaches_nobody) {
  Peer peer([](PeerConnection& client) { client.wait_for_end(); });
  auto transport = make_transport();
  HttpRequest injected = post_to(peer), remote = post_to("http", "example.com", peer.port());
  injected.headers.emplace_back("X", Secret("y\r\nZ: z"));
  for (HttpRequest* request : {&injected, &remote}) {
    Call call(*transport, std::move(*request));
    BOOST_TEST(call.result().failure == F::malformed);
    BOOST_TEST(call.result().outcome == HttpOutcome::not_sent);
  }
  BOOST_TEST(peer.connections() == 0u);
}

BOOST_AUTO_TEST_CASE(plain_http_stays_here_whatever_the_name_service_says) {
  Peer peer([](PeerConnection& client) { client.wait_for_end(); });
  auto transport = make_transport(trusting_settings(), [](const std::string&, uint16_t port) {
    Resolution elsewhere;
    Address address = loopback_address(port);
    reinterpret_cast<sockaddr_in*>(&address.storage)->sin_addr.s_addr = htonl(0xc0000201);  // 192.0.2.1
    elsewhere.addresses.push_back(address);
    return elsewhere;
  });
  Call call(*transport, post_to("http", "localhost", peer.port()));
  BOOST_TEST(call.result().failure == F::resolve);
  BOOST_TEST(call.result().outcome == HttpOutcome::not_sent);
}

BOOST_AUTO_TEST_CASE(the_request_is_one_write) {
  std::atomic<uint32_t> before{0}, after{0};
  std::atomic<bool> counted{false};
  Both peers([&](PeerConnection& client) {
    before = data_segments_received(client.fd());
    counted = true;
    client.read_request();
    after = data_segments_received(client.fd());
    client.send(http_answer("{}"));
    client.close();
  });
  auto transport = make_transport();
  for (auto& [peer, request] : peers.requests()) {
    request.body = Secret(std::string(9000, 'x'));  // more than any token request
    counted = false;
    Call call(*transport, std::move(request), Call::Hold::until_proceed);
    BOOST_REQUIRE(call.wait_ready());
    BOOST_REQUIRE(wait_until([&] { return counted.load(); }));
    call.proceed();
    BOOST_TEST(call.result().outcome == HttpOutcome::answered, call.result().detail);
    BOOST_TEST(after - before == 1u);
  }
}

// The kernel would go on delivering what it holds of a request long after close().
BOOST_AUTO_TEST_CASE(a_request_that_was_given_up_cannot_arrive_late) {
  std::atomic<int> error{-1};
  Both peers([&](PeerConnection& client) {
    client.read_request();
    int seen = 0;
    while ((seen = pending_error(client.fd())) == 0 && client.pause(2)) {
    }
    error = seen;
  });
  auto transport = make_transport();
  for (auto& [peer, request] : peers.requests()) {
    error = -1;
    request.total_timeout_ms = 400;
    Call call(*transport, std::move(request));
    BOOST_TEST(call.result().failure == F::timeout);
    BOOST_TEST(call.result().outcome == HttpOutcome::ambiguous);
    BOOST_TEST(peer->wait_for_ended(1));
    BOOST_TEST((error == ECONNRESET || error == EPIPE));  // not the end of an orderly connection
  }
}

BOOST_AUTO_TEST_SUITE_END()
