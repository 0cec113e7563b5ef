// Driving the transport as the client does: submit, wait for its hooks, look at the result and the time it took.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <ostream>
#include <string>

#include "net/http_transport.hpp"
#include "net/transport_core.hpp"
#include "peer.hpp"
#include "probe.hpp"

namespace ecoauth {
std::ostream& operator<<(std::ostream& out, HttpOutcome outcome);
std::ostream& operator<<(std::ostream& out, HttpFailure failure);
}  // namespace ecoauth

/// What must not be found where it does not belong: every request carries it in header, path and body.
extern const std::string canary;

/// A POST to this origin.
ecoauth::HttpRequest post_to(const std::string& scheme, const std::string& host, uint16_t port);
ecoauth::HttpRequest post_to(const Peer& peer);

class Call {
 public:
  enum class Hold { no, until_proceed };

  Call(ecoauth::HttpTransport& transport, ecoauth::HttpRequest request, Hold hold = Hold::no);

  bool wait_ready() const;
  void proceed() const { exchange_->proceed(); }
  void cancel() const { exchange_->cancel(); }
  /// Waits for the end.
  const ecoauth::HttpResult& result() const;
  /// From submit() to on_done.
  int64_t took_ms() const;
  int done_count() const;
  int ready_count() const;

 private:
  struct State {
    std::mutex mutex;
    std::condition_variable changed;
    int ready = 0, done = 0;
    int64_t begun_ms = 0, ended_ms = 0;
    ecoauth::HttpResult result;
  };
  std::shared_ptr<State> state_ = std::make_shared<State>();
  std::shared_ptr<ecoauth::HttpExchange> exchange_;
};

/// Settings that trust test_authority().
ecoauth::TransportSettings trusting_settings();
std::unique_ptr<ecoauth::HttpTransport> make_transport(ecoauth::TransportSettings settings = trusting_settings());
std::unique_ptr<ecoauth::HttpTransport> make_transport(ecoauth::TransportSettings settings,
                                                       ecoauth::ResolveFunction resolve);
/// 127.0.0.1, or ::1 for AF_INET6.
ecoauth::Address loopback_address(uint16_t port, int family = AF_INET);
/// A name service that leads every name to loopback.
ecoauth::Resolution everything_is_here(const std::string& host, uint16_t port);

/// Runs a measurement of time up to three times: other programs share the machine. `attempt` returns what was wrong,
/// "" when nothing was.
std::string in_time(const std::function<std::string()>& attempt);
/// "" when the call ended at its deadline, at most 250 ms late.
std::string ended_at(const Call& call, int64_t deadline_ms);
