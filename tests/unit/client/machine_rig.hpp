// A world around one state machine: a store, a network and a clock that do what a test says, and that check with every
// step what must always hold (reliability.md 6.2).
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "client/state_machine.hpp"
#include "support/virtual_clock.hpp"

namespace ecoauth::test {

/// Something that must never happen has happened.
struct Violation : std::runtime_error {
  using std::runtime_error::runtime_error;
};

void must(bool holds, const char* rule);

struct Ended {
  int32_t result = 0;
  std::optional<Error> error;
};

class Rig {
 public:
  enum class Net { none, connecting, ready, sent };
  enum class StoreAnswer { good, failed, failed_but_written, conflict, busy };
  struct StoreTask {
    Action::Kind kind;
    std::shared_ptr<const Record> record;  ///< save
  };

  explicit Rig(StateMachine::Settings settings = {}, std::shared_ptr<const Record> disk = {});
  Rig clone() const;

  Now now() const { return {clock.boot_ms(), clock.wall_ms(), clock.boot_id(), dice}; }

  // What the host does.
  OperationId want(Want want, int64_t min_valid_ms = 0);
  OperationId browse(const std::string& flow = "code", bool pkce = false);
  OperationId redirected(const std::string& parameters);
  OperationId import_token(const std::string& token);
  bool cancel(OperationId operation);
  bool check_now();
  bool rejected(int64_t generation);
  void revoked();
  void look_again();
  void quiesce();

  // What the world does.
  void store_answers(StoreAnswer answer);
  void connected();
  void answers(Classified answer);
  void other_process_writes(const std::shared_ptr<const Record>& content);
  void pass_ms(int64_t span_ms);  ///< timers ring on the way, when they should
  void ring();                    ///< sleeps until the timer, and lets it ring
  void suspend_ms(int64_t span_ms);
  Rig restarted() const;  ///< a new process on the same disk

  /// Everything goes well until the server's answer, or time, is needed.
  void go_on();
  /// go_on(), then the server's answer, then go_on().
  void served(Classified answer);

  const Record& record() const { return machine.record(); }
  GrantState state() const { return record().grant ? record().grant->state : GrantState::none; }
  /// The first refresh token in memory; "" without a grant.
  std::string refresh_token() const;
  int64_t wake_in_ms() const;
  /// How often this happened: "pin", "progress", "token_saved", "unsaved", "publish".
  int count(const std::string& event) const;
  const Ended& ended(OperationId operation) const;
  bool waits(OperationId operation) const { return waiting.count(operation) > 0; }

  bool lock_is_free() const { return !lock_held_; }
  /// For walks of many states: what was logged is not needed any more.
  void forget_the_past();

  StateMachine machine;
  VirtualClock clock;
  double dice = 0.5;
  std::shared_ptr<const Record> disk;
  bool old_copy = false;  ///< what is on disk is not what was there last
  bool other_holds_lock = false;
  std::deque<StoreTask> store;
  Net net = Net::none;
  AnswerContext context = AnswerContext::refresh;
  std::string credential;
  int connects = 0;
  int sends = 0;
  bool quiesced = false;
  std::map<OperationId, Waiter> waiting;
  std::map<OperationId, Ended> done;
  std::vector<std::string> events;

 private:
  Rig(StateMachine started, const Rig& other);
  OperationId bring(Want want, Brought brought);
  void pump();
  void perform(Action& action);
  void write(const std::shared_ptr<const Record>& after);

  // machine_rules.cpp
  void check_write(const Record& after) const;
  void check_proceed() const;
  void check_publish() const;
  void check_complete(const Action& action) const;
  void check_rest() const;
  bool ever_saved(const Grant& grant) const;

  StateMachine::Settings settings_;
  OperationId last_operation_ = 0;
  bool lock_held_ = false;
  bool signing_out_ = false;
  bool revocation_said_ = false;
  int64_t poll_allowed_ms_ = 0;
  int64_t refreshed_ms_ = -1;
  int64_t rejected_at_ms_ = 0;
  std::string newest_;  ///< the refresh token that the machine got last
  int64_t newest_generation_ = 0;
  std::string predecessor_;                ///< the one that it replaced, or of the grant beside it
  std::vector<std::string> saved_access_;  ///< the access tokens that have been on disk
};

/// A grant of generation 1, made now: access token "at-1", refresh token "rt-1".
std::shared_ptr<Record> record_with_grant(const VirtualClock& clock, int64_t lifetime_ms = 3600000);
/// A process that has just read it.
Rig rig_with_grant(Role role = Role::owner, int64_t lifetime_ms = 3600000);
/// Two hours later.
Rig rig_with_expired_token();
/// Another process has done so, up to this generation.
void refreshed_by_the_owner(Rig& rig, int64_t generation);

}  // namespace ecoauth::test
