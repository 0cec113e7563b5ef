// A host that uses POCO and OpenSSL itself, carelessly, and an environment full of bad advice. None of it may weaken
// us.
#define BOOST_TEST_MODULE net_host
#define BOOST_TEST_NO_MAIN
#include <Poco/Delegate.h>
#include <Poco/Net/AcceptCertificateHandler.h>
#include <Poco/Net/Context.h>
#include <Poco/Net/HTTPClientSession.h>
#include <Poco/Net/NetSSL.h>
#include <Poco/Net/RejectCertificateHandler.h>
#include <Poco/Net/SSLManager.h>
#include <Poco/Net/SecureStreamSocket.h>
#include <Poco/Net/VerificationErrorArgs.h>
#include <stdlib.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <boost/test/unit_test.hpp>

#include "call.hpp"
#include "net/tls_start.hpp"
#include "support/temp_folder.hpp"

using namespace ecoauth;
using F = HttpFailure;
using Poco::Net::Context;
using Poco::Net::SSLManager;

namespace {

struct Advice {
  TempFolder folder;
  std::string openssl_file = write_file(folder / "openssl.cnf",
                                        "openssl_conf = all\n[all]\nssl_conf = ssl\n[ssl]\n"
                                        "system_default = weak\n[weak]\nMinProtocol = TLSv1\n"
                                        "CipherString = ALL:@SECLEVEL=0\nVerifyMode = None\n");
  std::string certificates_file = write_file(folder / "certificates.pem", "");
};
Advice* advice = nullptr;

class Opened {
 public:
  explicit Opened(const std::string& file) : fd_(inotify_init1(IN_CLOEXEC | IN_NONBLOCK)) {
    inotify_add_watch(fd_, file.c_str(), IN_OPEN);
  }
  ~Opened() { close(fd_); }
  bool was() const {
    char event[512];
    return ::read(fd_, event, sizeof event) > 0;
  }

 private:
  int fd_;
};

TlsServer signed_by_authority(const CertificateWish& wish) {
  TlsServer server;
  server.identity = make_identity(wish, &test_authority());
  return server;
}

void answer_ok(PeerConnection& client) {
  if (client.read_request().empty()) return;
  client.send(http_answer("{}"));
  client.close();
}

/// Bad servers are refused and see nothing; the good one is served.
void only_the_right_server_is_believed(bool late = false) {
  CertificateWish other, expired;
  other.names = "DNS:other.example.com";
  expired.valid_from_s = -7200;
  expired.valid_until_s = -60;
  TlsServer self_signed;
  self_signed.identity = make_identity({});
  const std::pair<TlsServer, F> bad[] = {
      {signed_by_authority(other), F::tls}, {signed_by_authority(expired), F::certificate_time}, {self_signed, F::tls}};
  auto transport = make_transport();
  for (const auto& [server, failure] : bad) {
    Peer peer(
        server,
        [late](PeerConnection& client) {
          if (late) client.pause(500);
          if (client.handshake()) answer_ok(client);
        },
        false);
    HttpRequest request = post_to("https", "localhost", peer.port());
    if (late) request.connect_timeout_ms = 300;
    Call call(*transport, std::move(request));
    BOOST_TEST(call.result().failure == (late ? F::timeout : failure), call.result().detail);
    BOOST_TEST(call.result().outcome == HttpOutcome::not_sent);
    BOOST_TEST(peer.wait_for_ended(1));
    BOOST_TEST(peer.received() == "");
  }
  Peer good(signed_by_authority({}), answer_ok);
  Call call(*transport, post_to("https", "localhost", good.port()));
  BOOST_TEST(call.result().outcome == HttpOutcome::answered, call.result().detail);
}

/// What the host's own POCO thinks of a self-signed certificate.
bool the_host_believes_anybody() {
  TlsServer self_signed;
  self_signed.identity = make_identity({});
  Peer peer(self_signed, [](PeerConnection& client) { client.wait_for_end(); });
  try {
    Poco::Net::SecureStreamSocket socket(Poco::Net::SocketAddress("127.0.0.1", peer.port()),
                                         SSLManager::instance().defaultClientContext());
    return socket.completeHandshake() == 1;
  } catch (const Poco::Exception&) {
    return false;
  }
}

struct Careless {
  void ignore(const void*, Poco::Net::VerificationErrorArgs& arguments) { arguments.setIgnoreError(true); }
};

int hooks_called = 0;
void count_hook() { ++hooks_called; }

}  // namespace

