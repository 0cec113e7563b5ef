// Who is believed to be the server: real handshakes with good and bad certificates. Whoever is refused sees no byte of
// the request.
#include <sys/stat.h>
#include <unistd.h>

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include "call.hpp"
#include "support/temp_folder.hpp"

using namespace ecoauth;
using F = HttpFailure;

namespace {

void answer_ok(PeerConnection& client) {
  if (client.read_request().empty()) return;
  client.send(http_answer("{}"));
  client.close();
}

TlsServer signed_by_authority(const CertificateWish& wish) {
  TlsServer server;
  server.identity = make_identity(wish, &test_authority());
  return server;
}

struct Case {
  std::string what;
  std::function<TlsServer()> server;
  std::string host = "localhost";
  F failure = F::none;
};
std::ostream& operator<<(std::ostream& out, const Case& one) { return out << one.what; }

/// A case with a certificate of the trusted authority.
Case with(std::string what, CertificateWish wish, std::string host, F failure = F::none) {
  return {std::move(what), [wish = std::move(wish)] { return signed_by_authority(wish); }, std::move(host), failure};
}

CertificateWish named(std::string names, std::string common_name = "test") {
  CertificateWish wish;
  wish.names = std::move(names);
  wish.common_name = std::move(common_name);
  return wish;
}

CertificateWish valid_between(long from_s, long until_s) {
  CertificateWish wish;
  wish.valid_from_s = from_s;
  wish.valid_until_s = until_s;
  return wish;
}

TlsServer with_versions(int min_version, int max_version) {
  TlsServer server = signed_by_authority({});
  server.min_version = min_version;
  server.max_version = max_version;
  server.old_ciphers = true;
  return server;
}

/// root -> intermediate -> server
TlsServer behind_intermediate(bool intermediate_may_sign, const std::string& constraints, bool sent = true) {
  CertificateWish middle;
  middle.common_name = "intermediate";
  middle.authority = intermediate_may_sign;
  middle.constraints = constraints;
  Identity intermediate = make_identity(middle, &test_authority());
  TlsServer server;
  server.identity = make_identity({}, &intermediate);
  if (sent) server.chain.push_back(intermediate);
  return server;
}

const std::vector<Case> good_cases = {
    with("the host's own certificate", {}, "localhost"),
    with("one of several names", named("DNS:a.example.com,DNS:api.example.com"), "api.example.com"),
    with("a wildcard", named("DNS:*.example.com"), "api.example.com"),
    with("a name in capitals", named("DNS:API.Example.COM"), "api.example.com"),
    with("a final dot in the address", {}, "localhost."),
    with("an IPv4 address", named("IP:127.0.0.1"), "127.0.0.1"),
    with("an IPv6 address", named("IP:::1"), "::1"),
    with(
        "an RSA key",
        [] {
          CertificateWish wish;
          wish.rsa_bits = 2048;
          return wish;
        }(),
        "localhost"),
    with(
        "no extended usage",
        [] {
          CertificateWish wish;
          wish.usage.clear();
          return wish;
        }(),
        "localhost"),
    {"an intermediate authority", [] { return behind_intermediate(true, ""); }},
    {"constraints that allow the name", [] { return behind_intermediate(true, "permitted;DNS:localhost"); }},
    {"TLS 1.2 only", [] { return with_versions(TLS1_2_VERSION, TLS1_2_VERSION); }},
    {"TLS 1.3 only", [] { return with_versions(TLS1_3_VERSION, TLS1_3_VERSION); }},
};

const std::vector<Case> bad_cases = {
    with("another host's certificate", named("DNS:other.example.com"), "localhost", F::tls),
    with("the name only as common name", named("", "localhost"), "localhost", F::tls),
    with("another name beside the right common name", named("DNS:other.example.com", "localhost"), "localhost", F::tls),
    with("a wildcard of another domain", named("DNS:*.example.org"), "api.example.com", F::tls),
    with("a wildcard for two labels", named("DNS:*.example.com"), "a.b.example.com", F::tls),
    with("a wildcard for no label", named("DNS:*.example.com"), "example.com", F::tls),
    with("a partial wildcard", named("DNS:a*.example.com"), "api.example.com", F::tls),
    with("a bare wildcard", named("DNS:*"), "localhost", F::tls),
    with("a suffix of the name", named("DNS:example.com"), "api.example.com", F::tls),
    with(
        "the name with a NUL behind it",
        [] {
          CertificateWish wish;
          wish.raw_dns_name = std::string("localhost\0.example.com", 22);
          return wish;
        }(),
        "localhost", F::tls),
    with("an address where a name is asked for", named("IP:127.0.0.1"), "localhost", F::tls),
    with("a name where an address is asked for", named("DNS:localhost"), "127.0.0.1", F::tls),
    with("the address as a name", named("DNS:127.0.0.1"), "127.0.0.1", F::tls),
    with("the address as common name", named("", "127.0.0.1"), "127.0.0.1", F::tls),
    with("another address", named("IP:127.0.0.2"), "127.0.0.1", F::tls),
    with("another IPv6 address", named("IP:::2"), "::1", F::tls),
    with("expired", valid_between(-7200, -60), "localhost", F::certificate_time),
    with("not yet valid", valid_between(3600, 7200), "localhost", F::certificate_time),
    {"expired and of another host",
     [] {
       CertificateWish wish = valid_between(-7200, -60);
       wish.names = "DNS:other.example.com";
       return signed_by_authority(wish);
     },
     "localhost", F::tls},
    {"self-signed",
     [] {
       return TlsServer{make_identity({}), {}};
     },
     "localhost", F::tls},
    {"self-signed and expired",
     [] {
       return TlsServer{make_identity(valid_between(-7200, -60)), {}};
     },
     "localhost", F::tls},
    {"an unknown authority",
     [] {
       CertificateWish wish;
       wish.common_name = "unknown authority";
       wish.authority = true;
       Identity unknown = make_identity(wish);
       TlsServer server;
       server.identity = make_identity({}, &unknown);
       server.chain.push_back(unknown);
       return server;
     },
     "localhost", F::tls},
    {"an authority of the same name with another key",
     [] {
       CertificateWish wish;
       wish.common_name = "test authority";
       wish.authority = true;
       Identity impostor = make_identity(wish);
       TlsServer server;
       server.identity = make_identity({}, &impostor);
       return server;
     },
     "localhost", F::tls},
    {"the intermediate is missing", [] { return behind_intermediate(true, "", false); }, "localhost", F::tls},
    {"the issuer may not sign", [] { return behind_intermediate(false, ""); }, "localhost", F::tls},
    {"constraints that exclude the name", [] { return behind_intermediate(true, "permitted;DNS:example.com"); },
     "localhost", F::tls},
    with(
        "for clients only",
        [] {
          CertificateWish wish;
          wish.usage = "clientAuth";
          return wish;
        }(),
        "localhost", F::tls),
    with(
        "RSA of 1024 bits",
        [] {
          CertificateWish wish;
          wish.rsa_bits = 1024;
          return wish;
        }(),
        "localhost", F::tls),
    with(
        "signed with SHA-1",
        [] {
          CertificateWish wish;
          wish.digest = EVP_sha1();
          return wish;
        }(),
        "localhost", F::tls),
    {"TLS 1.0 only", [] { return with_versions(TLS1_VERSION, TLS1_VERSION); }, "localhost", F::tls},
    {"TLS 1.1 only", [] { return with_versions(TLS1_1_VERSION, TLS1_1_VERSION); }, "localhost", F::tls},
};

int family_of(const std::string& host) { return host.find(':') == std::string::npos ? AF_INET : AF_INET6; }

HttpRequest post_over_tls(const Case& one, const Peer& peer) { return post_to("https", one.host, peer.port()); }

}  // namespace

