// CONNECT through a real proxy, and through some that are worse.
#define BOOST_TEST_MODULE net_proxy
#define BOOST_TEST_NO_MAIN
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/test/unit_test.hpp>
#include <cstdio>

#include "call.hpp"
#include "support/temp_folder.hpp"

using namespace ecoauth;
using F = HttpFailure;

namespace {

const char* const tinyproxy = "/usr/bin/tinyproxy";

bool accepts_connections(uint16_t port) {
  Address address = loopback_address(port);
  int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  bool ok = ::connect(fd, reinterpret_cast<sockaddr*>(&address.storage), address.size) == 0;
  ::close(fd);
  return ok;
}

/// The real one, as a process of its own.
class TinyProxy {
 public:
  explicit TinyProxy(const std::string& more_settings = "") {
    // It cannot take port 0, and somebody may be quicker with a free one.
    for (int attempt = 0; attempt < 5 && !process_; ++attempt) start(more_settings);
    if (!process_) throw std::runtime_error("tinyproxy does not start: " + log());
  }
  ~TinyProxy() { end(); }
  uint16_t port() const { return port_; }
  std::string url(const std::string& user = "") const {
    return "http://" + user + "127.0.0.1:" + std::to_string(port_);
  }
  std::string log() const { return read_file(folder_ / "log"); }

