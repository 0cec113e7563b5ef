#include "peer.hpp"

#include <netinet/in.h>
#include <openssl/err.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <stdexcept>

namespace {

// A peer's own writes must not end the test that watches for SIGPIPE.
void block_signals() {
  sigset_t all;
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, nullptr);
}

SSL_CTX* make_context(const TlsServer& tls) {
  SSL_CTX* context = SSL_CTX_new(TLS_server_method());
  SSL_CTX_set_min_proto_version(context, tls.min_version);
  SSL_CTX_set_max_proto_version(context, tls.max_version);
  SSL_CTX_set_security_level(context, 0);  // so that weak certificates can be loaded at all
  if (tls.old_ciphers) SSL_CTX_set_cipher_list(context, "ALL:@SECLEVEL=0");
  bool ok = SSL_CTX_use_certificate(context, tls.identity.certificate.get()) == 1 &&
            SSL_CTX_use_PrivateKey(context, tls.identity.key.get()) == 1;
  for (const Identity& link : tls.chain) ok = ok && SSL_CTX_add1_chain_cert(context, link.certificate.get()) == 1;
  if (!ok) throw std::runtime_error("the peer's certificate cannot be used");
  return context;
}

socklen_t loopback(int family, sockaddr_storage& out) {
  out = {};
  out.ss_family = static_cast<sa_family_t>(family);
  if (family == AF_INET6) {
    reinterpret_cast<sockaddr_in6*>(&out)->sin6_addr = in6addr_loopback;
    return sizeof(sockaddr_in6);
  }
  reinterpret_cast<sockaddr_in*>(&out)->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return sizeof(sockaddr_in);
}

constexpr int no_backlog = -1;

int bound_socket(int family, int backlog, uint16_t& port) {
  sockaddr_storage address;
  socklen_t size = loopback(family, address);
  int fd = ::socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0 || ::bind(fd, reinterpret_cast<sockaddr*>(&address), size) != 0 ||
      (backlog != no_backlog && ::listen(fd, backlog) != 0) ||
      ::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) != 0)
    throw std::runtime_error(std::string("cannot listen on loopback: ") + strerror(errno));
  port = ntohs(family == AF_INET6 ? reinterpret_cast<sockaddr_in6*>(&address)->sin6_port
                                  : reinterpret_cast<sockaddr_in*>(&address)->sin_port);
  return fd;
}

}  // namespace

PeerConnection::PeerConnection(Peer& peer, int fd) : peer_(peer), fd_(fd) {
  if (!peer_.tls_) return;
  ssl_ = SSL_new(peer_.tls_);
  SSL_set_fd(ssl_, fd_);
}

PeerConnection::~PeerConnection() { SSL_free(ssl_); }

bool PeerConnection::handshake() {
  ERR_clear_error();
  handshaken_ = SSL_accept(ssl_) == 1;
  if (handshaken_) {
    std::lock_guard lock(peer_.mutex_);
    ++peer_.handshakes_;
    peer_.changed_.notify_all();
  }
  return handshaken_;
}

std::string PeerConnection::read(size_t size) {
  std::string bytes(size, '\0');
  ERR_clear_error();
  ssize_t got = ssl_ ? SSL_read(ssl_, bytes.data(), static_cast<int>(size)) : ::recv(fd_, bytes.data(), size, 0);
  bytes.resize(got > 0 ? static_cast<size_t>(got) : 0);
  peer_.log(bytes);
  return bytes;
}

std::string PeerConnection::read_request() {
  std::string request;
  for (;;) {
    size_t head = request.find("\r\n\r\n");
    if (head != std::string::npos) {
      size_t field = request.find("Content-Length: ");
      size_t length = field < head ? std::stoul(request.substr(field + 16)) : 0;
      if (request.size() >= head + 4 + length) return request;
    }
    std::string more = read();
    if (more.empty()) return {};
    request += more;
  }
}

bool PeerConnection::send(std::string_view bytes) {
  while (open_ && !bytes.empty()) {
    ERR_clear_error();
    size_t piece = std::min<size_t>(bytes.size(), 1 << 16);
    ssize_t sent =
        ssl_ ? SSL_write(ssl_, bytes.data(), static_cast<int>(piece)) : ::send(fd_, bytes.data(), piece, MSG_NOSIGNAL);
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<size_t>(sent));
  }
  return open_;
}

bool PeerConnection::drip(std::string_view bytes, int64_t every_ms) {
  for (char byte : bytes)
    if (!send({&byte, 1}) || !pause(every_ms)) return false;
  return true;
}

