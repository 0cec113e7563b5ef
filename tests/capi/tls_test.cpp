// The rows of the table of answers that need a server of TLS: a certificate for another name, one that has expired;
// and, while a PIN is polled for, also a server that is away. In every context, at real handshakes: result, action,
// both texts, that not a byte was sent, that the stored grants are unchanged, and that all goes on when the server is
// itself again.
#include <arpa/inet.h>
#include <poll.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cstring>
#include <string>
#include <thread>
#include <vector>

#include "capi_test.h"
#include "unit/net/peer.hpp"

namespace {

constexpr const char* back = "https://me.example/back";

/// The one address that the client knows, behind which servers change, or nobody listens.
class Front {
 public:
  explicit Front(uint16_t target) : target_(target) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    const int probe = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    CHECK(bind(probe, reinterpret_cast<sockaddr*>(&address), size) == 0);
    CHECK(getsockname(probe, reinterpret_cast<sockaddr*>(&address), &size) == 0);
    close(probe);
    // Only a port asked for by its number is kept when nobody listens.
    CHECK(bind(listener_, reinterpret_cast<sockaddr*>(&address), size) == 0 && listen(listener_, 64) == 0);
    port_ = ntohs(address.sin_port);
    acceptor_ = std::thread([this] { accept_all(); });
  }
  ~Front() {
    over_ = true;
    shutdown(listener_, SHUT_RDWR);
    acceptor_.join();
    for (std::thread& each : threads_) each.join();
    close(listener_);
  }

  uint16_t port() const { return port_; }
  void lead_to(uint16_t target) { target_ = target; }
  /// The port stays taken, but nobody listens.
  void leave() { shutdown(listener_, SHUT_RDWR); }
  void come_back() { CHECK(listen(listener_, 64) == 0); }

 private:
  void accept_all() {
    while (!over_) {
      const int client = accept(listener_, nullptr, nullptr);
      if (client >= 0)
        threads_.emplace_back([this, client] { forward(client); });
      else
        sleep_ms(10);
    }
  }

  void forward(int client) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(target_);
    const int server = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (connect(server, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0) {
      pollfd both[] = {{client, POLLIN, 0}, {server, POLLIN, 0}};
      while (!over_ && poll(both, 2, 100) >= 0)
        if ((both[0].revents && !pass(client, server)) || (both[1].revents && !pass(server, client))) break;
    }
    close(server);
    close(client);
  }

  static bool pass(int from, int to) {
    char buffer[4096];
    const ssize_t got = recv(from, buffer, sizeof buffer, 0);
    return got > 0 && send(to, buffer, static_cast<size_t>(got), MSG_NOSIGNAL) == got;
  }

  const int listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  uint16_t port_ = 0;
  std::atomic<uint16_t> target_;
  std::atomic<bool> over_{false};
  std::vector<std::thread> threads_;  // of the acceptor alone, until it has ended
  std::thread acceptor_;
};

/// Serves well; polls wait until `approved`.
Peer::Script script(const std::atomic<bool>& approved) {
  return [&approved](PeerConnection& client) {
    const std::string request = client.read_request();
    const auto asks = [&](const char* what) { return request.find(what) != std::string::npos; };
    if (asks("GET /authorize?"))
      client.send(
          http_answer(R"({"ecobeePin":"ABCD-EFGH","code":"c0de","expires_in":900,"interval":1,"scope":"smartRead"})"));
    else if (asks("grant_type=ecobeePin") && !approved)
      client.send(http_answer(R"({"error":"authorization_pending"})", 401));
    else if (asks("POST /token "))
      client.send(http_answer(R"({"access_token":"at-x","token_type":"Bearer","expires_in":599,"refresh_token":"rt-x",)"
                              R"("scope":"smartRead"})"));
    else
      client.send(http_answer(R"({"status":{"code":0,"message":""}})"));
    client.close();
  };
}

TlsServer server_with(const CertificateWish& wish) {
  TlsServer server;
  server.identity = make_identity(wish, &test_authority());
  return server;
}

CertificateWish for_another_name() {
  CertificateWish wish;
  wish.names = "DNS:other.example";
  return wish;
}

CertificateWish expired() {
  CertificateWish wish;
  wish.valid_from_s = -7200;
  wish.valid_until_s = -3600;
  return wish;
}

