// Names with several addresses, dead ones among them, and names that nobody resolves.
#include "net/dialer.hpp"

#include <arpa/inet.h>

#include <atomic>
#include <boost/test/unit_test.hpp>

#include "base/clock.hpp"
#include "call.hpp"

using namespace ecoauth;
using F = HttpFailure;

namespace {

void answer_ok(PeerConnection& client) {
  if (client.read_request().empty()) return;
  client.send(http_answer("{}"));
  client.close();
}

TlsServer tls_server() {
  TlsServer server;
  server.identity = make_identity({}, &test_authority());
  return server;
}

/// A name service that knows these addresses.
ResolveFunction leading_to(std::vector<Address> addresses) {
  return [=](const std::string&, uint16_t) { return Resolution{addresses, ""}; };
}

HttpRequest quick_post(uint16_t port, int64_t connect_timeout_ms) {
  HttpRequest request = post_to("https", "localhost", port);
  request.connect_timeout_ms = connect_timeout_ms;
  return request;
}

Address address_of(const std::string& text, uint16_t port = 1) {
  Address address;
  BOOST_REQUIRE(parse_address(text, port, address));
  return address;
}

std::string texts(const std::vector<Address>& addresses) {
  std::string out;
  for (const Address& address : addresses) out += address_text(address) + " ";
  return out;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(dial)

BOOST_AUTO_TEST_CASE(a_dead_first_address_costs_less_than_a_second) {
  Peer peer(tls_server(), answer_ok);
  BlackHole silent6(AF_INET6), silent4;
  ClosedPort closed;
  Address good = loopback_address(peer.port());
  const std::vector<Address> orders[] = {
      {loopback_address(silent6.port(), AF_INET6), good},
      {loopback_address(silent4.port()), good},
      {loopback_address(silent6.port(), AF_INET6), loopback_address(silent4.port()), good},
      {loopback_address(closed.port()), loopback_address(closed.port()), good},
      {loopback_address(closed.port(), AF_INET6), loopback_address(silent4.port()), good},
      {address_of("255.255.255.255"), good},  // connect() itself fails
  };
  for (const auto& order : orders)
    BOOST_TEST(in_time([&] {
                 auto transport = make_transport(trusting_settings(), leading_to(order));
                 Call call(*transport, quick_post(peer.port(), 8000));
                 BOOST_TEST(call.result().outcome == HttpOutcome::answered, call.result().detail);
                 return call.took_ms() < 1000 ? "" : "took " + std::to_string(call.took_ms()) + " ms";
               }) == "");
}

BOOST_AUTO_TEST_CASE(the_address_that_answers_gets_the_only_request) {
  // Both answer: the second is asked only if the first is slow.
  Peer first(tls_server(), answer_ok), second(tls_server(), answer_ok);
  auto transport = make_transport(trusting_settings(),
                                  leading_to({loopback_address(first.port()), loopback_address(second.port())}));
  Call call(*transport, quick_post(first.port(), 8000));
  BOOST_TEST(call.result().outcome == HttpOutcome::answered);
  BOOST_TEST(first.received().find(canary) != std::string::npos);
  BOOST_TEST(second.connections() == 0u);
}

BOOST_AUTO_TEST_CASE(a_refused_certificate_is_not_tried_again_elsewhere) {
  TlsServer impostor;
  impostor.identity = make_identity({});
  Peer wrong(impostor, answer_ok), right(tls_server(), answer_ok);
  auto transport =
      make_transport(trusting_settings(), leading_to({loopback_address(wrong.port()), loopback_address(right.port())}));
  Call call(*transport, quick_post(wrong.port(), 8000));
  BOOST_TEST(call.result().failure == F::tls);
  BOOST_TEST(right.connections() == 0u);
}

BOOST_AUTO_TEST_CASE(nobody_answers_the_connection_attempt) {
  BlackHole silent6(AF_INET6), silent4;
  const std::vector<Address> one = {loopback_address(silent4.port())};
  const std::vector<Address> both = {loopback_address(silent6.port(), AF_INET6), loopback_address(silent4.port())};
  for (const auto& addresses : {one, both})
    BOOST_TEST(in_time([&] {
                 auto transport = make_transport(trusting_settings(), leading_to(addresses));
                 Call call(*transport, quick_post(silent4.port(), 700));
                 BOOST_TEST(call.result().failure == F::timeout, call.result().detail);
                 BOOST_TEST(call.result().outcome == HttpOutcome::not_sent);
                 return ended_at(call, 700);
               }) == "");
}

BOOST_AUTO_TEST_CASE(three_hundred_addresses) {
  ClosedPort closed;
  auto transport =
      make_transport(trusting_settings(), leading_to(std::vector<Address>(300, loopback_address(closed.port()))));
  Call call(*transport, quick_post(closed.port(), 8000));
  BOOST_TEST(call.result().failure == F::connect);
}

BOOST_AUTO_TEST_CASE(a_hung_name_service_is_left_behind) {
  struct State {
    std::atomic<bool> hung{true};
    std::atomic<int> lookups{0}, inside{0};
  };
  auto state = std::make_shared<State>();
  auto transport = make_transport(trusting_settings(), [state](const std::string& host, uint16_t port) {
    ++state->lookups;
    ++state->inside;
    wait_until([&] { return !state->hung; }, 60000);
    --state->inside;
    return everything_is_here(host, port);
  });
  Peer peer(tls_server(), answer_ok);
  for (int round = 0; round < 2; ++round)
    BOOST_TEST(in_time([&] {
                 Call call(*transport, quick_post(peer.port(), 300));
                 BOOST_TEST(call.result().failure == F::timeout, call.result().detail);
                 BOOST_TEST(call.result().outcome == HttpOutcome::not_sent);
                 return ended_at(call, 300);
               }) == "");
  BOOST_TEST(state->lookups == 1);  // they waited for the same one
  Call waiting(*transport, quick_post(peer.port(), 8000));
  state->hung = false;
  BOOST_TEST(waiting.result().outcome == HttpOutcome::answered, waiting.result().detail);
  BOOST_TEST(wait_until([&] { return state->inside == 0; }));
}

BOOST_AUTO_TEST_CASE(hung_lookups_do_not_collect_threads) {
  struct State {
    std::atomic<bool> hung{true};
    std::atomic<int> inside{0};
  };
  auto state = std::make_shared<State>();
  TransportSettings settings = trusting_settings();
  settings.max_workers = 32;
  auto transport = make_transport(settings, [state](const std::string&, uint16_t) {
    ++state->inside;
    wait_until([&] { return !state->hung; }, 60000);
    --state->inside;
    return Resolution{};
  });
  std::vector<std::unique_ptr<Call>> calls;
  for (int i = 0; i < 20; ++i) {
    HttpRequest request = post_to("https", "h" + std::to_string(i) + ".example.com", 443);
    request.connect_timeout_ms = 500;
    calls.push_back(std::make_unique<Call>(*transport, std::move(request)));
  }
  int refused = 0;
  for (const auto& call : calls) {
    BOOST_TEST(call->result().outcome == HttpOutcome::not_sent);
    refused += call->result().failure == F::resolve;
  }
  BOOST_TEST(state->inside == 8);
  BOOST_TEST(refused == 12);
  state->hung = false;
  BOOST_TEST(wait_until([&] { return state->inside == 0; }));
}

BOOST_AUTO_TEST_CASE(families_by_turns) {
  auto order = [](std::vector<std::string> given) {
    std::vector<Address> addresses;
    for (const std::string& text : given) addresses.push_back(address_of(text));
    return texts(interleave_families(addresses));
  };
  BOOST_TEST(order({}) == "");
  BOOST_TEST(order({"192.0.2.1", "192.0.2.2"}) == "192.0.2.1 192.0.2.2 ");
  BOOST_TEST(order({"2001:db8::1", "2001:db8::2", "192.0.2.1"}) == "2001:db8::1 192.0.2.1 2001:db8::2 ");
  BOOST_TEST(order({"192.0.2.1", "192.0.2.2", "192.0.2.3", "2001:db8::1"}) ==
             "192.0.2.1 2001:db8::1 192.0.2.2 192.0.2.3 ");
}

BOOST_AUTO_TEST_CASE(addresses_are_not_looked_up) {
  auto asked = std::make_shared<std::atomic<int>>(0);
  auto transport = make_transport(trusting_settings(), [asked](const std::string& host, uint16_t port) {
    ++*asked;
    return everything_is_here(host, port);
  });
  Peer peer(answer_ok), peer6(answer_ok, AF_INET6);
  Call call(*transport, post_to("http", "127.0.0.1", peer.port()));
  Call call6(*transport, post_to("http", "::1", peer6.port()));
  BOOST_TEST(call.result().outcome == HttpOutcome::answered);
  BOOST_TEST(call6.result().outcome == HttpOutcome::answered);
  BOOST_TEST(peer6.received().find("Host: [::1]:" + std::to_string(peer6.port())) != std::string::npos);
  BOOST_TEST(*asked == 0);
}

BOOST_AUTO_TEST_SUITE_END()
