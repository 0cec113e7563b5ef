#include "sandbox/server.hpp"

#include <Poco/Exception.h>
#include <Poco/Net/Context.h>
#include <Poco/Net/HTTPRequestHandler.h>
#include <Poco/Net/HTTPRequestHandlerFactory.h>
#include <Poco/Net/HTTPServerConnection.h>
#include <Poco/Net/HTTPServerParams.h>
#include <Poco/Net/HTTPServerRequest.h>
#include <Poco/Net/HTTPServerRequestImpl.h>
#include <Poco/Net/HTTPServerResponse.h>
#include <Poco/Net/SSLException.h>
#include <Poco/Net/SSLManager.h>
#include <Poco/Net/SecureServerSocket.h>
#include <Poco/Net/ServerSocket.h>
#include <Poco/Net/SocketAddress.h>
#include <Poco/Net/TCPServer.h>
#include <Poco/Net/TCPServerConnection.h>
#include <Poco/Net/TCPServerConnectionFactory.h>
#include <Poco/ThreadPool.h>
#include <openssl/ssl.h>
#include <sys/socket.h>

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <stdexcept>

#include "base/text.hpp"
#include "sandbox/connection_watch.hpp"

namespace ecoauth::sandbox {

namespace net = Poco::Net;

namespace {
constexpr size_t max_body_bytes = 64 * 1024;
constexpr size_t max_discarded_bytes = 1024 * 1024;
constexpr int max_threads = 64;
constexpr size_t max_waiting_peers = 48;     // the other threads are for requests that a fault delays
constexpr int max_queued_connections = 768;  // with the threads still below the usual limit of 1024 descriptors
constexpr std::chrono::seconds patience{10};
constexpr int idle_connection_s = 10;
constexpr int backlog = 1024;

/// A pause that stop() ends.
class Interruption {
 public:
  /// False when the server is stopping.
  bool pause(int64_t pause_ms) {
    std::unique_lock lock(mutex_);
    return !wakeup_.wait_for(lock, std::chrono::milliseconds(pause_ms), [this] { return stopping_; });
  }
  void stop() {
    std::lock_guard lock(mutex_);
    stopping_ = true;
    wakeup_.notify_all();
  }

 private:
  std::mutex mutex_;
  std::condition_variable wakeup_;
  bool stopping_ = false;
};

enum class Body { complete, broken, too_large };

Body read_body(net::HTTPServerRequest& request, std::string& body) {
  const bool chunked = request.getChunkedTransferEncoding();
  // Without either there is no body; POCO would wait for one until the connection ends.
  if (!chunked && !request.hasContentLength()) return Body::complete;
  char buffer[4096];
  size_t received = 0;
  std::istream& in = request.stream();
  while (received <= max_discarded_bytes && (in.read(buffer, sizeof buffer), in.gcount() > 0)) {
    received += static_cast<size_t>(in.gcount());
    if (received <= max_body_bytes) body.append(buffer, static_cast<size_t>(in.gcount()));
  }
  wipe(buffer, sizeof buffer);
  if (received > max_body_bytes) return Body::too_large;
  if (!chunked && request.getContentLength64() != static_cast<Poco::Int64>(received)) return Body::broken;
  return Body::complete;
}

/// Without the body.
Request request_of(const net::HTTPServerRequest& from) {
  Request request;
  request.method = from.getMethod();
  const std::string& uri = from.getURI();
  const size_t question = uri.find('?');
  request.path = uri.substr(0, question);
  if (question != std::string::npos)
    request.well_formed = request.query.add_encoded(std::string_view(uri).substr(question + 1));
  request.host = from.get("Host", "");
  request.origin = from.get("Origin", "");
  request.fetch_site = from.get("Sec-Fetch-Site", "");
  request.content_type = from.getContentType();
  request.authorization = from.get("Authorization", "");
  request.cookie = from.get("Cookie", "");
  request.user_agent = from.get("User-Agent", "");
  request.connection = from.clientAddress().port();
  request.secure = from.secure();
  return request;
}

void close_unanswered(net::HTTPServerRequest& request, net::HTTPServerResponse& response, bool reset) {
  response.setKeepAlive(false);
  net::StreamSocket& socket = dynamic_cast<net::HTTPServerRequestImpl&>(request).socket();
  if (reset) socket.setLinger(true, 0);
}

std::string reason_of(int status) {
  if (status > net::HTTPResponse::HTTP_NETWORK_AUTHENTICATION_REQUIRED) return "Unknown";
  const std::string& reason = net::HTTPResponse::getReasonForStatus(static_cast<net::HTTPResponse::HTTPStatus>(status));
  return reason == net::HTTPResponse::HTTP_REASON_UNKNOWN ? "Unknown" : reason;
}

void send(const Response& answer, net::HTTPServerRequest& request, net::HTTPServerResponse& response,
          Interruption* interruption = nullptr) {
  if (answer.close_unanswered) return close_unanswered(request, response, answer.reset);
  // As text, because POCO's enumeration ends at 511 and 520 must be possible.
  response.setStatus(to_text(answer.status));
  response.setReason(reason_of(answer.status));
  if (!answer.content_type.empty()) response.setContentType(answer.content_type);
  for (const auto& [name, value] : answer.headers) response.set(name, value);
  const auto whole = static_cast<int64_t>(answer.body.size());
  if (answer.truncate_bytes >= 0 && answer.truncate_bytes < whole) {
    response.setKeepAlive(false);
    response.setContentLength64(whole);
    std::ostream& out = response.send();
    out.write(answer.body.data(), answer.truncate_bytes);
    out.flush();
    return;
  }
  if (answer.drip_bytes > 0 && interruption) {
    response.setContentLength64(whole);
    std::ostream& out = response.send();
    for (int64_t sent = 0; sent < whole; sent += answer.drip_bytes) {
      if (sent > 0 && !interruption->pause(answer.drip_every_ms)) return;
      out.write(answer.body.data() + sent, std::min(answer.drip_bytes, whole - sent));
      out.flush();
    }
    return;
  }
  response.sendBuffer(answer.body.data(), answer.body.size());
}

class Handler final : public net::HTTPRequestHandler {
 public:
  Handler(Router& router, Interruption& interruption, ConnectionWatch::Place& place)
      : router_(router), interruption_(interruption), place_(place) {}

