#include "net/tls_connection.hpp"

#include <Poco/Net/NetException.h>
#include <Poco/Net/SSLException.h>
#include <Poco/Net/SecureStreamSocket.h>
#include <Poco/Net/StreamSocket.h>
#include <Poco/Net/StreamSocketImpl.h>
#include <fcntl.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <signal.h>

#include <cerrno>

#include "base/text.hpp"
#include "net/tls_context.hpp"
#include "net/tls_note.hpp"

namespace ecoauth {

using Poco::Net::SecureStreamSocket;

namespace {

/// POCO offers no public way to a socket made elsewhere.
class AdoptedSocket final : public Poco::Net::StreamSocketImpl {
 public:
  explicit AdoptedSocket(poco_socket_t fd) : StreamSocketImpl(fd) {}

  /// Asked when a signal interrupted a read or write. POCO's own gives up after the socket's time-out, which is none,
  /// and opens a descriptor that the host's children inherit. The guard ends this wait by shutting the socket.
  bool poll(const Poco::Timespan&, int mode) override {
    short events = static_cast<short>((mode & SELECT_READ ? POLLIN : 0) | (mode & SELECT_WRITE ? POLLOUT : 0));
    pollfd polled{sockfd(), events, 0};
    while (::poll(&polled, 1, -1) < 0 && errno == EINTR) polled.revents = 0;
    errno = 0;  // POCO looks at it afterwards
    return true;
  }
};

/// OpenSSL writes without MSG_NOSIGNAL. The signal is blocked on this thread; taking it away keeps it from a host's
/// callback that opens its mask here.
class NoPipeSignal {
 public:
  NoPipeSignal() = default;
  ~NoPipeSignal() {
    sigset_t pipe;
    sigemptyset(&pipe);
    sigaddset(&pipe, SIGPIPE);
    timespec at_once{};
    while (sigtimedwait(&pipe, nullptr, &at_once) < 0 && errno == EINTR) {
    }
  }
  NoPipeSignal(const NoPipeSignal&) = delete;
  NoPipeSignal& operator=(const NoPipeSignal&) = delete;
};

class TlsConnection final : public Connection {
 public:
  TlsConnection(GuardedSocket guarded, SecureStreamSocket secure, SSL* ssl)
      : Connection(std::move(guarded)), secure_(std::move(secure)), ssl_(ssl), written_before_(written()) {}

  ~TlsConnection() override {
    // Whatever POCO does on closing may not wait for the peer.
    SSL_set_shutdown(ssl_, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
  }

  bool write(std::string_view bytes) override {
    try {
      while (!bytes.empty()) {
        ERR_clear_error();
        int sent = secure_.sendBytes(bytes.data(), static_cast<int>(bytes.size()));
        if (sent <= 0) return false;
        bytes.remove_prefix(static_cast<size_t>(sent));
      }
      return true;
    } catch (const Poco::Exception&) {
      return false;
    }
  }

  bool started() const override { return written() != written_before_; }

  Read read(char* buffer, size_t size) override {
    try {
      ERR_clear_error();
      int got = secure_.receiveBytes(buffer, static_cast<int>(size));
      if (got > 0) return {static_cast<size_t>(got), End::none};
      return {0, said_goodbye() ? End::clean : got == 0 ? End::cut : End::broken};
    } catch (const Poco::Net::ConnectionResetException&) {
      return {0, End::broken};
    } catch (const Poco::Exception&) {
      // A reset and a missing close_notify come out alike here; the BIO remembers whether it saw a FIN.
      return {0, said_goodbye() ? End::clean : BIO_eof(SSL_get_rbio(ssl_)) ? End::cut : End::broken};
    }
  }

  void finish() override {
    Connection::finish();
    ERR_clear_error();
    SSL_shutdown(ssl_);  // one close_notify; the answer to it is not awaited
    ERR_clear_error();
  }

 private:
  bool said_goodbye() const { return SSL_get_shutdown(ssl_) & SSL_RECEIVED_SHUTDOWN; }
  uint64_t written() const { return BIO_number_written(SSL_get_wbio(ssl_)); }

  NoPipeSignal no_signal_;
  SecureStreamSocket secure_;  ///< owns a duplicate of the descriptor, and ssl_
  SSL* ssl_;
  uint64_t written_before_;
};

Failure handshake_failure(const TlsNote& note, const std::string& host, const std::string& what, bool closed) {
  long verdict = note.verify_result;
  if (verdict == X509_V_ERR_CERT_HAS_EXPIRED || verdict == X509_V_ERR_CERT_NOT_YET_VALID)
    return {HttpFailure::certificate_time, std::string("the certificate of ") + printable(host) +
                                               " is not valid now: " + X509_verify_cert_error_string(verdict)};
  if (verdict != X509_V_OK)
    return {HttpFailure::tls, std::string("the certificate of ") + printable(host) +
                                  " was refused: " + X509_verify_cert_error_string(verdict)};
  std::string detail = "the TLS handshake with " + printable(host) + " failed: ";
  if (closed) return {HttpFailure::reset, detail + "the connection was closed"};
  return {HttpFailure::tls, detail + (note.alert >= 0 ? SSL_alert_desc_string_long(note.alert) : printable(what))};
}

/// Whether the handshake ended because the connection did. OpenSSL reports a FIN as an error of the protocol.
bool connection_ended(const Poco::Exception& failed) {
  return dynamic_cast<const Poco::Net::ConnectionResetException*>(&failed) ||
         dynamic_cast<const Poco::Net::SSLConnectionUnexpectedlyClosedException*>(&failed) ||
         failed.message().find("unexpected eof") != std::string::npos;
}

}  // namespace

Step<std::unique_ptr<Connection>> start_tls(GuardedSocket socket, const std::string& host,
                                            Poco::Net::Context::Ptr context) {
  TlsNote note;
  NoteTls noting(note);
  NoPipeSignal no_signal;
  ERR_clear_error();
  std::string name = tls_name(host);
  // POCO closes its descriptor when it sees fit. It gets a duplicate, so that ours stays a valid handle for the guard.
  int duplicate = fcntl(socket.fd(), F_DUPFD_CLOEXEC, 0);
  if (duplicate < 0) return Failure{HttpFailure::connect, "the process has no file descriptor left"};
  try {
    Poco::Net::StreamSocket stream(new AdoptedSocket(duplicate));
    // SNI carries names only (RFC 6066 section 3).
    SecureStreamSocket secure = is_address(name) ? SecureStreamSocket::attach(stream, context)
                                                 : SecureStreamSocket::attach(stream, name, context);
    // attach() may return before the handshake is over; this says that it is.
    bool done = secure.completeHandshake() == 1;
    if (!done || !note.finished || SSL_get_verify_result(note.ssl) != X509_V_OK || !SSL_is_init_finished(note.ssl))
      return handshake_failure(note, host, "it did not complete", false);
    return std::unique_ptr<Connection>(new TlsConnection(std::move(socket), std::move(secure), note.ssl));
  } catch (const Poco::Exception& failed) {
    ERR_clear_error();
    return handshake_failure(note, host, failed.displayText(), connection_ended(failed));
  }
}

}  // namespace ecoauth