BOOST_AUTO_TEST_SUITE(host)

// First: nothing in this process has used OpenSSL yet.
BOOST_AUTO_TEST_CASE(starting_tls_reads_no_configuration_and_calls_the_hook_once) {
  Opened configuration(advice->openssl_file), certificates(advice->certificates_file);
  on_tls_started(count_hook);
  TransportSettings settings;
  auto transport = make_transport(settings);
  BOOST_TEST(hooks_called == 0);
  Peer gone([](PeerConnection& client) { client.read(); });
  for (int i = 0; i < 2; ++i) {
    Call call(*transport, post_to("https", "localhost", gone.port()));
    BOOST_TEST(call.result().outcome == HttpOutcome::not_sent);
  }
  BOOST_TEST(hooks_called == 1);
  BOOST_TEST(!configuration.was());
  BOOST_TEST(!certificates.was());
  on_tls_started(count_hook);  // late, and at once
  BOOST_TEST(hooks_called == 2);
  on_tls_started(nullptr);
}

BOOST_AUTO_TEST_CASE(the_environment_is_not_asked) {
  only_the_right_server_is_believed();  // proxies in the environment lead nowhere
}

BOOST_AUTO_TEST_CASE(a_host_that_accepts_every_certificate) {
  Poco::Net::initializeSSL();
  SSLManager::instance().initializeClient(nullptr, new Poco::Net::AcceptCertificateHandler(false),
                                          new Context(Context::TLS_CLIENT_USE, "", Context::VERIFY_RELAXED, 9, false));
  BOOST_TEST(the_host_believes_anybody());  // otherwise this proves nothing
  only_the_right_server_is_believed();
  only_the_right_server_is_believed(true);
}

BOOST_AUTO_TEST_CASE(a_host_with_a_delegate_that_ignores_errors) {
  SSLManager::instance().initializeClient(nullptr, new Poco::Net::RejectCertificateHandler(false),
                                          new Context(Context::TLS_CLIENT_USE, "", Context::VERIFY_RELAXED, 9, false));
  BOOST_TEST(!the_host_believes_anybody());
  Careless careless;
  SSLManager::instance().ClientVerificationError += Poco::delegate(&careless, &Careless::ignore);
  BOOST_TEST(the_host_believes_anybody());
  only_the_right_server_is_believed();
  only_the_right_server_is_believed(true);
  SSLManager::instance().ClientVerificationError -= Poco::delegate(&careless, &Careless::ignore);
}

BOOST_AUTO_TEST_CASE(a_host_with_a_global_proxy) {
  Peer proxy([](PeerConnection& client) { client.wait_for_end(); });
  Poco::Net::HTTPClientSession::ProxyConfig config;
  config.host = "127.0.0.1";
  config.port = proxy.port();
  Poco::Net::HTTPClientSession::setGlobalProxyConfig(config);
  only_the_right_server_is_believed();
  BOOST_TEST(proxy.connections() == 0u);
  Poco::Net::HTTPClientSession::setGlobalProxyConfig({});
}

BOOST_AUTO_TEST_CASE(a_host_that_stops_its_own_tls_under_us) {
  Peer peer(signed_by_authority({}), answer_ok);
  auto transport = make_transport();
  for (int i = 0; i < 3; ++i) {
    BOOST_TEST(Call(*transport, post_to("https", "localhost", peer.port())).result().status == 200);
    Poco::Net::initializeSSL();
    Poco::Net::uninitializeSSL();
  }
  Poco::Net::uninitializeSSL();  // the one of the first test
  BOOST_TEST(Call(*transport, post_to("https", "localhost", peer.port())).result().status == 200);
  only_the_right_server_is_believed();
}

BOOST_AUTO_TEST_SUITE_END()

int main(int count, char** arguments) {
  Advice given;
  advice = &given;
  setenv("OPENSSL_CONF", given.openssl_file.c_str(), 1);
  setenv("SSL_CERT_FILE", given.certificates_file.c_str(), 1);
  setenv("SSL_CERT_DIR", given.folder.path().c_str(), 1);
  for (const char* name : {"http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"})
    setenv(name, "http://127.0.0.1:1", 1);
  return boost::unit_test::unit_test_main(&init_unit_test, count, arguments);
}