  void handleRequest(net::HTTPServerRequest& from, net::HTTPServerResponse& response) override {
    Request request = request_of(from);
    std::string body;
    const Body outcome = read_body(from, body);
    if (outcome != Body::complete) {
      response.setKeepAlive(false);
      return send(outcome == Body::too_large
                      ? control_error(413, "too_large", "The request is larger than the sandbox takes.")
                      : control_error(400, "broken_request", "The request ended before its announced length."),
                  from, response);
    }
    place_.work();
    // Bodies of other types are ignored, as clients that keep everything in the query string send odd ones.
    if (request.brings_form()) request.well_formed = request.form.add_encoded(body) && request.well_formed;
    wipe(body);
    const Router::Ticket ticket = router_.arrive(request);
    if (ticket.delay_ms() > 0 && !interruption_.pause(ticket.delay_ms()))
      return close_unanswered(from, response, false);
    Response answer = router_.answer(request, ticket);
    if (answer.hold_ms > 0 && !interruption_.pause(answer.hold_ms)) return close_unanswered(from, response, false);
    if (answer.drip_bytes == 0) place_.wait_for_peer();
    send(answer, from, response, &interruption_);
    if (answer.drip_bytes > 0) place_.wait_for_peer();
    wipe(answer.body);
  }

 private:
  Router& router_;
  Interruption& interruption_;
  ConnectionWatch::Place& place_;
};

class HandlerFactory final : public net::HTTPRequestHandlerFactory {
 public:
  HandlerFactory(Router& router, Interruption& interruption, ConnectionWatch::Place& place)
      : router_(router), interruption_(interruption), place_(place) {}
  net::HTTPRequestHandler* createRequestHandler(const net::HTTPServerRequest&) override {
    return new Handler(router_, interruption_, place_);
  }

 private:
  Router& router_;
  Interruption& interruption_;
  ConnectionWatch::Place& place_;
};

/// What all connections of one server share.
struct Shared {
  Router& router;
  net::HTTPServerParams::Ptr params;
  Interruption interruption;
  ConnectionWatch watch{max_waiting_peers, patience};
};

class Connection final : public net::TCPServerConnection {
 public:
  Connection(const net::StreamSocket& socket, Shared& shared) : net::TCPServerConnection(socket), shared_(shared) {}

