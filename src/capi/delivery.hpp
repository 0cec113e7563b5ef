// One stream of events, split over the callbacks that the host has given.
#pragma once

#include <memory>
#include <mutex>
#include <string>

#include "capi/handles.hpp"

namespace ecoauth::capi {

/// A PIN goes to the pin callback, a log line to the log callback; everything else, and what has no callback of its
/// own, to the event callback.
class Delivery {
 public:
  explicit Delivery(const ecoauth_options& options);

  bool anybody_listens() const { return callbacks_.pin || callbacks_.event || callbacks_.log; }
  /// Where failing callbacks are reported.
  void report_to(std::weak_ptr<Client> client) { client_ = std::move(client); }

  void deliver(Event& event);
  /// Calls none from now on, and ends the user data of all but the one that is running.
  void let_go();

 private:
  struct Callbacks {
    HostCallback<ecoauth_pin_fn> pin;
    HostCallback<ecoauth_event_fn> event;
    HostCallback<ecoauth_log_fn> log;
  };
  /// The one for this kind of event; the other members stay empty.
  Callbacks callback_for(int32_t kind);
  void complain(const Error& failure) const;

  std::mutex mutex_;
  Callbacks callbacks_;
  std::weak_ptr<Client> client_;
};

}  // namespace ecoauth::capi