BOOST_AUTO_TEST_SUITE(tls)

BOOST_DATA_TEST_CASE(believed, boost::unit_test::data::make(good_cases), one) {
  Peer peer(one.server(), answer_ok, true, family_of(one.host));
  auto transport = make_transport(trusting_settings(), everything_is_here);
  Call call(*transport, post_over_tls(one, peer));
  BOOST_TEST(call.result().outcome == HttpOutcome::answered, call.result().detail);
  BOOST_TEST(call.result().status == 200);
  BOOST_TEST(peer.received().find("refresh_token=" + canary) != std::string::npos);
}

BOOST_DATA_TEST_CASE(refused, boost::unit_test::data::make(bad_cases), one) {
  Peer peer(one.server(), answer_ok, true, family_of(one.host));
  auto transport = make_transport(trusting_settings(), everything_is_here);
  Call call(*transport, post_over_tls(one, peer));
  BOOST_TEST(call.result().failure == one.failure, call.result().detail);
  BOOST_TEST(call.result().outcome == HttpOutcome::not_sent);
  BOOST_TEST(!call.result().detail.empty());
  BOOST_TEST(peer.wait_for_ended(1));
  BOOST_TEST(peer.connections() == 1u);
  BOOST_TEST(peer.handshakes() == 0u);
  BOOST_TEST(peer.received() == "");
}

