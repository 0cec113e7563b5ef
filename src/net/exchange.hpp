// One request from submit() to on_done.
#pragma once

#include <atomic>
#include <memory>

#include "net/connection.hpp"
#include "net/deadline_guard.hpp"
#include "net/failure.hpp"
#include "net/http_transport.hpp"
#include "net/interruption.hpp"

namespace ecoauth {

class TransportCore;

class Exchange final : public HttpExchange, public std::enable_shared_from_this<Exchange> {
 public:
  Exchange(std::shared_ptr<TransportCore> core, HttpRequest request, HttpTransport::Hooks hooks);

  void proceed() override;
  void cancel() override;

  /// Has its deadlines watched. May fail for want of a thread; perform() then tries again.
  void watch();
  void unwatch();
  /// Ends what it is doing. It may still wait for its turn.
  void raise(HttpFailure why) { interruption_->raise(why); }
  /// Cancelled or out of time.
  bool over() const { return interruption_->raised() != HttpFailure::none; }
  /// Blocks until the request has ended one way or the other. On a worker.
  HttpResult perform();
  /// Why it ended before it began.
  HttpResult not_begun() const;
  /// Why it ended when it should not have: what threw was memory, as a rule.
  HttpResult given_up(const char* what) const;
  void report(HttpResult result);

 private:
  void interrupt(HttpFailure why);
  Step<std::unique_ptr<Connection>> connect();
  HttpResult converse(Connection& connection, Secret bytes);
  HttpResult failed(HttpOutcome outcome, Failure failure) const;

  const std::shared_ptr<TransportCore> core_;
  HttpRequest request_;
  HttpTransport::Hooks hooks_;
  const int64_t connect_deadline_ms_;
  const int64_t total_deadline_ms_;
  const std::shared_ptr<Interruption> interruption_;
  DeadlineGuard::Watch watch_ = 0;
  std::atomic<bool> proceed_{false};
  bool writing_ = false;  ///< from here on a byte may have left
};

}  // namespace ecoauth
