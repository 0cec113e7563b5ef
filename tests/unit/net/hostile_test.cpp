// Servers that never come to an end, or lie about it. Each must end by its deadline, with the right failure, and
// without taking memory.
#include <algorithm>
#include <atomic>
#include <boost/test/unit_test.hpp>

#include "call.hpp"

using namespace ecoauth;
using F = HttpFailure;

namespace {

constexpr int64_t deadline_ms = 1200;
constexpr size_t gigabyte = size_t{1} << 30;

struct Hostile {
  const char* what;
  Peer::Script script;
  F failure;
};

const std::string head = "HTTP/1.1 200 OK\r\n";

/// Reads the request, then plays `rest` until the client goes.
Peer::Script answering(Peer::Script rest) {
  return [rest = std::move(rest)](PeerConnection& client) {
    if (client.read_request().empty()) return;
    rest(client);
    client.wait_for_end();
  };
}

Peer::Script dripping(const std::string& first, const std::string& then) {
  return answering([=](PeerConnection& client) {
    if (!client.send(first)) return;
    while (client.drip(then, 20)) {
    }
  });
}

const std::vector<Hostile> endless = {
    {"says nothing", answering([](PeerConnection&) {}), F::timeout},
    {"drips its status line", dripping("", "HTTP/1.1 200 " + std::string(1000, 'a')), F::timeout},
    {"drips its header", dripping(head, "X: y\r\n"), F::timeout},
    {"drips one header field", dripping(head + "X: ", "y"), F::timeout},
    {"drips interim answers", dripping("", "HTTP/1.1 100 Continue\r\n\r\n"), F::timeout},
    {"drips a body of announced length", dripping(head + "Content-Length: 5000\r\n\r\n", "x"), F::timeout},
    {"drips a body without length", dripping(head + "\r\n", "x"), F::timeout},
    {"drips chunks", dripping(head + "Transfer-Encoding: chunked\r\n\r\n", "1\r\nx\r\n"), F::timeout},
    {"stops within the header", answering([](PeerConnection& client) { client.send(head + "Content-Le"); }),
     F::timeout},
    {"stops within the body",
     answering([](PeerConnection& client) { client.send(head + "Content-Length: 5\r\n\r\nab"); }), F::timeout},
    {"stops within a chunk",
     answering([](PeerConnection& client) { client.send(head + "Transfer-Encoding: chunked\r\n\r\n5\r\nab"); }),
     F::timeout},
};

std::atomic<size_t> most_flooded{0};

Peer::Script flooding(const std::string& first, const std::string& then) {
  return answering([=](PeerConnection& client) {
    if (!client.send(first)) return;
    std::string block;
    while (block.size() < (1 << 16)) block += then;
    most_flooded = std::max(most_flooded.load(), client.flood(block, gigabyte));
  });
}

const std::vector<Hostile> huge = {
    {"an endless body", flooding(head + "\r\n", "x"), F::too_large},
    {"a body of a gigabyte", flooding(head + "Content-Length: 1073741824\r\n\r\n", "x"), F::too_large},
    {"endless chunks",
     flooding(head + "Transfer-Encoding: chunked\r\n\r\n", "400\r\n" + std::string(1024, 'x') + "\r\n"), F::too_large},
    {"one chunk of a gigabyte", flooding(head + "Transfer-Encoding: chunked\r\n\r\n40000000\r\n", "x"), F::too_large},
    {"an endless chunk line", flooding(head + "Transfer-Encoding: chunked\r\n\r\n1;", "x"), F::too_large},
    {"a header line of a gigabyte", flooding(head + "X: ", "x"), F::too_large},
    {"a status line of a gigabyte", flooding("HTTP/1.1 200 ", "x"), F::too_large},
    {"a million header fields", flooding(head, "X: y\r\n"), F::too_large},
    {"endless interim answers", flooding("", "HTTP/1.1 100 Continue\r\n\r\n"), F::too_large},
    {"endless interim answers with fields", flooding("", "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n"), F::too_large},
    {"an encoded endless body", flooding(head + "Content-Encoding: gzip\r\n\r\n", std::string(1, '\0')), F::malformed},
    {"endless junk", flooding("", "\x16\x03\x01"), F::malformed},
};

const TlsServer& tls_server() {
  static const TlsServer server = [] {
    TlsServer made;
    made.identity = make_identity({}, &test_authority());
    return made;
  }();
  return server;
}

struct Running {
  const Hostile* hostile;
  bool tls;
  std::unique_ptr<Peer> peer;
  std::unique_ptr<Call> call;
};

Running start(HttpTransport& transport, const Hostile& hostile, bool tls) {
  Running running{&hostile, tls, nullptr, nullptr};
  running.peer = tls ? std::make_unique<Peer>(tls_server(), hostile.script) : std::make_unique<Peer>(hostile.script);
  HttpRequest request = tls ? post_to("https", "localhost", running.peer->port()) : post_to(*running.peer);
  request.total_timeout_ms = deadline_ms;
  running.call = std::make_unique<Call>(transport, std::move(request));
  return running;
}

void check(const Running& running) {
  const HttpResult& result = running.call->result();
  BOOST_TEST_CONTEXT(running.hostile->what << (running.tls ? ", TLS" : "") << ": " << result.detail) {
    BOOST_TEST(result.failure == running.hostile->failure);
    BOOST_TEST(result.outcome == HttpOutcome::ambiguous);
    BOOST_TEST(running.peer->connections() == 1u);  // never resent
  }
}

}  // namespace

