// One client with one account, and the loop in which its events, the signals and the clock are waited for.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "cli/client_id.hpp"
#include "cli/failure.hpp"
#include "cli/handles.hpp"
#include "cli/output.hpp"
#include "cli/settings.hpp"
#include "cli/signals.hpp"

namespace ecoauth::cli {

/// Sees what happens while an operation runs.
class Watcher {
 public:
  virtual ~Watcher() = default;
  /// Events that are neither log lines nor completions.
  virtual void happened(const ecoauth_event* event) = 0;
  /// Called at the start and whenever the time that it returned, in milliseconds, has passed.
  virtual int64_t tick() = 0;
};

class Session {
 public:
  /// Throws Failure when the settings do not make a client.
  Session(const Settings& settings, const ClientId& client_id, Output& output, const Signals& signals);
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;
  ~Session() { close(); }

  using Start = std::function<int32_t(ecoauth_account* account, int64_t* operation, ecoauth_error** error)>;
  /// Runs one operation to its end and returns its COMPLETED event. Throws Failure when it fails. A signal cancels it.
  EventHandle run(const Start& start, Watcher* watcher = nullptr);

  /// What the account looks like, after its record has been read. Throws Failure when that cannot be.
  StatusHandle read_status();
  /// Likewise, as far as it is known already.
  StatusHandle status();
  /// Another account's status, read likewise.
  StatusHandle read_status_of(const std::string& account);
  /// Every account that the store has a record of. Throws Failure when that cannot be told.
  std::vector<std::string> accounts();
  /// Waits, telling `watcher`, until a signal comes or `over` says true.
  void watch(Watcher& watcher, const std::function<bool()>& over);
  /// The account's last failure; NULL when there is none.
  ErrorHandle last_error();

  /// Ends the session when all went well. Throws Failure when tokens could not be saved in the end.
  void finish();

 private:
  /// None when `timeout_ms` (-1: none) is over or a signal has come.
  EventHandle next_event(int64_t timeout_ms);
  void handle(const ecoauth_event* event, Watcher* watcher);
  void unsaved(const ecoauth_event* event);
  void wait_until_saved();
  void close();

  Output& output_;
  const Signals& signals_;
  ClientHandle client_;
  AccountHandle account_;
  int wakeup_fd_ = -1;
  bool unsaved_ = false;
  bool closed_ = false;
};

}  // namespace ecoauth::cli
