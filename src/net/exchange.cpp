#include "net/exchange.hpp"

#include <algorithm>

#include "base/text.hpp"
#include "net/answer_parser.hpp"
#include "net/dialer.hpp"
#include "net/proxy.hpp"
#include "net/request_bytes.hpp"
#include "net/tls_connection.hpp"
#include "net/transport_core.hpp"

namespace ecoauth {

namespace {
// An answer whose head was refused is only read on because its body may hold a token that exists nowhere else.
constexpr int64_t refused_body_ms = 1000;

/// What looks like a network failure after an interruption is its work.
std::string interrupted_text(HttpFailure why, const std::string& detail) {
  return (why == HttpFailure::timeout ? "the time ran out (" : "it was cancelled (") + detail + ")";
}
}  // namespace

Exchange::Exchange(std::shared_ptr<TransportCore> core, HttpRequest request, HttpTransport::Hooks hooks)
    : core_(std::move(core)),
      request_(std::move(request)),
      hooks_(std::move(hooks)),
      connect_deadline_ms_(core_->clock.boot_ms() + std::min(request_.connect_timeout_ms, request_.total_timeout_ms)),
      total_deadline_ms_(core_->clock.boot_ms() + request_.total_timeout_ms),
      interruption_(std::make_shared<Interruption>()) {}

void Exchange::watch() {
  if (core_->clock.boot_ms() >= connect_deadline_ms_) interruption_->raise(HttpFailure::timeout);
  watch_ =
      core_->guard.watch(connect_deadline_ms_, [self = shared_from_this()] { self->interrupt(HttpFailure::timeout); });
}

void Exchange::unwatch() { core_->guard.forget(watch_); }

void Exchange::proceed() {
  proceed_ = true;
  interruption_->wake();
}

void Exchange::cancel() { interrupt(HttpFailure::cancelled); }

void Exchange::interrupt(HttpFailure why) {
  raise(why);
  core_->end_early(shared_from_this());
}

HttpResult Exchange::failed(HttpOutcome outcome, Failure failure) const {
  HttpResult result;
  result.outcome = outcome;
  result.failure = failure.kind;
  result.detail = std::move(failure.detail);
  if (HttpFailure why = interruption_->raised(); why != HttpFailure::none) {
    result.failure = why;
    result.detail = interrupted_text(why, result.detail);
  }
  return result;
}

HttpResult Exchange::not_begun() const {
  return failed(HttpOutcome::not_sent, {HttpFailure::cancelled, "before it began"});
}

HttpResult Exchange::given_up(const char* what) const {
  return failed(writing_ ? HttpOutcome::ambiguous : HttpOutcome::not_sent,
                {writing_ ? HttpFailure::reset : HttpFailure::connect,
                 std::string("the request could not be carried through: ") + printable(what)});
}

Step<std::unique_ptr<Connection>> Exchange::connect() {
  const Origin& origin = request_.origin;
  bool tls = origin.scheme == "https";
  if (!tls && (origin.scheme != "http" || !is_loopback_host(origin.host)))
    return Failure{HttpFailure::malformed, "plain http is for loopback only"};
  Poco::Net::Context::Ptr context;
  if (tls) {
    auto made = core_->contexts.for_host(origin.host);
    if (!made) return made.failure();
    context = made.value();
  }
  // A proxy elsewhere has a loopback of its own.
  bool tunnel = tls && core_->proxy.used();
  auto addresses = core_->resolver.resolve(tunnel ? core_->proxy.host : origin.host,
                                           tunnel ? core_->proxy.port : origin.port, interruption_);
  auto as_proxy = [&](Failure failure) {
    if (tunnel && (failure.kind == HttpFailure::resolve || failure.kind == HttpFailure::connect))
      return Failure{HttpFailure::proxy, "the proxy cannot be reached: " + failure.detail};
    return failure;
  };
  if (!addresses) return as_proxy(addresses.failure());
  if (!tls) {
    // A name that means this machine may lead elsewhere when a name server says so.
    auto& found = addresses.value();
    found.erase(std::remove_if(found.begin(), found.end(), [](const Address& at) { return !at.loopback(); }),
                found.end());
    if (found.empty()) return Failure{HttpFailure::resolve, "the name does not lead to this machine itself"};
  }
  auto socket = dial(addresses.value(), interruption_);
  if (!socket) return as_proxy(socket.failure());
  if (tunnel) {
    socket = connect_through(std::move(socket.value()), core_->proxy, origin);
    if (!socket) return socket.failure();
  }
  if (!tls) return make_plain_connection(std::move(socket.value()));
  auto secured = start_tls(std::move(socket.value()), origin.host, context);
  // Perhaps the machine's certificates were renewed since they were read.
  if (!secured && !over()) core_->contexts.forget();
  return secured;
}

HttpResult Exchange::perform() {
  if (!watch_) watch();
  if (over()) return not_begun();
  if (!watch_) return failed(HttpOutcome::not_sent, {HttpFailure::connect, "no thread could be started"});
  auto bytes = compose_request(request_, core_->user_agent);
  if (!bytes) return failed(HttpOutcome::not_sent, bytes.failure());
  request_.body.clear();
  request_.headers.clear();
  request_.target.clear();

  auto connection = connect();
  if (!connection) return failed(HttpOutcome::not_sent, connection.failure());
  core_->guard.move(watch_, total_deadline_ms_);
  if (hooks_.on_ready) {
    hooks_.on_ready();
    if (!interruption_->wait([this] { return proceed_.load(); }))
      return failed(HttpOutcome::not_sent, {interruption_->raised(), "before the request was released"});
  }
  return converse(*connection.value(), std::move(bytes.value()));
}

HttpResult Exchange::converse(Connection& connection, Secret bytes) {
  if (connection.peer_left())
    return failed(HttpOutcome::not_sent, {HttpFailure::reset, "the server closed the connection before the request"});
  writing_ = true;
  if (!connection.write(bytes.reveal()))
    return failed(connection.started() ? HttpOutcome::ambiguous : HttpOutcome::not_sent,
                  {HttpFailure::reset, "the connection broke while the request was being sent"});
  bytes.clear();

  AnswerParser answer(request_.max_answer_bytes, request_.method == "HEAD");
  char buffer[4096];
  bool hurried = false;
  while (!answer.finished()) {
    Connection::Read got = connection.read(buffer, sizeof buffer);
    answer.take({buffer, got.bytes});
    wipe(buffer, got.bytes);
    if (got.end == Connection::End::broken) answer.broken();
    if (got.end == Connection::End::clean || got.end == Connection::End::cut) {
      // A shut socket reads as the end of the answer: only an answer that says where it ends can be complete then.
      bool whole = got.end == Connection::End::clean && !over();
      answer.end(whole);
    }
    if (answer.refused() && !hurried) {
      hurried = true;
      core_->guard.move(watch_, std::min(total_deadline_ms_, core_->clock.boot_ms() + refused_body_ms));
    }
  }
  HttpResult result;
  if (answer.ok()) {
    connection.finish();
    result.outcome = HttpOutcome::answered;
  } else if (hurried && interruption_->raised() != HttpFailure::cancelled) {  // that the hurry ended it is no reason
    result.outcome = HttpOutcome::ambiguous;
    result.failure = answer.failure().kind;
    result.detail = answer.failure().detail;
  } else {
    result = failed(HttpOutcome::ambiguous, answer.failure());
  }
  answer.give(result);
  return result;
}

void Exchange::report(HttpResult result) {
  auto done = std::move(hooks_.on_done);
  hooks_ = {};
  if (done) done(std::move(result));
}

}  // namespace ecoauth
