// What all accounts of a client share: settings, store, transport, workers, timers, events. Outlives the client as long as an
// account handle exists, and is empty by then.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>

#include "base/clock.hpp"
#include "base/log.hpp"
#include "base/process_guard.hpp"
#include "base/random.hpp"
#include "base/worker_pool.hpp"
#include "client/config.hpp"
#include "client/event_queue.hpp"
#include "client/scheduler.hpp"
#include "net/http_transport.hpp"
#include "net/poco_transport.hpp"
#include "store/token_store.hpp"

namespace ecoauth {

class Account;

/// All that a client is made of.
struct ClientSetup {
  ClientConfig config;
  std::shared_ptr<TokenStore> store;
  TransportSettings transport_settings;       ///< checked
  std::shared_ptr<HttpTransport> transport;   ///< empty: the real one, by transport_settings
  int32_t log_level = 0;                      ///< up to which ECOAUTH_LOG_* lines become events
  EventQueue::Deliver deliver;                ///< gets events in the dispatch modes worker and caller
  EventQueue::Wakeup wakeup;                  ///< may be empty
  const Clock* clock = &system_clock();
  Random* random = &system_random();
};

class Runtime {
 public:
  explicit Runtime(ClientSetup setup);
  ~Runtime();

  const ClientConfig config;
  const Clock& clock;
  Random& random;
  const std::shared_ptr<EventQueue> events;
  const Logger logger;
  WorkerPool workers;     ///< the store's I/O; a hung callback of the host takes one
  Scheduler scheduler;

  /// FORKED in a child of the process that made the client, CLOSED after its end.
  std::optional<Error> usable() const;
  /// The code of that error, ECOAUTH_OK without one: for hot paths, allocates nothing.
  int32_t usable_code() const noexcept;
  bool forked() const { return process_guard::fork_generation() != fork_generation_; }
  void set_closed() { closed_.store(true, std::memory_order_release); }

  /// Empty after the end.
  std::shared_ptr<TokenStore> store() const;
  std::shared_ptr<HttpTransport> transport() const;
  std::string store_description() const { return store_description_; }
  /// Lets go of store, transport and the host's callbacks.
  void release();

  OperationId new_operation(const std::shared_ptr<Account>& account);
  void operation_ended(OperationId operation);
  std::shared_ptr<Account> account_of(OperationId operation) const;
  uint64_t new_timer_id() { return ++timers_; }

  /// Wakes whoever waits for accounts to come to rest. May be called with an account's lock held.
  void something_changed();
  /// Asks `condition` now and after every change. False when it does not hold in time (negative: no limit).
  bool wait_until(int64_t timeout_ms, const std::function<bool()>& condition);

 private:
  const int64_t fork_generation_;
  const std::string store_description_;
  std::atomic<bool> closed_{false};
  std::atomic<uint64_t> timers_{0};

  mutable std::mutex mutex_;
  std::shared_ptr<TokenStore> store_;
  std::shared_ptr<HttpTransport> transport_;
  std::unordered_map<OperationId, std::weak_ptr<Account>> operations_;
  OperationId last_operation_ = 0;

  std::mutex changes_mutex_;
  std::condition_variable changed_;
  int64_t changes_ = 0;
  std::atomic<int> watchers_{0};
};

}  // namespace ecoauth
