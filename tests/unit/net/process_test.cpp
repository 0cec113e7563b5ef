// What the host notices of us: threads, descriptors, signals, and nothing else.
#define BOOST_TEST_MODULE net_process
#include <pthread.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <boost/test/unit_test.hpp>

#include "call.hpp"

using namespace ecoauth;
using F = HttpFailure;

namespace {

void answer_ok(PeerConnection& client) {
  if (client.read_request().empty()) return;
  client.send(http_answer("{}"));
  client.close();
  client.wait_for_end();
}

TlsServer tls_server() {
  TlsServer server;
  server.identity = make_identity({}, &test_authority());
  return server;
}

HttpRequest post_to_tls(const Peer& peer) { return post_to("https", "localhost", peer.port()); }

/// SIGPIPE as a program has it that never thought of it: open, and deadly.
class DeadlyPipe {
 public:
  DeadlyPipe() {
    sigset_t pipe;
    sigemptyset(&pipe);
    sigaddset(&pipe, SIGPIPE);
    struct sigaction deadly {};
    deadly.sa_handler = SIG_DFL;
    sigaction(SIGPIPE, &deadly, &action_before_);
    pthread_sigmask(SIG_UNBLOCK, &pipe, &mask_before_);
  }
  ~DeadlyPipe() {
    sigaction(SIGPIPE, &action_before_, nullptr);
    pthread_sigmask(SIG_SETMASK, &mask_before_, nullptr);
  }

 private:
  struct sigaction action_before_ {};
  sigset_t mask_before_;
};

bool pipe_signal_pending(pid_t thread) {
  std::string status = read_file("/proc/self/task/" + std::to_string(thread) + "/status");
  size_t at = status.find("SigPnd:\t");
  return at != std::string::npos && std::stoull(status.substr(at + 8, 16), nullptr, 16) & (1ull << (SIGPIPE - 1));
}

std::atomic<int> interruptions{0};
void count_interruption(int) { ++interruptions; }

/// A handler as a profiler has it, but without SA_RESTART.
class Profiler {
 public:
  Profiler() {
    struct sigaction counting {};
    counting.sa_handler = count_interruption;
    sigaction(SIGPROF, &counting, &before_);
  }
  ~Profiler() { sigaction(SIGPROF, &before_, nullptr); }
  /// Interrupts whatever our workers wait in.
  bool interrupt_workers(int times) {
    for (int i = 0; i < times; ++i) {
      int seen = interruptions;
      std::vector<pid_t> workers = threads_named("ecoauth-net");
      if (workers.empty()) return false;
      for (pid_t worker : workers) syscall(SYS_tgkill, getpid(), worker, SIGPROF);
      if (!wait_until([&] { return interruptions >= seen + static_cast<int>(workers.size()); })) return false;
    }
    return true;
  }

 private:
  struct sigaction before_ {};
};

}  // namespace

BOOST_AUTO_TEST_SUITE(process)

BOOST_AUTO_TEST_CASE(no_thread_before_the_first_request_and_none_some_time_after_the_last) {
  Peer plain(answer_ok), secured(tls_server(), answer_ok);
  auto transport = make_transport();
  BOOST_TEST(threads_named("ecoauth").empty());  // this is the program's first test
  for (int i = 0; i < 3; ++i) {
    BOOST_TEST(Call(*transport, post_to(plain)).result().outcome == HttpOutcome::answered);
    BOOST_TEST(Call(*transport, post_to_tls(secured)).result().outcome == HttpOutcome::answered);
  }
  size_t used = threads_named("ecoauth").size();
  BOOST_TEST(used >= 1u);
  BOOST_TEST(used <= 4u);  // one after the other: a worker or two, the guard, a lookup just ending
  BOOST_TEST(wait_until([] { return threads_named("ecoauth").empty(); }, 15000));
  BOOST_TEST(Call(*transport, post_to(plain)).result().outcome == HttpOutcome::answered);  // and again
}

BOOST_AUTO_TEST_CASE(every_descriptor_closes_on_exec_and_none_stays) {
  Peer plain(answer_ok), secured(tls_server(), answer_ok);
  Peer proxy([](PeerConnection& client) {
    client.read_request();
    client.wait_for_end();
  });
  TransportSettings proxied = trusting_settings();
  proxied.proxy_url = "http://127.0.0.1:" + std::to_string(proxy.port());
  auto transport = make_transport(), through = make_transport(proxied);
  Call(*transport, post_to_tls(secured)).result();  // what OpenSSL opens once is open
  BOOST_TEST(wait_until([&] { return !connected_to(secured.port()); }));
  const std::set<int> before = open_descriptors();
  {
    Call first(*transport, post_to(plain), Call::Hold::until_proceed);
    Call second(*transport, post_to_tls(secured), Call::Hold::until_proceed);
    Call third(*through, post_to_tls(secured));
    BOOST_REQUIRE(first.wait_ready());
    BOOST_REQUIRE(second.wait_ready());
    BOOST_REQUIRE(wait_until([&] { return !proxy.received().empty(); }));
    const std::set<int> during = open_descriptors();
    BOOST_TEST(during.size() >= before.size() + 3 * 2 + 1);  // both ends of each, and POCO's duplicate
    BOOST_TEST(inheritable(before, during).empty());
    first.proceed();
    second.proceed();
    third.cancel();
    for (const Call* call : {&first, &second, &third}) call->result();
  }
  BOOST_TEST(plain.wait_for_ended(1));
  BOOST_TEST(proxy.wait_for_ended(1));
  BOOST_TEST(secured.wait_for_ended(2));
  BOOST_TEST(wait_until([&] { return open_descriptors() == before; }));
}