// The refusals above would prove nothing if these servers spoke to nobody.
BOOST_AUTO_TEST_CASE(the_old_servers_do_speak_to_those_who_let_them) {
  for (int version : {TLS1_VERSION, TLS1_1_VERSION}) {
    Peer peer(with_versions(version, version), [](PeerConnection&) {});
    SSL_CTX* context = SSL_CTX_new(TLS_client_method());
    SSL_CTX_set_min_proto_version(context, TLS1_VERSION);
    SSL_CTX_set_cipher_list(context, "ALL:@SECLEVEL=0");
    BIO* connection = BIO_new_ssl_connect(context);
    BIO_set_conn_hostname(connection, ("127.0.0.1:" + std::to_string(peer.port())).c_str());
    BOOST_TEST(BIO_do_handshake(connection) == 1);
    BIO_free_all(connection);
    SSL_CTX_free(context);
  }
}

BOOST_AUTO_TEST_CASE(a_peer_that_begins_the_handshake_after_the_connect_time_is_refused) {
  for (const char* names : {"DNS:localhost", "DNS:other.example.com"}) {
    const std::string wrong = in_time([&] {
      Peer peer(
          signed_by_authority(named(names)),
          [](PeerConnection& client) {
            if (client.pause(900)) client.handshake();
            client.wait_for_end();
          },
          false);
      auto transport = make_transport();
      HttpRequest request = post_to("https", "localhost", peer.port());
      request.connect_timeout_ms = 600;
      Call call(*transport, std::move(request));
      BOOST_TEST(call.result().failure == F::timeout, call.result().detail);
      BOOST_TEST(call.result().outcome == HttpOutcome::not_sent);
      BOOST_TEST(peer.wait_for_ended(1));
      BOOST_TEST(peer.handshakes() == 0u);
      BOOST_TEST(peer.received() == "");
      return ended_at(call, 600);
    });
    BOOST_TEST(wrong == "");
  }
}

