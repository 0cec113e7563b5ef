// The parts that requests of one transport share. Tests build one with a resolver of their own.
#pragma once

#include <list>
#include <memory>
#include <mutex>
#include <set>

#include "base/worker_pool.hpp"
#include "net/deadline_guard.hpp"
#include "net/poco_transport.hpp"
#include "net/proxy.hpp"
#include "net/resolver.hpp"
#include "net/tls_context.hpp"

namespace ecoauth {

class Exchange;

/// Lives until its last request has ended, also beyond the transport.
class TransportCore : public std::enable_shared_from_this<TransportCore> {
 public:
  TransportCore(TransportSettings settings, const Clock& clock, Logger logger, ResolveFunction resolve);

  std::shared_ptr<HttpExchange> submit(HttpRequest request, HttpTransport::Hooks hooks);
  bool shutdown(int64_t timeout_ms);

  /// For exchanges that are over: does not let them wait for their turn.
  void end_early(const std::shared_ptr<Exchange>& exchange);

  const std::string user_agent;
  const Proxy proxy;
  const Clock& clock;
  const Logger logger;
  TlsContexts contexts;
  Resolver resolver;
  DeadlineGuard guard;

 private:
  struct Place;
  void start_worker();
  void work();
  void run(const std::shared_ptr<Exchange>& exchange);
  void end_waiting();
  bool take_waiting(const std::shared_ptr<Exchange>& exchange);
  void finish(const std::shared_ptr<Exchange>& exchange, HttpResult result);

  const size_t max_workers_;
  std::mutex mutex_;
  std::list<std::shared_ptr<Exchange>> waiting_;
  std::set<std::shared_ptr<Exchange>> all_;  ///< waiting or running
  size_t working_ = 0;                       ///< places taken, of max_workers_
  bool stopping_ = false;
  WorkerPool pool_;  ///< last: its threads use the rest
};

/// make_poco_transport() with another way to resolve names.
std::unique_ptr<HttpTransport> make_poco_transport(TransportSettings settings, const Clock& clock, Logger logger,
                                                   ResolveFunction resolve);

}  // namespace ecoauth
