// The system's own name resolution and routes that lead nowhere, in a network and with an /etc of the test's own.
#define BOOST_TEST_MODULE net_names
#define BOOST_TEST_NO_MAIN
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <boost/test/unit_test.hpp>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <thread>

#include "base/thread.hpp"
#include "call.hpp"
#include "support/temp_folder.hpp"

using namespace ecoauth;
using F = HttpFailure;

namespace {

/// Nothing answers here, and nothing says so.
const char* const silent4 = "10.9.9.9";
const char* const silent6 = "fd00::9";

bool write_once(const char* path, const std::string& text) {
  int fd = ::open(path, O_WRONLY | O_CLOEXEC);
  bool ok = fd >= 0 && ::write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size());
  ::close(fd);
  return ok;
}

/// "" or why there is no world of our own.
std::string enter_own_world(const TempFolder& etc) {
  const std::string user = std::to_string(geteuid()), group = std::to_string(getegid());
  if (unshare(CLONE_NEWNS | CLONE_NEWNET) != 0) {
    if (unshare(CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWNET) != 0)
      return std::string("no namespaces for this user: ") + strerror(errno);
    if (!write_once("/proc/self/setgroups", "deny") || !write_once("/proc/self/uid_map", "0 " + user + " 1") ||
        !write_once("/proc/self/gid_map", "0 " + group + " 1"))
      return "this user's namespace cannot be set up";
  }
  write_file(etc / "nsswitch.conf", "hosts: files dns\n");
  write_file(etc / "host.conf", "multi on\n");
  write_file(etc / "resolv.conf", "nameserver 127.0.0.1\n");
  write_file(etc / "hosts", std::string("127.0.0.1 localhost\n") +                             //
                                silent6 + " dual.example.com\n127.0.0.1 dual.example.com\n" +  //
                                silent4 + " silent.example.com\n" + silent6 + " silent.example.com\n");
  if (mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
      mount(etc.path().c_str(), "/etc", nullptr, MS_BIND, nullptr) != 0)
    return std::string("an /etc of our own cannot be mounted: ") + strerror(errno);
  // A route to loopback's device for an address that is not ours: sent, and dropped without a word.
  const std::string setup = std::string("PATH=/usr/sbin:/sbin:/usr/bin:/bin; ip link set lo up && ") + "ip route add " +
                            silent4 + " dev lo && " + "{ ip -6 addr add fd00::1/128 dev lo && ip -6 route add " +
                            silent6 + " dev lo; }";
  if (std::system(setup.c_str()) != 0)
    return "the network of our own cannot be set up with ip (Debian package iproute2)";
  return {};
}

