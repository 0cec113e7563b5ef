#include "cli/tls_look.hpp"

#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <ctime>
#include <functional>

#include "cli/time_text.hpp"

namespace ecoauth::cli {

namespace {

constexpr int64_t patience_ms = 10'000;
constexpr size_t largest_head_bytes = 64 * 1024;

bool is_address(const std::string& host) {
  in6_addr ignored;
  return inet_pton(AF_INET, host.c_str(), &ignored) == 1 || inet_pton(AF_INET6, host.c_str(), &ignored) == 1;
}

bool is_folder(const std::string& path) {
  struct stat about {};
  return stat(path.c_str(), &about) == 0 && S_ISDIR(about.st_mode);
}

/// "Date: Wed, 25 Nov 2026 14:00:00 GMT" (RFC 9110 section 5.6.7).
int64_t date_of(const std::string& head) {
  for (size_t at = head.find('\n'); at != std::string::npos; at = head.find('\n', at + 1)) {
    if (strncasecmp(head.c_str() + at + 1, "date:", 5) != 0) continue;
    const char* value = head.c_str() + at + 6;
    std::tm parts{};
    while (*value == ' ') ++value;
    if (strptime(value, "%a, %d %b %Y %H:%M:%S GMT", &parts) != nullptr) return timegm(&parts);
  }
  return -1;
}

std::string certificate_text(const X509* certificate) {
  if (certificate == nullptr) return "";
  char name[256] = "";
  X509_NAME_get_text_by_NID(X509_get_issuer_name(certificate), NID_organizationName, name, sizeof name);
  if (name[0] == '\0') X509_NAME_get_text_by_NID(X509_get_issuer_name(certificate), NID_commonName, name, sizeof name);
  int days = 0, seconds = 0;
  ASN1_TIME_diff(&days, &seconds, nullptr, X509_get0_notAfter(certificate));
  return std::string(", certificate of ") + (name[0] != '\0' ? name : "an unnamed authority") + ", valid for another " +
         std::to_string(days) + " days";
}

}  // namespace

struct Look::Tls {
  SSL_CTX* context = nullptr;
  SSL* session = nullptr;
  ~Tls() {
    SSL_free(session);
    SSL_CTX_free(context);
  }
};

Look::Look(Socket socket, const Signals& signals) : socket_(std::move(socket)), signals_(signals) {}

Look::~Look() = default;

int Look::connect_through(const ServerAddress& server) {
  return status_of("CONNECT " + server.authority() + " HTTP/1.1\r\nHost: " + server.authority() + "\r\n\r\n");
}

Look::Trouble Look::start_tls(const ServerAddress& server, const std::string& ca_place) {
  auto tls = std::make_unique<Tls>();
  tls->context = SSL_CTX_new(TLS_client_method());
  SSL_CTX_set_min_proto_version(tls->context, TLS1_2_VERSION);
  SSL_CTX_set_verify(tls->context, SSL_VERIFY_PEER, nullptr);
  const int loaded = is_folder(ca_place) ? SSL_CTX_load_verify_dir(tls->context, ca_place.c_str())
                                         : SSL_CTX_load_verify_file(tls->context, ca_place.c_str());
  if (ca_place.empty() || loaded != 1) {
    tls_text_ = ca_place.empty() ? "no certificates of authorities were found on this machine"
                                 : "the certificates of authorities in \"" + ca_place + "\" cannot be read";
    return Trouble::authorities;
  }
  tls->session = SSL_new(tls->context);
  X509_VERIFY_PARAM* verification = SSL_get0_param(tls->session);
  if (is_address(server.host)) {
    X509_VERIFY_PARAM_set1_ip_asc(verification, server.host.c_str());
  } else {
    X509_VERIFY_PARAM_set1_host(verification, server.host.c_str(), 0);
    SSL_set_tlsext_host_name(tls->session, server.host.c_str());
  }
  SSL_set_fd(tls->session, socket_.fd());
  const int64_t end_ms = boot_ms() + patience_ms;
  for (;;) {
    ERR_clear_error();
    const int result = SSL_connect(tls->session);
    if (result == 1) break;
    const int reason = SSL_get_error(tls->session, result);
    const bool waits = reason == SSL_ERROR_WANT_READ || reason == SSL_ERROR_WANT_WRITE;
    if (waits && wait_for(socket_.fd(), reason == SSL_ERROR_WANT_READ ? POLLIN : POLLOUT, end_ms, signals_)) continue;
    const long verdict = SSL_get_verify_result(tls->session);
    if (verdict != X509_V_OK) {
      tls_text_ = std::string("the server's certificate was refused: ") + X509_verify_cert_error_string(verdict);
      const bool time = verdict == X509_V_ERR_CERT_HAS_EXPIRED || verdict == X509_V_ERR_CERT_NOT_YET_VALID;
      return time ? Trouble::time : Trouble::certificate;
    }
    const char* words = ERR_reason_error_string(ERR_peek_error());
    tls_text_ = std::string("no TLS connection came about") + (waits              ? ": no answer"
                                                               : words != nullptr ? std::string(": ") + words
                                                                                  : "");
    return Trouble::other;
  }
  tls_text_ = SSL_get_version(tls->session) + certificate_text(SSL_get0_peer_certificate(tls->session));
  tls_ = std::move(tls);
  return Trouble::none;
}

int Look::ask_head(const ServerAddress& server) {
  return status_of("HEAD / HTTP/1.1\r\nHost: " + server.authority() +
                   "\r\nUser-Agent: ecoauth-doctor\r\nConnection: close\r\n\r\n");
}

int Look::send(const std::string& bytes) {
  if (tls_ != nullptr) return SSL_write(tls_->session, bytes.data(), static_cast<int>(bytes.size()));
  return static_cast<int>(::send(socket_.fd(), bytes.data(), bytes.size(), MSG_NOSIGNAL));
}

/// Also -1 with errno EAGAIN when nothing has come yet.
int Look::receive(char* bytes, size_t size_bytes) {
  if (tls_ == nullptr) return static_cast<int>(recv(socket_.fd(), bytes, size_bytes, 0));
  const int count = SSL_read(tls_->session, bytes, static_cast<int>(size_bytes));
  if (count <= 0) errno = SSL_get_error(tls_->session, count) == SSL_ERROR_WANT_READ ? EAGAIN : EIO;
  return count;
}

int Look::status_of(const std::string& request) {
  // A request of this size finds room in the empty buffer of a new connection.
  if (send(request) != static_cast<int>(request.size())) return 0;
  const int64_t end_ms = boot_ms() + patience_ms;
  std::string head;
  char piece[1024];
  while (head.find("\r\n\r\n") == std::string::npos && head.size() < largest_head_bytes) {
    const int count = receive(piece, sizeof piece);
    if (count > 0)
      head.append(piece, static_cast<size_t>(count));
    else if (count == 0 || errno != EAGAIN || !wait_for(socket_.fd(), POLLIN, end_ms, signals_))
      break;
  }
  server_time_s_ = date_of(head);
  if (head.compare(0, 5, "HTTP/") != 0 || head.size() < 12) return 0;
  return std::atoi(head.c_str() + head.find(' ') + 1);
}

}  // namespace ecoauth::cli
