// A server on loopback that plays a script: real sockets, real TLS, and a log of what reached it.
#pragma once

#include <openssl/ssl.h>
#include <sys/socket.h>

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "certificates.hpp"

class Peer;

/// One accepted connection, used on its own thread by the script. Calls return false or "" when the client has gone or
/// the test is over.
class PeerConnection {
 public:
  PeerConnection(Peer& peer, int fd);
  ~PeerConnection();

  int fd() const { return fd_; }
  /// Of a TLS peer; done before the script begins unless the peer was told not to.
  bool handshake();
  bool handshaken() const { return handshaken_; }

  /// Reads at most `size` bytes.
  std::string read(size_t size = 4096);
  /// Head and body of one request.
  std::string read_request();
  bool send(std::string_view bytes);
  /// One byte at a time.
  bool drip(std::string_view bytes, int64_t every_ms);
  /// The same bytes until the client has had enough or `limit_bytes` are out. Says how many went out.
  size_t flood(std::string_view bytes, size_t limit_bytes);
  /// Until the client closes. What it still sends is logged.
  void wait_for_end();
  /// False when the test is over.
  bool pause(int64_t ms);

  /// close_notify on TLS, then FIN.
  void close();
  /// FIN alone.
  void cut();
  /// RST.
  void reset();

 private:
  Peer& peer_;
  const int fd_;
  SSL* ssl_ = nullptr;
  bool handshaken_ = false;
  bool open_ = true;
};

struct TlsServer {
  Identity identity;
  std::vector<Identity> chain;
  int min_version = TLS1_2_VERSION;
  int max_version = 0;
  bool old_ciphers = false;  ///< security level 0
};

class Peer {
 public:
  using Script = std::function<void(PeerConnection&)>;

  /// On an ephemeral port of 127.0.0.1 or ::1. `tls_at_once`: the script sees connections after the handshake; those
  /// whose handshake fails it does not see.
  explicit Peer(Script script, int family = AF_INET);
  Peer(const TlsServer& tls, Script script, bool tls_at_once = true, int family = AF_INET);
  ~Peer();

  uint16_t port() const { return port_; }
  /// All application bytes of all connections, decrypted.
  std::string received() const;
  size_t connections() const;
  size_t handshakes() const;
  /// Waits until `count` connections have ended, at most some seconds.
  bool wait_for_ended(size_t count);

 private:
  friend class PeerConnection;
  void listen(int family);
  void accept_all();
  void serve(int fd);
  void log(std::string_view bytes);

  const Script script_;
  SSL_CTX* tls_ = nullptr;
  const bool tls_at_once_ = false;
  int listener_ = -1;
  uint16_t port_ = 0;
  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  bool over_ = false;
  std::string received_;
  size_t connections_ = 0, handshakes_ = 0, ended_ = 0;
  std::list<int> open_;
  std::list<std::thread> threads_;
  std::thread acceptor_;
};

/// A listening socket of loopback whose queue is full: it never answers a connection attempt.
class BlackHole {
 public:
  explicit BlackHole(int family = AF_INET);
  ~BlackHole();
  uint16_t port() const { return port_; }

 private:
  int listener_ = -1;
  uint16_t port_ = 0;
  std::vector<int> fillers_;
};

/// A port of 127.0.0.1 where nobody listens, and nobody else can meanwhile.
class ClosedPort {
 public:
  ClosedPort();
  ~ClosedPort();
  uint16_t port() const { return port_; }

 private:
  uint16_t port_ = 0;  // before the socket, whose making sets it
  int socket_;
};

/// A plain answer with this body.
std::string http_answer(std::string_view body, int status = 200, std::string_view more_fields = "");