size_t PeerConnection::flood(std::string_view bytes, size_t limit_bytes) {
  size_t sent = 0;
  while (sent < limit_bytes && send(bytes)) sent += bytes.size();
  return sent;
}

void PeerConnection::wait_for_end() {
  while (!read().empty()) {
  }
}

bool PeerConnection::pause(int64_t ms) {
  std::unique_lock lock(peer_.mutex_);
  return !peer_.changed_.wait_for(lock, std::chrono::milliseconds(ms), [this] { return peer_.over_; });
}

void PeerConnection::close() {
  if (ssl_ && handshaken_) SSL_shutdown(ssl_);
  cut();
}

void PeerConnection::cut() {
  open_ = false;
  ::shutdown(fd_, SHUT_WR);
}

void PeerConnection::reset() {
  open_ = false;
  linger drop{1, 0};
  setsockopt(fd_, SOL_SOCKET, SO_LINGER, &drop, sizeof drop);
  // Connecting to AF_UNSPEC sends the reset now, while the descriptor stays ours.
  sockaddr none{};
  none.sa_family = AF_UNSPEC;
  ::connect(fd_, &none, sizeof none);
}

Peer::Peer(Script script, int family) : script_(std::move(script)) { listen(family); }

Peer::Peer(const TlsServer& tls, Script script, bool tls_at_once, int family)
    : script_(std::move(script)), tls_(make_context(tls)), tls_at_once_(tls_at_once) {
  listen(family);
}

void Peer::listen(int family) {
  listener_ = bound_socket(family, 64, port_);
  acceptor_ = std::thread([this] {
    block_signals();
    accept_all();
  });
}

Peer::~Peer() {
  {
    std::lock_guard lock(mutex_);
    over_ = true;
    for (int fd : open_) ::shutdown(fd, SHUT_RDWR);
    changed_.notify_all();
  }
  ::shutdown(listener_, SHUT_RDWR);  // ends accept()
  acceptor_.join();
  for (std::thread& thread : threads_) thread.join();
  ::close(listener_);
  SSL_CTX_free(tls_);
}

void Peer::accept_all() {
  for (;;) {
    int fd = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (fd < 0) return;
    std::lock_guard lock(mutex_);
    if (over_) {
      ::close(fd);
      return;
    }
    ++connections_;
    open_.push_back(fd);
    threads_.emplace_back([this, fd] { serve(fd); });
    changed_.notify_all();
  }
}

void Peer::serve(int fd) {
  {
    PeerConnection connection(*this, fd);
    if (!tls_at_once_ || connection.handshake()) script_(connection);
  }
  std::lock_guard lock(mutex_);
  open_.remove(fd);
  ::close(fd);
  ++ended_;
  changed_.notify_all();
}

void Peer::log(std::string_view bytes) {
  std::lock_guard lock(mutex_);
  if (received_.size() < (1 << 20)) received_ += bytes;
}

std::string Peer::received() const {
  std::lock_guard lock(mutex_);
  return received_;
}

size_t Peer::connections() const {
  std::lock_guard lock(mutex_);
  return connections_;
}

size_t Peer::handshakes() const {
  std::lock_guard lock(mutex_);
  return handshakes_;
}

bool Peer::wait_for_ended(size_t count) {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, std::chrono::seconds(10), [&] { return ended_ >= count; });
}

BlackHole::BlackHole(int family) {
  listener_ = bound_socket(family, 0, port_);
  sockaddr_storage address;
  socklen_t size = loopback(family, address);
  if (family == AF_INET6)
    reinterpret_cast<sockaddr_in6*>(&address)->sin6_port = htons(port_);
  else
    reinterpret_cast<sockaddr_in*>(&address)->sin_port = htons(port_);
  for (int i = 0; i < 16; ++i) {
    int fd = ::socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    fillers_.push_back(fd);
    ::connect(fd, reinterpret_cast<sockaddr*>(&address), size);
    pollfd polled{fd, POLLOUT, 0};
    if (::poll(&polled, 1, 100) == 0) return;  // nobody answers any more
  }
  throw std::runtime_error("the queue of a listening socket does not fill up");
}

BlackHole::~BlackHole() {
  for (int fd : fillers_) ::close(fd);
  ::close(listener_);
}

ClosedPort::ClosedPort() : socket_(bound_socket(AF_INET, no_backlog, port_)) {}
ClosedPort::~ClosedPort() { ::close(socket_); }

std::string http_answer(std::string_view body, int status, std::string_view more_fields) {
  return "HTTP/1.1 " + std::to_string(status) + " Any\r\nContent-Length: " + std::to_string(body.size()) + "\r\n" +
         std::string(more_fields) + "\r\n" + std::string(body);
}
