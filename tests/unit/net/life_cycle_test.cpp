// submit, on_ready, proceed, cancel, shutdown: each hook once, nothing sent too early, everything ends at once.
#include <pthread.h>

#include <atomic>
#include <boost/test/unit_test.hpp>
#include <random>
#include <thread>

#include "call.hpp"

using namespace ecoauth;
using F = HttpFailure;

namespace {

constexpr int64_t at_once_ms = 250;

void answer_ok(PeerConnection& client) {
  if (client.read_request().empty()) return;
  client.send(http_answer("{}"));
  client.close();
  client.wait_for_end();
}

void silent(PeerConnection& client) { client.wait_for_end(); }

TlsServer tls_server() {
  TlsServer server;
  server.identity = make_identity({}, &test_authority());
  return server;
}

/// Cancels once `reached()` holds and says what was wrong, "" when nothing was.
std::string cancelled_at_once(const Call& call, const std::function<bool()>& reached, HttpOutcome outcome) {
  if (!wait_until(reached)) return "the phase was not reached";
  int64_t from_ms = monotonic_ms();
  call.cancel();
  const HttpResult& result = call.result();
  int64_t took_ms = monotonic_ms() - from_ms;
  BOOST_TEST(result.failure == F::cancelled, result.detail);
  BOOST_TEST(result.outcome == outcome);
  return took_ms <= at_once_ms ? "" : "took " + std::to_string(took_ms) + " ms";
}

/// A name service that does not answer while it lives.
class HungNames {
 public:
  ~HungNames() { let_go(); }
  void let_go() {
    state_->hung = false;
    wait_until([this] { return state_->inside == 0; });
  }
  bool asked() const { return state_->inside > 0; }
  int lookups() const { return state_->lookups; }
  ResolveFunction function() {
    return [state = state_](const std::string& host, uint16_t port) {
      ++state->inside;
      ++state->lookups;
      wait_until([&] { return !state->hung; }, 60000);
      --state->inside;
      return everything_is_here(host, port);
    };
  }

 private:
  struct State {
    std::atomic<bool> hung{true};
    std::atomic<int> inside{0}, lookups{0};
  };
  std::shared_ptr<State> state_ = std::make_shared<State>();
};

}  // namespace

BOOST_AUTO_TEST_SUITE(life_cycle)

BOOST_AUTO_TEST_CASE(nothing_is_sent_before_proceed) {
  for (bool tls : {false, true}) {
    auto peer = tls ? std::make_unique<Peer>(tls_server(), answer_ok) : std::make_unique<Peer>(answer_ok);
    auto transport = make_transport();
    HttpRequest request = tls ? post_to("https", "localhost", peer->port()) : post_to(*peer);
    Call call(*transport, std::move(request), Call::Hold::until_proceed);
    BOOST_REQUIRE(call.wait_ready());
    BOOST_TEST(wait_until([&] { return peer->handshakes() == (tls ? 1u : 0u); }));
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    BOOST_TEST(peer->received() == "");
    BOOST_TEST(call.done_count() == 0);
    for (int i = 0; i < 3; ++i) call.proceed();
    BOOST_TEST(call.result().outcome == HttpOutcome::answered);
    for (int i = 0; i < 3; ++i) {
      call.proceed();
      call.cancel();
    }
    BOOST_TEST(transport->shutdown(5000));
    BOOST_TEST(call.ready_count() == 1);
    BOOST_TEST(call.done_count() == 1);
    BOOST_TEST(peer->connections() == 1u);
  }
}

BOOST_AUTO_TEST_CASE(proceed_may_come_first) {
  Peer peer(answer_ok);
  auto transport = make_transport();
  Call call(*transport, post_to(peer), Call::Hold::until_proceed);
  call.proceed();
  BOOST_TEST(call.result().outcome == HttpOutcome::answered);
  BOOST_TEST(call.ready_count() == 1);
}

BOOST_AUTO_TEST_CASE(waiting_for_proceed_counts) {
  Peer peer(silent);
  auto transport = make_transport();
  BOOST_TEST(in_time([&] {
               HttpRequest request = post_to(peer);
               request.connect_timeout_ms = 300;  // over by then, and no longer of interest
               request.total_timeout_ms = 700;
               Call call(*transport, std::move(request), Call::Hold::until_proceed);
               BOOST_TEST(call.result().failure == F::timeout);
               BOOST_TEST(call.result().outcome == HttpOutcome::not_sent);
               BOOST_TEST(call.ready_count() == 1);
               return ended_at(call, 700);
             }) == "");
  BOOST_TEST(peer.received() == "");
}

BOOST_AUTO_TEST_CASE(hooks_come_from_workers) {
  Peer peer(answer_ok);
  auto transport = make_transport();
  std::atomic<bool> on_worker{false}, done{false};
  HttpTransport::Hooks hooks;
  hooks.on_done = [&](HttpResult) {
    char name[16] = "";
    pthread_getname_np(pthread_self(), name, sizeof name);
    on_worker = std::string(name) == "ecoauth-net";
    done = true;
  };
  transport->submit(post_to(peer), std::move(hooks));
  BOOST_TEST(wait_until([&] { return done.load(); }));
  BOOST_TEST(on_worker.load());
}

