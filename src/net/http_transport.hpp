// How the client talks HTTP: one of the four seams. One real implementation (poco_transport), one in tests/support.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/origin.hpp"
#include "base/secret.hpp"

namespace ecoauth {

struct HttpRequest {
  std::string method;                                   ///< "GET", "POST", ...
  Origin origin;                                        ///< the only place the request may reach
  Secret target;                                        ///< path and query; may carry secrets
  std::vector<std::pair<std::string, Secret>> headers;  ///< beside those the transport adds itself
  std::string content_type;                             ///< of the body; empty when there is none
  Secret body;
  int64_t connect_timeout_ms = 8000;  ///< name resolution, connection, proxy and TLS together
  int64_t total_timeout_ms = 20000;   ///< everything, from submit() on; waiting for proceed() included
  size_t max_answer_bytes = 64 * 1024;
};

/// How far the request got: what decides whether a token may have been spent.
enum class HttpOutcome {
  answered,   ///< status, headers and a complete body were received
  not_sent,   ///< no byte of the request was handed to the kernel
  ambiguous,  ///< failed after the first byte: the server may or may not have acted
};

enum class HttpFailure {
  none,
  cancelled,         ///< by cancel() or shutdown
  timeout,           ///< the total or the connect time is over
  resolve,           ///< the name has no address
  connect,           ///< no address accepted a connection
  proxy,             ///< the proxy refused, or is unreachable
  tls,               ///< no common version, certificate not trusted or for another name
  certificate_time,  ///< the certificate is not yet or no longer valid by the local clock
  reset,             ///< the connection ended early
  truncated,         ///< the body is shorter than announced
  too_large,         ///< header or body above its cap
  malformed,         ///< not HTTP, or an encoding that was not asked for
};

struct HttpResult {
  HttpOutcome outcome = HttpOutcome::not_sent;
  HttpFailure failure = HttpFailure::none;
  std::string detail;        ///< one line for people; no secret, peer bytes filtered
  int status = 0;            ///< 0 when no status line was received
  Secret body;               ///< raw; also what was received of an answer that ended early
  std::string content_type;  ///< filtered
  std::string retry_after;   ///< as received, filtered
  std::string date;          ///< as received, filtered
};

/// One request under way. Both calls may come from any thread, any number of times, and never block.
class HttpExchange {
 public:
  virtual ~HttpExchange() = default;
  /// After on_ready: sends the request. Before it: it will be sent as soon as the connection stands.
  virtual void proceed() = 0;
  /// Ends the exchange with HttpFailure::cancelled, if it has not ended yet: not_sent before the first byte, ambiguous
  /// after.
  virtual void cancel() = 0;
};

class HttpTransport {
 public:
  /// Called on a transport worker, without locks held. on_ready (optional): the connection stands and the peer has
  /// proven its name; nothing was sent; the exchange waits for proceed() or cancel(). on_done: exactly once, and last.
  struct Hooks {
    std::function<void()> on_ready;
    std::function<void(HttpResult)> on_done;
  };

  virtual ~HttpTransport() = default;

  /// Starts one request on a fresh connection that is closed afterwards; it is never resent and redirects are not
  /// followed. Without on_ready it is sent as soon as the connection stands. Never blocks; never calls a hook before it
  /// returns.
  virtual std::shared_ptr<HttpExchange> submit(HttpRequest request, Hooks hooks) = 0;

  /// Cancels everything and waits at most `timeout_ms` for the workers; submit() fails from then on (on_done still
  /// comes). Calls on_done itself for requests that the system has no thread for.
  virtual bool shutdown(int64_t timeout_ms) = 0;
};

}  // namespace ecoauth