 private:
  void start(const std::string& more_settings) {
    port_ = ClosedPort().port();
    std::string config = write_file(folder_ / "config",
                                    "Port " + std::to_string(port_) +
                                        "\nListen 127.0.0.1\nTimeout 30\nAllow 127.0.0.1\nLogLevel Info\nLogFile \"" +
                                        (folder_ / "log") + "\"\n" + more_settings);
    std::string flag = "-d", option = "-c", name = tinyproxy;
    char* arguments[] = {name.data(), flag.data(), option.data(), config.data(), nullptr};
    posix_spawn_file_actions_t files;
    posix_spawn_file_actions_init(&files);
    posix_spawn_file_actions_addopen(&files, 1, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_addopen(&files, 2, "/dev/null", O_WRONLY, 0);
    pid_t started = 0;
    int failed = posix_spawn(&started, tinyproxy, &files, nullptr, arguments, environ);
    posix_spawn_file_actions_destroy(&files);
    if (failed) throw std::runtime_error("tinyproxy cannot be started");
    process_ = started;
    wait_until([&] {
      return waitpid(process_, nullptr, WNOHANG) == process_ ? (process_ = 0, true) : accepts_connections(port_);
    });
  }
  void end() {
    if (!process_) return;
    kill(process_, SIGTERM);
    waitpid(process_, nullptr, 0);
  }

  TempFolder folder_;
  uint16_t port_ = 0;
  pid_t process_ = 0;
};

TlsServer tls_server() {
  TlsServer server;
  server.identity = make_identity({}, &test_authority());
  return server;
}

void answer_ok(PeerConnection& client) {
  if (client.read_request().empty()) return;
  client.send(http_answer("{}"));
  client.close();
  client.wait_for_end();
}

std::unique_ptr<HttpTransport> through(const std::string& proxy_url) {
  TransportSettings settings = trusting_settings();
  settings.proxy_url = proxy_url;
  return make_transport(settings);
}

std::string url_of(uint16_t port, const std::string& user = "") {
  return "http://" + user + "127.0.0.1:" + std::to_string(port);
}

/// Reads the CONNECT request without TLS, on whatever peer.
std::string read_connect(PeerConnection& client) {
  std::string head;
  char byte;
  while (head.find("\r\n\r\n") == std::string::npos && ::recv(client.fd(), &byte, 1, 0) == 1) head += byte;
  return head;
}

void send_plain(PeerConnection& client, const std::string& text) {
  (void)!::send(client.fd(), text.data(), text.size(), MSG_NOSIGNAL);
}

void not_through_the_proxy(const Call& call, const Peer& origin, const std::string& about = "") {
  BOOST_TEST_CONTEXT(about << ": " << call.result().detail) {
    BOOST_TEST(call.result().failure == F::proxy);
    BOOST_TEST(call.result().outcome == HttpOutcome::not_sent);
    BOOST_TEST(call.result().detail.find("proxy") != std::string::npos);
    BOOST_TEST(call.result().detail.find("secret") == std::string::npos);
    BOOST_TEST(origin.received() == "");
  }
}

}  // namespace

BOOST_AUTO_TEST_SUITE(tinyproxy_)

BOOST_AUTO_TEST_CASE(a_tunnel_without_a_password) {
  TinyProxy proxy;
  Peer origin(tls_server(), answer_ok);
  auto transport = through(proxy.url());
  Call call(*transport, post_to("https", "localhost", origin.port()), Call::Hold::until_proceed);
  BOOST_REQUIRE(call.wait_ready());
  BOOST_TEST(origin.received() == "");
  call.proceed();
  BOOST_TEST(call.result().outcome == HttpOutcome::answered, call.result().detail);
  BOOST_TEST(origin.received().find(canary) != std::string::npos);
  BOOST_TEST(origin.received().find("Proxy") == std::string::npos);
  BOOST_TEST(proxy.log().find("CONNECT localhost:" + std::to_string(origin.port())) != std::string::npos);
  BOOST_TEST(proxy.log().find(canary) == std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_tunnel_with_a_password) {
  TinyProxy proxy("BasicAuth user secret\n");
  Peer origin(tls_server(), answer_ok);
  auto right = through(proxy.url("user:secret@"));
  Call call(*right, post_to("https", "localhost", origin.port()));
  BOOST_TEST(call.result().outcome == HttpOutcome::answered, call.result().detail);
  BOOST_TEST(origin.received().find("Proxy") == std::string::npos);
  BOOST_TEST(origin.received().find("secret") == std::string::npos);
  BOOST_TEST(origin.received().find("dXNlcjpzZWNyZXQ=") == std::string::npos);

  Peer untouched(tls_server(), answer_ok);
  for (const char* user : {"", "user:secrets@", "secret:user@"}) {
    auto wrong = through(proxy.url(user));
    Call refused(*wrong, post_to("https", "localhost", untouched.port()));
    not_through_the_proxy(refused, untouched, user);
    BOOST_TEST(refused.result().detail.find("password") != std::string::npos);
  }
  BOOST_TEST(untouched.connections() == 0u);
}

BOOST_AUTO_TEST_CASE(a_tunnel_that_is_refused) {
  TinyProxy proxy("ConnectPort 1\n");
  Peer origin(tls_server(), answer_ok);
  auto transport = through(proxy.url());
  Call call(*transport, post_to("https", "localhost", origin.port()));
  not_through_the_proxy(call, origin);
  BOOST_TEST(origin.connections() == 0u);
}

BOOST_AUTO_TEST_CASE(a_server_that_the_proxy_cannot_reach) {
  TinyProxy proxy;
  ClosedPort closed;
  Peer nobody([](PeerConnection&) {});
  auto transport = through(proxy.url());
  Call call(*transport, post_to("https", "localhost", closed.port()));
  not_through_the_proxy(call, nobody);
}

BOOST_AUTO_TEST_CASE(the_server_has_to_prove_its_name_all_the_same) {
  TinyProxy proxy;
  CertificateWish other;
  other.names = "DNS:other.example.com,IP:127.0.0.1";
  TlsServer wrong;
  wrong.identity = make_identity(other, &test_authority());
  Peer origin(wrong, answer_ok);
  auto transport = through(proxy.url());
  Call call(*transport, post_to("https", "localhost", origin.port()));
  BOOST_TEST(call.result().failure == F::tls, call.result().detail);
  BOOST_TEST(call.result().outcome == HttpOutcome::not_sent);
  BOOST_TEST(origin.received() == "");
  Call by_address(*transport, post_to("https", "127.0.0.1", origin.port()));
  BOOST_TEST(by_address.result().outcome == HttpOutcome::answered, by_address.result().detail);
}

BOOST_AUTO_TEST_CASE(deadlines_hold_behind_a_proxy) {
  TinyProxy proxy;
  auto transport = through(proxy.url());
  Peer silent([](PeerConnection& client) { client.wait_for_end(); });
  Peer dripping(tls_server(), [](PeerConnection& client) {
    client.read_request();
    client.drip("HTTP/1.1 200 " + std::string(1000, 'x'), 20);
  });
  BOOST_TEST(in_time([&] {
               HttpRequest request = post_to("https", "localhost", silent.port());
               request.connect_timeout_ms = 500;
               Call call(*transport, std::move(request));
               BOOST_TEST(call.result().failure == F::timeout, call.result().detail);
               BOOST_TEST(call.result().outcome == HttpOutcome::not_sent);
               return ended_at(call, 500);
             }) == "");
  BOOST_TEST(in_time([&] {
               HttpRequest request = post_to("https", "localhost", dripping.port());
               request.total_timeout_ms = 800;
               Call call(*transport, std::move(request));
               BOOST_TEST(call.result().failure == F::timeout, call.result().detail);
               BOOST_TEST(call.result().outcome == HttpOutcome::ambiguous);
               return ended_at(call, 800);
             }) == "");
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(scripted_proxy)

BOOST_AUTO_TEST_CASE(what_a_proxy_gets_to_see) {
  std::string seen;
  // An intercepting one: agrees, then plays the server itself.
  TlsServer impostor;
  impostor.identity = make_identity({});
  Peer proxy(
      impostor,
      [&](PeerConnection& client) {
        seen = read_connect(client);
        send_plain(client, "HTTP/1.1 200 Connection established\r\n\r\n");
        client.handshake();
        client.wait_for_end();
      },
      false);
  auto transport = through(url_of(proxy.port(), "user:p%40ss@"));
  Call call(*transport, post_to("https", "API.example.com", 443));
  BOOST_TEST(call.result().failure == F::tls, call.result().detail);
  BOOST_TEST(call.result().outcome == HttpOutcome::not_sent);
  BOOST_TEST(proxy.wait_for_ended(1));
  BOOST_TEST(proxy.handshakes() == 0u);
  BOOST_TEST(proxy.received() == "");
  BOOST_TEST(seen ==
             "CONNECT API.example.com:443 HTTP/1.1\r\nHost: API.example.com:443\r\n"
             "Proxy-Authorization: Basic dXNlcjpwQHNz\r\n\r\n");
}

BOOST_AUTO_TEST_CASE(an_ipv6_server) {
  Peer proxy([](PeerConnection& client) {
    client.read();
    client.send("HTTP/1.0 503 No\r\n\r\n");
  });
  auto transport = through(url_of(proxy.port()));
  not_through_the_proxy(Call(*transport, post_to("https", "::1", 8443)), Peer([](PeerConnection&) {}));
  BOOST_TEST(proxy.received().find("CONNECT [::1]:8443 HTTP/1.1\r\n") == 0u);
}

BOOST_AUTO_TEST_CASE(answers_that_are_no_tunnel) {
  struct Answer {
    const char* what;
    std::string text;
  };
  const Answer answers[] = {
      {"nothing", ""},
      {"junk", "\x16\x03\x01 what?"},
      {"half a head", "HTTP/1.1 200 OK\r\nX: y\r\n"},
      {"a redirect", "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\n\r\n"},
      {"forbidden", "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n"},
      {"a password wanted", "HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm=x\r\n\r\n"},
      {"interim", "HTTP/1.1 100 Continue\r\n\r\n"},
      {"status 0", "HTTP/1.1 000 OK\r\n\r\n"},
      {"negative status", "HTTP/1.1 -20 OK\r\n\r\n"},
      {"HTTP/2", "HTTP/2 200\r\n\r\n"},
      {"an endless head", "HTTP/1.1 200 OK\r\nX: " + std::string(100000, 'x')},
  };
  for (const Answer& answer : answers) {
    Peer proxy([&](PeerConnection& client) {
      client.read_request();
      client.send(answer.text);
      client.close();
      client.wait_for_end();
    });
    Peer origin([](PeerConnection&) {});
    auto transport = through(url_of(proxy.port(), "user:secret@"));
    Call call(*transport, post_to("https", "localhost", origin.port()));
    not_through_the_proxy(call, origin, answer.what);
    BOOST_TEST(proxy.connections() == 1u);
    BOOST_TEST(proxy.received().find(canary) == std::string::npos);
    BOOST_TEST(origin.connections() == 0u);
  }
}

BOOST_AUTO_TEST_CASE(proxies_that_never_answer) {
  Peer silent([](PeerConnection& client) { client.wait_for_end(); });
  Peer dripping([](PeerConnection& client) {
    client.read_request();
    client.drip("HTTP/1.1 200 " + std::string(1000, 'x'), 20);
  });
  BlackHole black_hole;
  for (uint16_t port : {silent.port(), dripping.port(), black_hole.port()})
    BOOST_TEST(in_time([&] {
                 auto transport = through(url_of(port));
                 HttpRequest request = post_to("https", "localhost", 443);
                 request.connect_timeout_ms = 500;
                 Call call(*transport, std::move(request));
                 BOOST_TEST(call.result().failure == F::timeout, call.result().detail);
                 BOOST_TEST(call.result().outcome == HttpOutcome::not_sent);
                 return ended_at(call, 500);
               }) == "");
}

BOOST_AUTO_TEST_CASE(a_proxy_that_is_not_there) {
  ClosedPort closed;
  Peer origin(tls_server(), answer_ok);
  for (const std::string& url : {url_of(closed.port()), std::string("http://proxy.invalid:1")}) {
    TransportSettings settings = trusting_settings();
    settings.proxy_url = url;
    auto transport = make_transport(settings, [](const std::string&, uint16_t) { return Resolution{{}, "unknown"}; });
    Call call(*transport, post_to("https", "localhost", origin.port()));
    not_through_the_proxy(call, origin, url);
  }
  BOOST_TEST(origin.connections() == 0u);
}

BOOST_AUTO_TEST_CASE(plain_http_to_this_machine_goes_straight) {
  Peer proxy([](PeerConnection& client) { client.wait_for_end(); });
  Peer origin(answer_ok);
  auto transport = through(url_of(proxy.port()));
  Call call(*transport, post_to(origin));
  BOOST_TEST(call.result().outcome == HttpOutcome::answered);
  BOOST_TEST(proxy.connections() == 0u);
}

BOOST_AUTO_TEST_SUITE_END()

int main(int count, char** arguments) {
  if (access(tinyproxy, X_OK) != 0) {
    std::printf("skipped: %s is not installed (Debian package tinyproxy-bin)\n", tinyproxy);
    return 77;
  }
  return boost::unit_test::unit_test_main(&init_unit_test, count, arguments);
}