/// What every context must say.
struct Row {
  const char* name;
  const CertificateWish* wish;  ///< null: nobody listens
  int32_t code;
  const char *message, *advice;
};

void check_error(const Row& row, int32_t action, ecoauth_error* error) {
  CHECK_RESULT(row.code, ecoauth_error_code(error));
  CHECK_TEXT(ecoauth_action_name(action), ecoauth_action_name(ecoauth_error_action(error)));
  CHECK_TEXT(row.message, ecoauth_error_message(error));
  CHECK_TEXT(row.advice, ecoauth_error_advice(error));
  CHECK_NUMBER(0, ecoauth_error_http_status(error));
  CHECK(ecoauth_error_retry_after_ms(error) >= 0 && ecoauth_error_retry_after_ms(error) <= 1000);
  ecoauth_error_free(error);
}

/// A client of one's own at a server with two faces, with a grant in each of its accounts.
class World {
 public:
  explicit World(const Row& row)
      : row_(row),
        good_(server_with({}), script(approved_)),
        bad_(server_with(row.wish ? *row.wish : CertificateWish()), script(approved_)),
        front_(good_.port()) {
    pthread_mutex_init(&records_.mutex, nullptr);
    snprintf(ca_file_, sizeof ca_file_, "/tmp/ecoauth-capi-tls-XXXXXX");
    const int file = mkstemp(ca_file_);
    const std::string pem = test_authority().pem();
    CHECK(file >= 0 && write(file, pem.data(), pem.size()) == static_cast<ssize_t>(pem.size()));
    close(file);
    ecoauth_options* options = offline_options(ECOAUTH_DISPATCH_POLL);
    const std::string url = "https://localhost:" + std::to_string(front_.port());
    CHECK_RESULT(ECOAUTH_OK, ecoauth_options_set_base_url(options, url.c_str()));
    CHECK_RESULT(ECOAUTH_OK, ecoauth_options_set_ca_file(options, ca_file_));
    CHECK_RESULT(ECOAUTH_OK, ecoauth_options_set_store(options, records_store(&records_, false)));
    client_ = client_of(options);
    for (size_t i = 0; i < accounts_.size(); ++i) {
      ecoauth_error* error = nullptr;
      const std::string key = "account-" + std::to_string(i);
      CHECK_RESULT(ECOAUTH_OK, ecoauth_account_open(client_, key.c_str(), &accounts_[i], nullptr));
      CHECK_EXPLAINED(ECOAUTH_OK, ecoauth_account_import(accounts_[i], "rt-0", LONG_MS, &error), error);
    }
    records_grants(&records_, before_, sizeof before_);
    CHECK(std::strstr(before_, "grant.access-token at-x") != nullptr);
  }
  ~World() {
    for (ecoauth_account* account : accounts_) ecoauth_account_close(account);
    ecoauth_client_free(client_);
    records_clear(&records_);
    unlink(ca_file_);
  }

  void turn_bad() { row_.wish ? front_.lead_to(bad_.port()) : front_.leave(); }
  void turn_good() { row_.wish ? front_.lead_to(good_.port()) : front_.come_back(); }

  void check_calls() {
    ecoauth_error* error = nullptr;
    ecoauth_response* response = nullptr;
    char address[2048];
    turn_bad();
    CHECK_RESULT(row_.code, ecoauth_account_refresh(accounts_[0], LONG_MS, &error));
    check_error(row_, ECOAUTH_ACTION_RETRY, error);
    CHECK_RESULT(row_.code, ecoauth_account_request(accounts_[0], "GET", "/1/thermostat", nullptr, 0, nullptr, LONG_MS,
                                                    &response, &error));
    check_error(row_, ECOAUTH_ACTION_RETRY, error);
    CHECK_RESULT(row_.code, ecoauth_account_authorize_pin(accounts_[1], LONG_MS, &error));
    check_error(row_, ECOAUTH_ACTION_RETRY, error);
    CHECK_EXPLAINED(ECOAUTH_OK,
                    ecoauth_account_authorize_url(accounts_[2], ECOAUTH_FLOW_CODE, back, LONG_MS, address,
                                                  sizeof address, nullptr, &error),
                    error);
    const std::string redirected = std::string(back) + "?code=c0de&" + std::strstr(address, "state=");
    CHECK_RESULT(row_.code, ecoauth_account_complete_redirect(accounts_[2], redirected.c_str(), LONG_MS, &error));
    check_error(row_, ECOAUTH_ACTION_RETRY, error);
    check_nothing_lost();
    turn_good();
    CHECK_EXPLAINED(
        ECOAUTH_OK,
        ecoauth_account_request(accounts_[0], "GET", "/1/thermostat", nullptr, 0, nullptr, LONG_MS, &response, &error),
        error);
    ecoauth_response_free(response);
  }

