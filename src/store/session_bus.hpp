// A conversation with the Secret Service on a message bus (D-Bus) that is over by a deadline, whatever the others do.
// By sd-bus of libsystemd, which has no main loop, no threads and no state of its own.
#pragma once

#include <systemd/sd-bus.h>

#include <chrono>
#include <memory>
#include <string>

#include "base/error.hpp"

namespace ecoauth {

/// What is used of libsystemd. It is loaded when it is needed first and not linked: only few hosts need it, it brings
/// six libraries along, and this library must load where there is none.
struct SdBus {
  decltype(&::sd_bus_new) make;
  decltype(&::sd_bus_unref) unref;
  decltype(&::sd_bus_set_address) set_address;
  decltype(&::sd_bus_set_bus_client) set_bus_client;
  decltype(&::sd_bus_set_method_call_timeout) set_method_call_timeout;
  decltype(&::sd_bus_start) start;
  decltype(&::sd_bus_close) close;
  decltype(&::sd_bus_process) process;
  decltype(&::sd_bus_wait) wait;
  decltype(&::sd_bus_call_async) call_async;
  decltype(&::sd_bus_slot_unref) slot_unref;
  decltype(&::sd_bus_message_new_method_call) new_method_call;
  decltype(&::sd_bus_message_ref) message_ref;
  decltype(&::sd_bus_message_unref) message_unref;
  decltype(&::sd_bus_message_sensitive) message_sensitive;
  decltype(&::sd_bus_message_get_error) message_get_error;
  decltype(&::sd_bus_message_append) append;
  decltype(&::sd_bus_message_append_array) append_array;
  decltype(&::sd_bus_message_open_container) open_container;
  decltype(&::sd_bus_message_close_container) close_container;
  decltype(&::sd_bus_message_read) read;
  decltype(&::sd_bus_message_read_array) read_array;
  decltype(&::sd_bus_message_enter_container) enter_container;
  decltype(&::sd_bus_message_exit_container) exit_container;

  /// nullptr when this system has no libsystemd.
  static const SdBus* get();
};

Error keyring_locked();

struct UnrefMessage {
  void operator()(sd_bus_message* message) const { SdBus::get()->message_unref(message); }
};
using BusMessage = std::unique_ptr<sd_bus_message, UnrefMessage>;

class SessionBus {
 public:
  using Clock = std::chrono::steady_clock;

  explicit SessionBus(Clock::time_point deadline) : deadline_(deadline) {}
  ~SessionBus();
  SessionBus(const SessionBus&) = delete;
  SessionBus& operator=(const SessionBus&) = delete;

  /// An address of D-Bus, of a socket of this machine. Only begins; what goes wrong later is told by the first call.
  std::optional<Error> connect(const std::string& address);
  /// nullptr when there is no memory.
  BusMessage new_call(const char* service, const char* path, const char* interface, const char* member);
  /// The answer; an error when the peer says one, or does not answer by the deadline.
  Result<BusMessage> call(const BusMessage& message);
  bool in_time() const { return Clock::now() < deadline_; }

 private:
  const Clock::time_point deadline_;
  sd_bus* bus_ = nullptr;
  std::string address_;
};

}  // namespace ecoauth