/// Answers A questions for good.example.com with 127.0.0.1 and everything else of example.com with an error; keeps
/// silent about the rest.
class NameServer {
 public:
  NameServer() {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(53);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socket_ = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    BOOST_REQUIRE(::bind(socket_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
    thread_ = std::thread([this] { serve(); });
  }
  ~NameServer() {
    over_ = true;
    ::shutdown(socket_, SHUT_RDWR);
    thread_.join();
    ::close(socket_);
  }
  int questions() const { return questions_; }

 private:
  void serve() {
    char packet[512];
    sockaddr_in from;
    socklen_t from_size = sizeof from;
    while (!over_) {
      ssize_t got = ::recvfrom(socket_, packet, sizeof packet - 16, 0, reinterpret_cast<sockaddr*>(&from), &from_size);
      if (got < 12) continue;
      std::string name;
      ssize_t at = 12;
      while (at < got && packet[at]) {
        name += std::string(packet + at + 1, static_cast<size_t>(packet[at])) + ".";
        at += packet[at] + 1;
      }
      bool address_wanted = packet[at + 2] == 1;
      questions_ += address_wanted;
      if (name.find("example.com.") == std::string::npos) continue;
      size_t size = static_cast<size_t>(at) + 5;
      bool good = name == "good.example.com.";
      packet[2] = static_cast<char>(0x85);  // answer, authoritative
      packet[3] = static_cast<char>(0x80 | (good ? 0 : name == "broken.example.com." ? 2 : 3));  // SERVFAIL, NXDOMAIN
      std::memset(packet + 6, 0, 6);
      if (good && address_wanted) {
        packet[7] = 1;
        const char record[] = {'\xc0', 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 127, 0, 0, 1};
        std::memcpy(packet + size, record, sizeof record);
        size += sizeof record;
      }
      ::sendto(socket_, packet, size, 0, reinterpret_cast<sockaddr*>(&from), from_size);
    }
  }

  int socket_ = -1;
  std::atomic<bool> over_{false};
  std::atomic<int> questions_{0};
  std::thread thread_;
};

TlsServer server_named(const std::string& names) {
  CertificateWish wish;
  wish.names = names;
  TlsServer server;
  server.identity = make_identity(wish, &test_authority());
  return server;
}

void answer_ok(PeerConnection& client) {
  if (client.read_request().empty()) return;
  client.send(http_answer("{}"));
  client.close();
}

}  // namespace

BOOST_AUTO_TEST_SUITE(names)

BOOST_AUTO_TEST_CASE(a_name_server_that_never_answers) {
  NameServer server;
  auto transport = make_transport();
  for (int round = 0; round < 2; ++round)
    BOOST_TEST(in_time([&] {
                 HttpRequest request = post_to("https", "never-answered.test", 443);
                 request.connect_timeout_ms = 1000;
                 Call call(*transport, std::move(request));
                 BOOST_TEST(call.result().failure == F::timeout, call.result().detail);
                 BOOST_TEST(call.result().outcome == HttpOutcome::not_sent);
                 return ended_at(call, 1000);
               }) == "");
  BOOST_TEST(server.questions() >= 1);
  // Another name is not held up by it.
  Peer peer(server_named("DNS:good.example.com"), answer_ok);
  Call call(*transport, post_to("https", "good.example.com", peer.port()));
  BOOST_TEST(call.result().outcome == HttpOutcome::answered, call.result().detail);
  int64_t from_ms = monotonic_ms();
  transport->shutdown(2000);
  BOOST_TEST(monotonic_ms() - from_ms < 2000);  // the lookup is left behind
}

BOOST_AUTO_TEST_CASE(names_that_do_not_exist) {
  NameServer server;
  auto transport = make_transport();
  for (const char* name : {"missing.example.com", "broken.example.com"}) {
    Call call(*transport, post_to("https", name, 443));
    BOOST_TEST(call.result().failure == F::resolve, call.result().detail);
    BOOST_TEST(call.result().outcome == HttpOutcome::not_sent);
    BOOST_TEST(call.result().detail.find(name) != std::string::npos);
  }
}

BOOST_AUTO_TEST_CASE(nobody_serves_names) {
  auto transport = make_transport();
  Call call(*transport, post_to("https", "good.example.com", 443));
  BOOST_TEST(call.result().failure == F::resolve, call.result().detail);
}

BOOST_AUTO_TEST_CASE(a_name_is_asked_for_once) {
  // A second question could be answered differently, and the check of the name with it.
  NameServer server;
  Peer peer(server_named("DNS:good.example.com"), answer_ok);
  auto transport = make_transport();
  Call call(*transport, post_to("https", "good.example.com", peer.port()));
  BOOST_TEST(call.result().outcome == HttpOutcome::answered, call.result().detail);
  BOOST_TEST(server.questions() == 1);
  Peer wrong(server_named("DNS:localhost,IP:127.0.0.1"), answer_ok);
  Call refused(*transport, post_to("https", "good.example.com", wrong.port()));
  BOOST_TEST(refused.result().failure == F::tls);
  BOOST_TEST(wrong.received() == "");
  BOOST_TEST(server.questions() == 2);
}

BOOST_AUTO_TEST_CASE(a_name_of_two_families_whose_first_address_is_dead) {
  Resolution found = resolve_by_system("dual.example.com", 1);
  BOOST_REQUIRE(found.addresses.size() >= 2u);
  Peer peer(server_named("DNS:dual.example.com"), answer_ok);
  auto transport = make_transport();
  BOOST_TEST(in_time([&] {
               Call call(*transport, post_to("https", "dual.example.com", peer.port()));
               BOOST_TEST(call.result().outcome == HttpOutcome::answered, call.result().detail);
               return call.took_ms() < 1000 ? "" : "took " + std::to_string(call.took_ms()) + " ms";
             }) == "");
}

BOOST_AUTO_TEST_CASE(addresses_that_never_answer) {
  auto transport = make_transport();
  for (const char* host : {"silent.example.com", silent4, silent6})
    BOOST_TEST(in_time([&] {
                 HttpRequest request = post_to("https", host, 443);
                 request.connect_timeout_ms = 800;
                 Call call(*transport, std::move(request));
                 BOOST_TEST(call.result().failure == F::timeout, call.result().detail);
                 BOOST_TEST(call.result().outcome == HttpOutcome::not_sent);
                 return ended_at(call, 800);
               }) == "");
}

BOOST_AUTO_TEST_CASE(a_network_that_is_not_there) {
  auto transport = make_transport();
  Call call(*transport, post_to("https", "192.0.2.1", 443));
  BOOST_TEST(call.result().failure == F::connect, call.result().detail);
  BOOST_TEST(call.took_ms() < 500);
}

BOOST_AUTO_TEST_SUITE_END()

int main(int count, char** arguments) {
  TempFolder etc;
  if (std::string impossible = enter_own_world(etc); !impossible.empty()) {
    std::printf("skipped: %s\n", impossible.c_str());
    return 77;
  }
  return boost::unit_test::unit_test_main(&init_unit_test, count, arguments);
}