BOOST_AUTO_TEST_CASE(cancelled_in_every_phase) {
  auto transport = make_transport();
  Peer quiet(silent), quiet_proxy(silent);
  Peer secured(tls_server(), silent), secured_late(tls_server(), silent, false);
  BlackHole black_hole;

  // Resolving.
  BOOST_TEST(in_time([&] {
               HungNames names;
               auto lost = make_transport(trusting_settings(), names.function());
               Call call(*lost, post_to("https", "api.example.com", 443));
               return cancelled_at_once(
                   call, [&] { return names.asked(); }, HttpOutcome::not_sent);
             }) == "");
  // Connecting.
  BOOST_TEST(in_time([&] {
               size_t before = connecting_to(black_hole.port());  // what fills the hole
               Call call(*transport, post_to("https", "127.0.0.1", black_hole.port()));
               return cancelled_at_once(
                   call, [&] { return connecting_to(black_hole.port()) > before; }, HttpOutcome::not_sent);
             }) == "");
  // Waiting for the proxy.
  BOOST_TEST(in_time([&] {
               TransportSettings settings = trusting_settings();
               settings.proxy_url = "http://127.0.0.1:" + std::to_string(quiet_proxy.port());
               auto through = make_transport(settings);
               size_t before = quiet_proxy.received().size();
               Call call(*through, post_to("https", "localhost", secured.port()));
               return cancelled_at_once(
                   call, [&] { return quiet_proxy.received().size() > before; }, HttpOutcome::not_sent);
             }) == "");
  // In the handshake.
  BOOST_TEST(in_time([&] {
               size_t before = quiet.received().size();
               Call call(*transport, post_to("https", "localhost", quiet.port()));
               return cancelled_at_once(
                   call, [&] { return quiet.received().size() > before; }, HttpOutcome::not_sent);
             }) == "");
  for (bool tls : {false, true}) {
    Peer& peer = tls ? secured : quiet;
    auto request = [&] { return tls ? post_to("https", "localhost", peer.port()) : post_to(peer); };
    // Ready.
    BOOST_TEST(in_time([&] {
                 Call call(*transport, request(), Call::Hold::until_proceed);
                 return cancelled_at_once(
                     call, [&] { return call.ready_count() == 1; }, HttpOutcome::not_sent);
               }) == "");
    // Waiting for the answer.
    BOOST_TEST(in_time([&] {
                 size_t before = peer.received().size();
                 Call call(*transport, request());
                 return cancelled_at_once(
                     call, [&] { return peer.received().size() > before; }, HttpOutcome::ambiguous);
               }) == "");
    // Sending to somebody who does not read.
    BOOST_TEST(in_time([&] {
                 Peer deaf([](PeerConnection& client) {
                   client.read(1);
                   client.pause(60000);
                 });
                 Peer deaf_secured(tls_server(), [](PeerConnection& client) {
                   client.read(1);
                   client.pause(60000);
                 });
                 Peer& to = tls ? deaf_secured : deaf;
                 HttpRequest large = tls ? post_to("https", "localhost", to.port()) : post_to(to);
                 large.body = Secret(std::string(16 << 20, 'x'));
                 Call call(*transport, std::move(large));
                 return cancelled_at_once(
                     call, [&] { return !to.received().empty(); }, HttpOutcome::ambiguous);
               }) == "");
  }
}

BOOST_AUTO_TEST_CASE(cancelled_or_out_of_time_before_its_turn) {
  TransportSettings settings = trusting_settings();
  settings.max_workers = 1;
  auto transport = make_transport(settings);
  Peer peer(silent);
  Call first(*transport, post_to(peer), Call::Hold::until_proceed);
  BOOST_REQUIRE(first.wait_ready());
  Call second(*transport, post_to(peer), Call::Hold::until_proceed);
  HttpRequest hasty = post_to(peer);
  hasty.total_timeout_ms = 300;
  Call third(*transport, std::move(hasty));
  second.cancel();
  BOOST_TEST(second.result().failure == F::cancelled);
  BOOST_TEST(third.result().failure == F::timeout);
  BOOST_TEST(third.took_ms() >= 298);
  for (const Call* call : {&second, &third}) {
    BOOST_TEST(call->result().outcome == HttpOutcome::not_sent);
    BOOST_TEST(call->ready_count() == 0);
  }
  BOOST_TEST(peer.connections() == 1u);
  Call fourth(*transport, post_to(peer), Call::Hold::until_proceed);
  first.cancel();
  BOOST_TEST(fourth.wait_ready());  // its turn
  fourth.cancel();
  BOOST_TEST(fourth.result().failure == F::cancelled);
}

BOOST_AUTO_TEST_CASE(a_request_without_any_time) {
  Peer peer(answer_ok);
  auto transport = make_transport();
  for (int64_t ms : {int64_t{0}, int64_t{-1}}) {
    HttpRequest request = post_to(peer);
    request.total_timeout_ms = ms;
    Call call(*transport, std::move(request));
    BOOST_TEST(call.result().failure == F::timeout);
    BOOST_TEST(call.done_count() == 1);
  }
}

