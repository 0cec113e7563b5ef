// Brings a request to what answers it: gate, log, faults, endpoint. One lock around all of it.
#pragma once

#include <functional>
#include <mutex>
#include <optional>

#include "sandbox/gate.hpp"
#include "sandbox/world.hpp"

namespace ecoauth::sandbox {

class Router {
 public:
  /// What became of a request on arrival.
  struct Ticket {
    Endpoint endpoint = Endpoint::other;
    int64_t log_number = 0;
    std::optional<Fault> fault;
    int64_t delay_ms() const { return fault ? fault->delay_ms : 0; }
  };

  /// `save` is called after everything that may have changed the books, before the answer leaves.
  Router(World& world, Gate gate, std::function<void()> save)
      : world_(world), gate_(std::move(gate)), save_(std::move(save)) {}

  /// Logs the request and draws its fault. The caller waits out the ticket's delay without any lock, then calls
  /// answer().
  Ticket arrive(const Request& request);
  Response answer(const Request& request, const Ticket& ticket);

 private:
  Response act(const Request& request, Endpoint endpoint, std::string& outcome);

  std::mutex mutex_;
  World& world_;
  Gate gate_;
  std::function<void()> save_;
};

}  // namespace ecoauth::sandbox