BOOST_AUTO_TEST_CASE(a_peer_that_never_answers_the_handshake_has_the_connect_time) {
  Peer silent([](PeerConnection& client) { client.wait_for_end(); });
  auto transport = make_transport();
  const std::string wrong = in_time([&] {
    HttpRequest request = post_to("https", "localhost", silent.port());
    request.connect_timeout_ms = 500;
    Call call(*transport, std::move(request));
    BOOST_TEST(call.result().failure == F::timeout, call.result().detail);
    BOOST_TEST(call.result().outcome == HttpOutcome::not_sent);
    return ended_at(call, 500);
  });
  BOOST_TEST(wrong == "");
  BOOST_TEST(silent.received().find(canary) == std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_peer_that_speaks_no_tls) {
  auto transport = make_transport();
  Peer web([](PeerConnection& client) {
    client.read();
    client.send("HTTP/1.1 400 Bad Request\r\n\r\n");
    client.close();
  });
  Call call(*transport, post_to("https", "localhost", web.port()));
  BOOST_TEST(call.result().failure == F::tls, call.result().detail);
  BOOST_TEST(call.result().outcome == HttpOutcome::not_sent);

  for (bool reset : {false, true}) {
    Peer gone([reset](PeerConnection& client) {
      client.read();
      reset ? client.reset() : client.close();
    });
    Call left(*transport, post_to("https", "localhost", gone.port()));
    BOOST_TEST(left.result().failure == F::reset, left.result().detail);
    BOOST_TEST(left.result().outcome == HttpOutcome::not_sent);
    BOOST_TEST(gone.received().find(canary) == std::string::npos);
  }
}

BOOST_AUTO_TEST_CASE(every_host_has_to_prove_its_own_name) {
  // Twelve hosts through a cache of eight contexts, twice.
  auto transport = make_transport(trusting_settings(), everything_is_here);
  for (int i = 0; i < 24; ++i) {
    const std::string host = "h" + std::to_string(i % 12) + ".example.com";
    Peer right(signed_by_authority(named("DNS:" + host)), answer_ok);
    Peer wrong(signed_by_authority(named("DNS:h" + std::to_string((i + 1) % 12) + ".example.com")), answer_ok);
    Call accepted(*transport, post_to("https", host, right.port()));
    Call refused(*transport, post_to("https", host, wrong.port()));
    BOOST_TEST(accepted.result().outcome == HttpOutcome::answered, accepted.result().detail);
    BOOST_TEST(refused.result().failure == F::tls, refused.result().detail);
    BOOST_TEST(wrong.received() == "");
  }
}

BOOST_AUTO_TEST_CASE(renewed_authorities_are_noticed) {
  TempFolder folder;
  TransportSettings settings;
  settings.ca_file = write_file(folder / "ca.pem", make_identity([] {
                                                     CertificateWish wish;
                                                     wish.authority = true;
                                                     return wish;
                                                   }())
                                                       .pem());
  auto transport = make_transport(settings);
  Peer peer(signed_by_authority({}), answer_ok);
  Call before(*transport, post_to("https", "localhost", peer.port()));
  BOOST_TEST(before.result().failure == F::tls);
  write_file(folder / "ca.pem", test_authority().pem());
  Call after(*transport, post_to("https", "localhost", peer.port()));
  BOOST_TEST(after.result().outcome == HttpOutcome::answered, after.result().detail);
  write_file(folder / "ca.pem", "not a certificate");
  Call cached(*transport, post_to("https", "localhost", peer.port()));
  BOOST_TEST(cached.result().outcome == HttpOutcome::answered, cached.result().detail);
}

BOOST_AUTO_TEST_CASE(a_hashed_folder_of_authorities) {
  TempFolder folder;
  TransportSettings settings;
  settings.ca_file = folder.path();
  write_file(folder / "ca.pem", test_authority().pem());
  BOOST_TEST(!check_transport_settings(settings).ok());  // without hash links nothing would ever be found
  BOOST_REQUIRE(symlink("ca.pem", (folder / test_authority().hash_name()).c_str()) == 0);
  auto transport = make_transport(settings);
  Peer peer(signed_by_authority({}), answer_ok);
  Call call(*transport, post_to("https", "localhost", peer.port()));
  BOOST_TEST(call.result().outcome == HttpOutcome::answered, call.result().detail);
}

BOOST_AUTO_TEST_CASE(a_file_without_certificates_trusts_nobody) {
  TempFolder folder;
  TransportSettings settings;
  settings.ca_file = write_file(folder / "empty.pem", "");
  auto transport = make_transport(settings);
  Peer peer(signed_by_authority({}), answer_ok);
  Call call(*transport, post_to("https", "localhost", peer.port()));
  BOOST_TEST(call.result().failure == F::tls);
  BOOST_TEST(call.result().detail.find(settings.ca_file) != std::string::npos);
  BOOST_TEST(peer.received() == "");
}

BOOST_AUTO_TEST_CASE(the_system_s_authorities_do_not_know_ours) {
  auto transport = make_transport(TransportSettings{});
  Peer peer(signed_by_authority({}), answer_ok);
  Call call(*transport, post_to("https", "localhost", peer.port()));
  BOOST_TEST(call.result().failure == F::tls, call.result().detail);
  BOOST_TEST(peer.received() == "");
}

BOOST_AUTO_TEST_SUITE_END()