BOOST_AUTO_TEST_CASE(many_requests_cancelled_at_any_moment_end_once) {
  TransportSettings settings = trusting_settings();
  settings.max_workers = 4;
  auto transport = make_transport(settings);
  Peer plain(answer_ok), secured(tls_server(), answer_ok);
  std::mt19937 random(20261125);
  std::vector<std::unique_ptr<Call>> calls;
  for (int i = 0; i < 200; ++i) {
    HttpRequest request = i % 4 ? post_to(plain) : post_to("https", "localhost", secured.port());
    calls.push_back(std::make_unique<Call>(*transport, std::move(request)));
    if (random() % 2) calls[random() % calls.size()]->cancel();
  }
  size_t answered = 0;
  for (const auto& call : calls) {
    const HttpResult& result = call->result();
    answered += result.outcome == HttpOutcome::answered;
    if (result.outcome != HttpOutcome::answered) BOOST_TEST(result.failure == F::cancelled, result.detail);
  }
  BOOST_TEST(transport->shutdown(5000));
  for (const auto& call : calls) BOOST_TEST(call->done_count() == 1);
  BOOST_TEST(answered >= 100u);  // not even half were cancelled
}

BOOST_AUTO_TEST_CASE(shutdown_ends_everything) {
  TransportSettings settings = trusting_settings();
  settings.max_workers = 2;
  HungNames names;
  auto transport = make_transport(settings, names.function());
  Peer quiet(silent);
  Call reading(*transport, post_to(quiet));
  Call resolving(*transport, post_to("https", "api.example.com", 443));
  std::vector<std::unique_ptr<Call>> waiting;
  for (int i = 0; i < 300; ++i) waiting.push_back(std::make_unique<Call>(*transport, post_to(quiet)));
  BOOST_REQUIRE(wait_until([&] { return !quiet.received().empty() && names.asked(); }));
  int64_t from_ms = monotonic_ms();
  BOOST_TEST(transport->shutdown(5000));
  BOOST_TEST(monotonic_ms() - from_ms < 2000);
  std::vector<const Call*> all = {&reading, &resolving};
  for (const auto& call : waiting) all.push_back(call.get());
  for (const Call* call : all) {
    BOOST_TEST(call->done_count() == 1);  // before shutdown() returned
    BOOST_TEST(call->result().failure == F::cancelled);
    BOOST_TEST(call->result().outcome == (call == &reading ? HttpOutcome::ambiguous : HttpOutcome::not_sent));
  }
  BOOST_TEST(quiet.connections() == 1u);  // nobody's turn came because others were cancelled
  // Afterwards nobody is served, but everybody hears so.
  Call late(*transport, post_to(quiet), Call::Hold::until_proceed);
  BOOST_TEST(late.result().failure == F::cancelled);
  BOOST_TEST(late.result().outcome == HttpOutcome::not_sent);
  BOOST_TEST(late.ready_count() == 0);
  BOOST_TEST(transport->shutdown(1000));
}

BOOST_AUTO_TEST_CASE(shutdown_waits_no_longer_than_it_was_told) {
  Peer peer(answer_ok);
  auto transport = make_transport();
  std::atomic<bool> inside{false}, go{false}, left{false};
  HttpTransport::Hooks hooks;
  hooks.on_done = [&](HttpResult) {
    inside = true;
    wait_until([&] { return go.load(); }, 30000);
    left = true;
  };
  transport->submit(post_to(peer), std::move(hooks));
  BOOST_REQUIRE(wait_until([&] { return inside.load(); }));
  int64_t from_ms = monotonic_ms();
  BOOST_TEST(!transport->shutdown(200));  // a hook is still running
  BOOST_TEST(monotonic_ms() - from_ms >= 200);
  go = true;
  BOOST_TEST(transport->shutdown(5000));
  BOOST_TEST(left.load());
}

BOOST_AUTO_TEST_CASE(a_transport_that_is_gone_still_tells_its_requests) {
  Peer quiet(silent);
  auto transport = make_transport();
  Call call(*transport, post_to(quiet), Call::Hold::until_proceed);
  BOOST_REQUIRE(call.wait_ready());
  transport.reset();
  BOOST_TEST(call.result().failure == F::cancelled);
  call.proceed();
  call.cancel();
}

BOOST_AUTO_TEST_CASE(a_hook_that_throws_harms_only_itself) {
  TransportSettings settings = trusting_settings();
  settings.max_workers = 1;
  auto transport = make_transport(settings);
  Peer peer(answer_ok);
  HttpTransport::Hooks hooks;
  hooks.on_done = [](HttpResult) { throw std::runtime_error("a defect"); };
  transport->submit(post_to(peer), std::move(hooks));
  Call next(*transport, post_to(peer));
  BOOST_TEST(next.result().outcome == HttpOutcome::answered);
}

BOOST_AUTO_TEST_SUITE_END()