BOOST_AUTO_TEST_CASE(descriptors_do_not_run_out) {
  Peer plain(answer_ok), secured(tls_server(), answer_ok), rude([](PeerConnection&client) { client.reset(); });
  Peer no_tls([](PeerConnection& client) { client.send(http_answer("{}", 400)); });
  ClosedPort closed;
  auto transport = make_transport();
  Call(*transport, post_to_tls(secured)).result();
  BOOST_TEST(wait_until([&] { return !connected_to(secured.port()); }));
  const std::set<int> before = open_descriptors();
  for (int i = 0; i < 30; ++i) {
    Call(*transport, post_to(plain)).result();
    Call(*transport, post_to_tls(secured)).result();
    Call(*transport, post_to_tls(no_tls)).result();
    Call(*transport, post_to_tls(rude)).result();
    Call(*transport, post_to("https", "localhost", closed.port())).result();
  }
  BOOST_TEST(wait_until([&] { return open_descriptors() == before; }));
}

BOOST_AUTO_TEST_CASE(sigpipe_reaches_nobody) {
  DeadlyPipe deadly;
  for (bool tls : {false, true}) {
    Peer::Script deaf = [](PeerConnection& client) {
      client.read(1);
      client.pause(60000);
    };
    auto peer = tls ? std::make_unique<Peer>(tls_server(), deaf) : std::make_unique<Peer>(deaf);
    auto transport = make_transport();
    HttpRequest request = tls ? post_to_tls(*peer) : post_to(*peer);
    request.body = Secret(std::string(16 << 20, 'x'));
    std::atomic<bool> pending{true};
    std::atomic<int> outcomes{-1};
    HttpTransport::Hooks hooks;
    hooks.on_done = [&](HttpResult result) {
      pending = pipe_signal_pending(static_cast<pid_t>(syscall(SYS_gettid)));
      outcomes = result.failure == F::cancelled && result.outcome == HttpOutcome::ambiguous;
    };
    auto exchange = transport->submit(std::move(request), std::move(hooks));
    BOOST_REQUIRE(wait_until([&] { return !peer->received().empty(); }));
    exchange->cancel();  // shuts the socket under a write that waits
    BOOST_REQUIRE(wait_until([&] { return outcomes >= 0; }));
    BOOST_TEST(outcomes == 1);
    BOOST_TEST(!pending);  // a host's callback on this thread may open its mask
  }
}

BOOST_AUTO_TEST_CASE(the_hosts_signals_do_not_end_a_request) {
  Profiler profiler;
  std::atomic<bool> go{false};
  auto when_told = [&](PeerConnection& client) {
    while (!go && client.pause(2)) {
    }
  };
  Peer slow_handshake(
      tls_server(),
      [&](PeerConnection& client) {
        when_told(client);
        if (client.handshake()) answer_ok(client);
      },
      false);
  Peer::Script slow_answer = [&](PeerConnection& client) {
    if (client.read_request().empty()) return;
    when_told(client);
    client.send(http_answer("{}"));
    client.close();
  };
  Peer plain(slow_answer), secured(tls_server(), slow_answer);
  auto transport = make_transport();
  const std::pair<Peer*, HttpRequest (*)(const Peer&)> cases[] = {
      {&slow_handshake, post_to_tls},
      {&plain, static_cast<HttpRequest (*)(const Peer&)>(post_to)},
      {&secured, post_to_tls},
  };
  for (const auto& [peer, request] : cases) {
    go = false;
    const std::set<int> before = open_descriptors();
    Call call(*transport, request(*peer));
    BOOST_REQUIRE(wait_until([peer = peer] { return peer == nullptr || peer->connections() == 1; }));
    if (peer != &slow_handshake) BOOST_REQUIRE(wait_until([peer = peer] { return !peer->received().empty(); }));
    BOOST_TEST(profiler.interrupt_workers(20));
    BOOST_TEST(inheritable(before, open_descriptors()).empty());
    go = true;
    BOOST_TEST(call.result().outcome == HttpOutcome::answered, call.result().detail);
  }
}

BOOST_AUTO_TEST_CASE(the_callers_mask_is_untouched) {
  sigset_t before, after;
  sigemptyset(&before);
  sigaddset(&before, SIGUSR2);
  pthread_sigmask(SIG_SETMASK, &before, &after);
  sigset_t original = after;
  Peer peer(answer_ok);
  auto transport = make_transport();
  BOOST_TEST(Call(*transport, post_to(peer)).result().outcome == HttpOutcome::answered);
  pthread_sigmask(SIG_SETMASK, &original, &after);
  for (int number = 1; number < 32; ++number) BOOST_TEST(sigismember(&before, number) == sigismember(&after, number));
}

BOOST_AUTO_TEST_SUITE_END()
