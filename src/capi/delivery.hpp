// One stream of events, split over the callbacks that the host has given.
#pragma once

#include <memory>
#include <string>

#include "capi/handles.hpp"

namespace ecoauth::capi {

/// A PIN goes to the pin callback, a log line to the log callback; everything else, and what has no callback of its
/// own, to the event callback.
class Delivery {
 public:
  explicit Delivery(const ecoauth_options& options);

  bool anybody_listens() const { return pin_ || event_ || log_; }
  /// Where failing callbacks are reported.
  void report_to(std::weak_ptr<Client> client) { client_ = std::move(client); }

  void deliver(Event& event) const;

 private:
  void complain(const Error& failure) const;

  const HostCallback<ecoauth_pin_fn> pin_;
  const HostCallback<ecoauth_event_fn> event_;
  const HostCallback<ecoauth_log_fn> log_;
  std::weak_ptr<Client> client_;
};

}  // namespace ecoauth::capi
