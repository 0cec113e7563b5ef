// Brings a request to what answers it: gate, log, faults, endpoint. One lock around all of it.
#pragma once

#include <functional>
#include <mutex>
#include <optional>
#include <vector>

#include "sandbox/gate.hpp"
#include "sandbox/scenario.hpp"
#include "sandbox/world.hpp"

namespace ecoauth::sandbox {

class Router {
 public:
  /// What became of a request on arrival.
  struct Ticket {
    Endpoint endpoint = Endpoint::other;
    int64_t log_number = 0;
    std::optional<Fault> fault;
    /// Real milliseconds to wait before acting.
    int64_t delay_ms() const {
      return fault && fault->name == "delay" && fault->text("when") == "before" ? fault->number("ms") : 0;
    }
  };

  /// `save` is called after everything that may have changed the books, before the answer leaves.
  Router(World& world, Gate gate, Scenario scenario, std::function<void()> save)
      : world_(world), gate_(std::move(gate)), scenario_(std::move(scenario)), save_(std::move(save)) {}

  /// Logs the request and draws its fault. The caller waits out the ticket's delay without any lock, then calls
  /// answer().
  Ticket arrive(const Request& request);
  Response answer(const Request& request, const Ticket& ticket);

 private:
  /// A request that the network delivers a second time.
  struct Duplicate {
    int64_t due_ms = 0;
    Endpoint endpoint = Endpoint::other;
    Request request;
  };

  Response act(const Request& request, Endpoint endpoint, std::string& outcome);
  /// What happens by itself, up to now and in the order of its time. Nobody can see that it happens only when the next
  /// request comes.
  void catch_up();
  void act_again(const Duplicate& duplicate);

  std::mutex mutex_;
  World& world_;
  Gate gate_;
  Scenario scenario_;
  std::vector<Duplicate> duplicates_;
  std::function<void()> save_;
};

}  // namespace ecoauth::sandbox