  /// The PIN waits on; what is wrong is told meanwhile; and it is approved in the end.
  void check_polls() {
    int64_t operation = 0;
    ecoauth_error* error = nullptr;
    CHECK_RESULT(ECOAUTH_OK, ecoauth_account_authorize_pin_start(accounts_[3], &operation, nullptr));
    ecoauth_event_free(await_event(client_, ECOAUTH_EVENT_PIN));
    turn_bad();
    for (const int64_t end_ms = now_ms() + LONG_MS; !error; sleep_ms(20)) {
      CHECK(now_ms() < end_ms);
      ecoauth_account_last_error(accounts_[3], &error);
    }
    check_error(row_, ECOAUTH_ACTION_WAIT, error);
    ecoauth_status* status = nullptr;
    CHECK_RESULT(ECOAUTH_OK, ecoauth_account_status(accounts_[3], &status, nullptr));
    CHECK((ecoauth_status_flags(status) & ECOAUTH_FLAG_AUTHORIZING) != 0);
    ecoauth_status_free(status);
    check_nothing_lost();
    approved_ = true;
    turn_good();
    for (bool completed = false; !completed;) {
      ecoauth_event* event = nullptr;
      ecoauth_account_check_now(accounts_[3], nullptr);  // WRONG_STATE once the tokens are there
      CHECK_RESULT(ECOAUTH_OK, ecoauth_client_next_event(client_, LONG_MS, &event, nullptr));
      completed = ecoauth_event_operation(event) == operation && ecoauth_event_kind(event) == ECOAUTH_EVENT_COMPLETED;
      if (completed) CHECK_RESULT(ECOAUTH_OK, ecoauth_event_result(event));
      ecoauth_event_free(event);
    }
  }

 private:
  void check_nothing_lost() {
    char after[16384];
    records_grants(&records_, after, sizeof after);
    CHECK_TEXT(before_, after);
    CHECK_TEXT("", bad_.received().c_str());
  }

  const Row& row_;
  std::atomic<bool> approved_{false};
  Peer good_, bad_;
  Front front_;
  records records_{};
  char ca_file_[64];
  ecoauth_client* client_ = nullptr;
  std::array<ecoauth_account*, 4> accounts_{};
  char before_[16384];
};

const CertificateWish another_name = for_another_name(), old = expired();

const Row name_row = {
    "name", &another_name, ECOAUTH_ERROR_TLS,
    "no secure connection to the server: the certificate of localhost was refused: hostname mismatch",
    "Check the server's address, the CA certificates and whether something intercepts the connection."};
const Row time_row = {
    "time", &old, ECOAUTH_ERROR_CLOCK,
    "the server's certificate is not valid at this time: the certificate of localhost is not valid now: certificate "
    "has expired",
    "Check this machine's date and time; if they are right, wait until the server's certificate has been replaced."};
const Row away_row = {
    "away", nullptr, ECOAUTH_ERROR_NETWORK,
    "the server could not be reached: no address accepted a connection (127.0.0.1: Connection refused)",
    "Check the network connection; the tokens are kept."};

}  // namespace

int main(int argc, char** argv) {
  static const test_case cases[] = {
      {"a certificate for another name", [] { World(name_row).check_calls(); }},
      {"a certificate for another name, while polling", [] { World(name_row).check_polls(); }},
      {"an expired certificate", [] { World(time_row).check_calls(); }},
      {"an expired certificate, while polling", [] { World(time_row).check_polls(); }},
      {"nobody listens, while polling", [] { World(away_row).check_polls(); }},
  };
  return RUN_CASES(argc, argv, cases);
}
