#include "sandbox/server.hpp"

#include <Poco/Exception.h>
#include <Poco/Net/Context.h>
#include <Poco/Net/HTTPRequestHandler.h>
#include <Poco/Net/HTTPRequestHandlerFactory.h>
#include <Poco/Net/HTTPServer.h>
#include <Poco/Net/HTTPServerParams.h>
#include <Poco/Net/HTTPServerRequest.h>
#include <Poco/Net/HTTPServerRequestImpl.h>
#include <Poco/Net/HTTPServerResponse.h>
#include <Poco/Net/SSLException.h>
#include <Poco/Net/SSLManager.h>
#include <Poco/Net/SecureServerSocket.h>
#include <Poco/Net/ServerSocket.h>
#include <Poco/Net/SocketAddress.h>
#include <Poco/ThreadPool.h>
#include <openssl/ssl.h>

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <stdexcept>

#include "base/text.hpp"

namespace ecoauth::sandbox {

namespace net = Poco::Net;

namespace {
constexpr size_t max_body_bytes = 64 * 1024;
constexpr int max_threads = 64;
constexpr int max_waiting_connections = 256;
constexpr int read_timeout_s = 20;
constexpr int idle_connection_s = 10;
constexpr int backlog = 128;

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

/// False when the body is larger than allowed.
bool read_body(net::HTTPServerRequest& request, std::string& body) {
  if (request.hasContentLength() && request.getContentLength64() > static_cast<Poco::Int64>(max_body_bytes))
    return false;
  char buffer[4096];
  std::istream& in = request.stream();
  while (in.read(buffer, sizeof buffer), in.gcount() > 0) {
    body.append(buffer, static_cast<size_t>(in.gcount()));
    if (body.size() > max_body_bytes) return false;
  }
  wipe(buffer, sizeof buffer);
  return true;
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

void send(const Response& answer, net::HTTPServerRequest& request, net::HTTPServerResponse& response) {
  if (answer.close_unanswered) return close_unanswered(request, response, answer.reset);
  response.setStatus(static_cast<net::HTTPResponse::HTTPStatus>(answer.status));
  response.setReason(net::HTTPResponse::getReasonForStatus(response.getStatus()));
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
  response.sendBuffer(answer.body.data(), answer.body.size());
}

class Handler final : public net::HTTPRequestHandler {
 public:
  Handler(Router& router, Interruption& interruption) : router_(router), interruption_(interruption) {}

  void handleRequest(net::HTTPServerRequest& from, net::HTTPServerResponse& response) override {
    Request request = request_of(from);
    std::string body;
    if (!read_body(from, body)) {
      response.setKeepAlive(false);
      return send(control_error(413, "too_large", "The request is larger than the sandbox takes."), from, response);
    }
    // Bodies of other types are ignored, as clients that keep everything in the query string send odd ones.
    if (starts_with(lower_ascii(request.content_type), "application/x-www-form-urlencoded"))
      request.well_formed = request.form.add_encoded(body) && request.well_formed;
    wipe(body);
    const Router::Ticket ticket = router_.arrive(request);
    if (ticket.delay_ms() > 0 && !interruption_.pause(ticket.delay_ms()))
      return close_unanswered(from, response, false);
    Response answer = router_.answer(request, ticket);
    send(answer, from, response);
    wipe(answer.body);
  }

 private:
  Router& router_;
  Interruption& interruption_;
};

class HandlerFactory final : public net::HTTPRequestHandlerFactory {
 public:
  HandlerFactory(Router& router, Interruption& interruption) : router_(router), interruption_(interruption) {}
  net::HTTPRequestHandler* createRequestHandler(const net::HTTPServerRequest&) override {
    return new Handler(router_, interruption_);
  }

 private:
  Router& router_;
  Interruption& interruption_;
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
    throw std::runtime_error("the certificate or its key cannot be used (both must be PEM and belong together)");
  return context;
}
}  // namespace

class Server::State {
 public:
  Interruption interruption;
  Poco::ThreadPool threads{2, max_threads, 30};
  net::ServerSocket socket;
  std::unique_ptr<net::HTTPServer> server;
  bool secure = false;
};

Server::Server(Router& router, const std::string& address, uint16_t port, const TlsIdentity* identity)
    : state_(std::make_unique<State>()) {
  try {
    state_->secure = identity != nullptr;
    const net::SocketAddress where(address, port);
    if (identity) {
      net::initializeSSL();
      net::SecureServerSocket secure(context_of(*identity));
      secure.bind(where, true);
      secure.listen(backlog);
      state_->socket = secure;
    } else {
      state_->socket.bind(where, true);
      state_->socket.listen(backlog);
    }
    net::HTTPServerParams::Ptr params = new net::HTTPServerParams;
    params->setMaxThreads(max_threads);
    params->setMaxQueued(max_waiting_connections);
    params->setTimeout(Poco::Timespan(read_timeout_s, 0));
    params->setKeepAliveTimeout(Poco::Timespan(idle_connection_s, 0));
    state_->server = std::make_unique<net::HTTPServer>(new HandlerFactory(router, state_->interruption),
                                                       state_->threads, state_->socket, params);
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
  state_->interruption.stop();
  state_->server->stopAll(true);
  state_->threads.joinAll();
  state_->server.reset();
}

}  // namespace ecoauth::sandbox