  void run() override {
    ConnectionWatch::Place place(shared_.watch, socket().impl()->sockfd());
    net::HTTPServerConnection http(socket(), shared_.params,
                                   new HandlerFactory(shared_.router, shared_.interruption, place));
    http.run();
  }

 private:
  Shared& shared_;
};

class ConnectionFactory final : public net::TCPServerConnectionFactory {
 public:
  explicit ConnectionFactory(Shared& shared) : shared_(shared) {}
  net::TCPServerConnection* createConnection(const net::StreamSocket& socket) override {
    return new Connection(socket, shared_);
  }

 private:
  Shared& shared_;
};

net::Context::Ptr context_of(const TlsIdentity& identity) {
  net::Context::Params params;
  params.verificationMode = net::Context::VERIFY_NONE;
  params.loadDefaultCAs = false;
  net::Context::Ptr context = new net::Context(net::Context::TLS_SERVER_USE, params);
  context->requireMinimumProtocol(net::Context::PROTO_TLSV1_2);
  SSL_CTX* ssl = context->sslContext();
  bool ok = SSL_CTX_set1_groups_list(ssl, "X25519:P-256:P-384") == 1;
  if (identity.certificate)
    ok = ok && SSL_CTX_use_certificate(ssl, identity.certificate.get()) == 1 &&
         SSL_CTX_use_PrivateKey(ssl, identity.key.get()) == 1;
  else
    ok = ok && SSL_CTX_use_certificate_chain_file(ssl, identity.chain_file.c_str()) == 1 &&
         SSL_CTX_use_PrivateKey_file(ssl, identity.key_file.c_str(), SSL_FILETYPE_PEM) == 1;
  if (!ok || SSL_CTX_check_private_key(ssl) != 1)
    throw std::runtime_error(identity.certificate
                                 ? "OpenSSL refuses the certificate that was just made"
                                 : "the certificate in " + identity.chain_file + " or its key in " + identity.key_file +
                                       " cannot be used: both must be readable PEM files and belong together");
  return context;
}
}  // namespace

class Server::State {
 public:
  explicit State(Router& router) : shared{router, new net::HTTPServerParams, {}} {}

  Poco::ThreadPool threads{2, max_threads, 30};
  Shared shared;
  net::ServerSocket socket;
  std::unique_ptr<net::TCPServer> server;
  bool secure = false;
};

Server::Server(Router& router, const std::string& address, uint16_t port, const TlsIdentity* identity)
    : state_(std::make_unique<State>(router)) {
  try {
    state_->secure = identity != nullptr;
    const net::SocketAddress where(address, port);
    // The address again at once after a restart, but never one that another process serves.
    constexpr bool reuse_address = true, reuse_port = false;
    if (identity) {
      net::initializeSSL();
      net::SecureServerSocket secure(context_of(*identity));
      secure.bind(where, reuse_address, reuse_port);
      secure.listen(backlog);
      state_->socket = secure;
    } else {
      state_->socket.bind(where, reuse_address, reuse_port);
      state_->socket.listen(backlog);
    }
    net::HTTPServerParams& params = *state_->shared.params;
    params.setMaxThreads(max_threads);
    params.setMaxQueued(max_queued_connections);
    // POCO's stop() misses a thread that is just about to wait for its next connection, and then takes this long.
    params.setThreadIdleTime(Poco::Timespan(0, 200 * 1000));
    params.setTimeout(Poco::Timespan(patience.count(), 0));
    params.setKeepAliveTimeout(Poco::Timespan(idle_connection_s, 0));
    state_->server = std::make_unique<net::TCPServer>(new ConnectionFactory(state_->shared), state_->threads,
                                                      state_->socket, state_->shared.params);
    state_->server->start();
  } catch (const Poco::Exception& problem) {
    throw std::runtime_error("cannot listen on " + address + " port " + to_text(port) + ": " + problem.displayText());
  }
}

Server::~Server() { stop(); }

std::string Server::url() const {
  const net::SocketAddress where = state_->socket.address();
  return (state_->secure ? "https://" : "http://") + where.toString();
}

void Server::stop() {
  if (!state_->server) return;
  state_->shared.interruption.stop();
  state_->shared.watch.stop();
  // Wakes POCO's accepting thread, which looks only four times a second whether it is to end.
  ::shutdown(state_->socket.impl()->sockfd(), SHUT_RDWR);
  state_->server->stop();
  state_->threads.joinAll();
  state_->server.reset();
}

}  // namespace ecoauth::sandbox
