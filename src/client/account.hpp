// One account: its state machine, and everything that carries out what the machine decides. Thread-safe.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "client/runtime.hpp"
#include "client/state_machine.hpp"
#include "client/token_cell.hpp"
#include "client/values.hpp"
#include "net/http_transport.hpp"
#include "store/token_store.hpp"

namespace ecoauth {

/// What a caller wants of an account and may have to wait for.
struct Command {
  enum class Kind { get_token, refresh, authorize_pin, request, sign_out, wait, authorize_url, redirect, import_token };
  Kind kind = Kind::get_token;
  int64_t min_valid_ms = 0;                             ///< get_token
  int64_t seen_revision = 0;                            ///< wait
  std::string method;                                   ///< request
  Secret target;                                        ///< request: path and query
  std::vector<std::pair<std::string, Secret>> headers;  ///< request: beside what is sent anyway
  Secret body;                                          ///< request
  std::string content_type;                             ///< request; empty without a body
  size_t max_response_bytes = 4 * 1024 * 1024;          ///< request
  std::shared_ptr<const Brought> brought;  ///< authorize_url, redirect, import_token: by brought_commands.hpp
};

class Account : public std::enable_shared_from_this<Account> {
 public:
  Account(std::string key, std::shared_ptr<Runtime> runtime);

  const std::string& key() const { return key_; }
  Runtime& runtime() const { return *runtime_; }

  /// The blocking form: at most `timeout_ms` (negative: no limit), then TIMEOUT and the operation is cancelled.
  Outcome run(Command command, int64_t timeout_ms);
  /// The other form: an operation that ends in one COMPLETED event. `*operation` is set before any event of it can
  /// come.
  std::optional<Error> start(Command command, OperationId* operation);

  /// False when no PIN is pending.
  bool check_now();
  /// False when a newer token is there.
  bool report_rejected(int64_t generation);
  Status status();
  std::optional<Error> last_error();
  /// Lock-free reading of the token in memory.
  const TokenCell& token_cell() const { return cell_; }

  /// False when no such operation is under way here.
  bool cancel(OperationId operation);
  void on_timer();
  /// Starts nothing new from now on.
  void quiesce();
  /// Nothing under way, nothing that must still be saved.
  bool at_rest();
  bool unsaved();
  /// Ends every operation with this error; for closing.
  void end_operations(const Error& error);

 private:
  using Completion = std::function<void(Outcome)>;
  using Apply = std::function<void()>;  ///< takes a result in; runs with the lock held
  using StoreTask =
      std::function<Apply(TokenStore*)>;  ///< runs without it; nullptr: the store is not to be had any more
  struct ApiCall;

  // account.cpp. All private functions expect the lock to be held unless they say otherwise.
  void begin(OperationId operation, Command command, Completion completion);
  void finish(OperationId operation, Outcome outcome);
  bool cancel_locked(OperationId operation);
  /// Carries out what the machine has decided, announces what has changed and sets the timer.
  void settle();
  void set_timer(const Now& now);
  int64_t look_at_ms(const Now& now);
  void announce_state(const Now& now);
  Now now();

  // account_actions.cpp
  void perform(Action action);
  void connect(const Action& action);
  void connected(int64_t number);                    // without the lock
  void answered(int64_t number, Classified answer);  // without the lock
  void publish();
  void complete(const Action& action);
  void announce(Action::Kind kind);
  const std::string& scope_asked() const;
  void note_scope(const Grant& grant);
  std::shared_ptr<const Token> hand_out_token(const Now& now) const;

  // account_store.cpp
  void on_store(StoreTask task);
  void run_store_tasks();  // without the lock
  void load();
  void save();
  void note_protection(Protection protection);
  const Secret& client_id() const;
  Secret encoded_record() const;

  // account_request.cpp
  void begin_request(OperationId operation, Command command);
  void get_token_for(const std::shared_ptr<ApiCall>& call);
  void abandon(ApiCall& call);
  void send(const std::shared_ptr<ApiCall>& call, Outcome token);
  void request_answered(const std::shared_ptr<ApiCall>& call, HttpResult result);  // without the lock
  Outcome conclude(const std::shared_ptr<ApiCall>& call, HttpResult result, Classified answer);

  const std::string key_;
  const std::shared_ptr<Runtime> runtime_;
  const uint64_t timer_id_;
  TokenCell cell_;

  std::mutex mutex_;
  StateMachine machine_;
  std::map<OperationId, Completion> operations_;
  std::map<OperationId, int64_t> revision_waiters_;  // wait(): the revision that each has seen
  std::map<OperationId, std::shared_ptr<ApiCall>> api_calls_;
  int64_t api_refused_since_ms_ = -1;  // API status 1 in spite of fresh tokens

  std::string store_key_;  // empty while the client id is unknown
  Protection protection_;  // of the record
  Secret unsaved_record_;  // as the store would have it, for the host; empty when all is saved
  std::deque<StoreTask> store_tasks_;
  bool store_running_ = false;

  std::shared_ptr<HttpExchange> exchange_;
  int64_t exchange_number_ = 0;

  uint64_t dice_ = 0;
  int64_t timer_at_ms_ = -1;
  int64_t look_at_ms_ = 0;  // KeepFresh::always: when the store is read again; 0 when that is to be said
  int64_t revision_ = 0;
  std::string logged_scope_;
  std::string announced_;  // what the last STATE event said, to tell whether something has changed
};

}  // namespace ecoauth