BOOST_AUTO_TEST_SUITE(hostile)

BOOST_AUTO_TEST_CASE(servers_that_never_end_have_until_the_deadline) {
  TransportSettings settings = trusting_settings();
  settings.max_workers = 64;
  auto transport = make_transport(settings);
  std::vector<Running> all;
  for (const Hostile& hostile : endless)
    for (bool tls : {false, true}) all.push_back(start(*transport, hostile, tls));
  for (const Running& running : all) {
    check(running);
    std::string wrong = ended_at(*running.call, deadline_ms);
    if (!wrong.empty())  // all at once they were too many: this one again, alone
      wrong = in_time([&] { return ended_at(*start(*transport, *running.hostile, running.tls).call, deadline_ms); });
    BOOST_TEST_INFO(running.hostile->what);
    BOOST_TEST(wrong == "");
  }
}

BOOST_AUTO_TEST_CASE(an_answer_that_is_refused_has_one_second_more) {
  // Its body may hold a token that exists nowhere else; the rest of its time is of no use to anybody.
  auto transport = make_transport();
  Peer peer(dripping(head + "Content-Encoding: gzip\r\n\r\n", "x"));
  BOOST_TEST(in_time([&] {
               Call call(*transport, post_to(peer));
               BOOST_TEST(call.result().failure == F::malformed);
               BOOST_TEST(call.result().outcome == HttpOutcome::ambiguous);
               BOOST_TEST(!call.result().body.empty());
               return ended_at(call, 1000);
             }) == "");
  Call cancelled(*transport, post_to(peer));
  BOOST_TEST(wait_until([&] { return peer.connections() >= 2; }));
  cancelled.cancel();
  BOOST_TEST(cancelled.result().failure == F::cancelled);
}

BOOST_AUTO_TEST_CASE(an_answer_without_length_needs_a_goodbye) {
  auto transport = make_transport();
  for (bool goodbye : {true, false}) {
    Peer peer(tls_server(), answering([=](PeerConnection& client) {
                client.send(head + "\r\n{}");
                goodbye ? client.close() : client.cut();
              }));
    Call call(*transport, post_to("https", "localhost", peer.port()));
    BOOST_TEST(call.result().failure == (goodbye ? F::none : F::truncated), call.result().detail);
    BOOST_TEST(call.result().outcome == (goodbye ? HttpOutcome::answered : HttpOutcome::ambiguous));
    BOOST_TEST(call.result().body.reveal() == "{}");
  }
}

BOOST_AUTO_TEST_CASE(servers_that_send_too_much_are_cut_off_and_take_no_memory) {
  auto transport = make_transport();
  for (bool tls : {false, true}) {
    check(start(*transport, huge[0], tls));  // OpenSSL and the allocator have their working set now
    for (const Hostile& hostile : huge) {
      forget_peak();
      int64_t before = resident_bytes();
      Running running = start(*transport, hostile, tls);
      check(running);
      int64_t growth = peak_resident_bytes() - before;
      BOOST_TEST(running.call->took_ms() < deadline_ms);
      BOOST_TEST(running.peer->wait_for_ended(1));
      BOOST_TEST(most_flooded < gigabyte / 8);  // the client did not listen to the end
      BOOST_TEST_MESSAGE(hostile.what << (tls ? ", TLS" : "") << ": resident memory grew by " << growth / 1024
                                      << " KB");
      if (memory_can_be_measured()) BOOST_TEST(growth < (2 << 20), hostile.what << ": " << growth << " bytes");
      BOOST_TEST(running.call->result().body.size() <= 64u * 1024);
    }
  }
}

BOOST_AUTO_TEST_CASE(an_answer_cut_after_every_byte) {
  auto transport = make_transport();
  const std::string answers[] = {
      head + "Content-Length: 14\r\n\r\n{\"a\": \"token\"}",
      head + "Transfer-Encoding: chunked\r\n\r\ne\r\n{\"a\": \"token\"}\r\n0\r\n\r\n",
  };
  enum class Cut { finish, without_goodbye, reset };
  for (const std::string& answer : answers)
    for (Cut cut : {Cut::finish, Cut::without_goodbye, Cut::reset})
      for (bool tls : {false, true}) {
        // On TLS every seventh byte; a handshake each is work.
        for (size_t size = 0; size < answer.size() - 4; size += tls ? 7 : 1) {
          auto script = answering([&, size, cut](PeerConnection& client) {
            client.send(answer.substr(0, size));
            if (cut == Cut::finish) client.close();
            if (cut == Cut::without_goodbye) client.cut();
            if (cut == Cut::reset) client.reset();
          });
          Hostile hostile{"cut", script, F::none};
          Running running = start(*transport, hostile, tls);
          const HttpResult& result = running.call->result();
          size_t body = answer.find("\r\n\r\n") + 4;
          BOOST_TEST_CONTEXT("after " << size << " bytes of " << answer << ": " << result.detail) {
            BOOST_TEST(result.outcome == HttpOutcome::ambiguous);
            BOOST_TEST((result.failure == F::reset || (result.failure == F::truncated && size >= body)));
            if (cut != Cut::reset && size >= body) BOOST_TEST(result.failure == F::truncated);
            BOOST_TEST(answer.find(result.body.reveal()) != std::string::npos);
            BOOST_TEST(running.peer->connections() == 1u);
          }
        }
      }
}

BOOST_AUTO_TEST_SUITE_END()
