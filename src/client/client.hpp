// One application: its accounts, its events, its end. Thread-safe.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/process_guard.hpp"
#include "client/account.hpp"
#include "client/runtime.hpp"
#include "client/values.hpp"

namespace ecoauth {

class Client : public ProcessListener, public std::enable_shared_from_this<Client> {
 public:
  /// Starts nothing: no thread, no connection, no file.
  static std::shared_ptr<Client> make(ClientSetup setup);
  ~Client() override;

  Runtime& runtime() const { return *runtime_; }

  /// The account of this key; several calls give the same one.
  std::shared_ptr<Account> open(const std::string& key);

  /// nullopt after `timeout_ms` (negative: no limit). After CLOSED has been handed out: the error CLOSED.
  Result<std::optional<Event>> next_event(int64_t timeout_ms);
  /// Delivers waiting events on this thread; waits up to `timeout_ms` when there are none. How many were delivered.
  Result<int32_t> dispatch(int64_t timeout_ms);
  Result<int32_t> wakeup_fd();
  /// NOT_FOUND when no such operation is under way.
  bool cancel(OperationId operation);

  /// The accounts in the store of this client's server and, if it has one, client id. TIMEOUT after `timeout_ms` (negative: no
  /// limit).
  Result<std::vector<std::string>> stored_accounts(int64_t timeout_ms);

  /// Starts nothing new; waits until nothing is under way and everything is saved. OK, TIMEOUT or UNSAVED.
  std::optional<Error> quiesce(int64_t timeout_ms);
  /// Begins to close; a last CLOSED event tells the end. False when it has begun already.
  bool close_start();
  /// Closes, at most for the shutdown time-out; afterwards no callback runs. Inside a callback it returns at once and goes on
  /// behind it.
  void close();

  void forked_child() noexcept override;
  void process_exits() override;

 private:
  explicit Client(ClientSetup setup);
  bool begin_closing();
  void shut_down();
  bool settle_accounts(int64_t timeout_ms);
  std::vector<std::shared_ptr<Account>> accounts();

  TokenStore* const fork_store_;  // for the forked child, which may not take a lock
  const std::shared_ptr<Runtime> runtime_;
  std::mutex mutex_;
  std::map<std::string, std::shared_ptr<Account>> accounts_;
  bool quiesced_ = false;
  bool closing_ = false;
  bool shut_down_ = false;
  std::condition_variable shut_down_changed_;
};

}  // namespace ecoauth
