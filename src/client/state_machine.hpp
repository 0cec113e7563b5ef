// What an account does next: events in, actions out. Pure: no I/O, no clock, no thread, no random numbers of its own.
//
// One job at a time: lock, re-read, connect, send, save, unlock. Whatever several callers want is one job's outcome,
// which is what makes a refresh single-flight in the process; the store's lock makes it so among processes
// (reliability.md 6).
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "client/config.hpp"
#include "client/now.hpp"
#include "client/poll_schedule.hpp"
#include "client/refresh_policy.hpp"
#include "client/values.hpp"
#include "protocol/answers.hpp"
#include "protocol/record.hpp"
#include "protocol/redirect.hpp"

namespace ecoauth {

/// What somebody wants of an account.
enum class Want { load, token, refresh, authorize, sign_out, browse, redirect, import_token };

/// What somebody brings along with a wish.
struct Brought {
  Pending pending;       ///< browse: flow, redirect_uri, state and verifier, all fresh
  Redirect redirect;     ///< redirect
  Secret refresh_token;  ///< import_token
};

struct Waiter {
  OperationId operation = 0;
  Want want = Want::load;
  int64_t min_valid_ms = 0;
  int64_t generation = 0;  ///< refresh: the one that is to be superseded
  std::shared_ptr<const Brought> brought;
  bool handed_in = false;  ///< redirect, import_token: what was brought is in the record, its exchange is awaited
};

enum class Job { none, load, refresh, authorize, poll, sign_out, save, browse, exchange };
/// Where a job stands. `backoff`: a prompt second try with the lock kept.
enum class Step { none, locking, waiting_for_lock, reading, connecting, marking, sending, saving, rebasing, backoff };

/// What the actor is to do, in this order. Results come back through the machine's functions of the same names.
struct Action {
  enum class Kind {
    load,
    try_lock,
    unlock,
    save,
    erase,    // the store: loaded(), locked(), saved(), erased()
    connect,  // ready() or answered()
    proceed,
    abandon,   // the connected request: answered() for the first
    complete,  // the waiter `operation` with `result` and `error`
    publish,   // the token of record() is the one to hand out (or none)
    show_pin,
    progress,
    token_saved,
    unsaved,  // events
  };
  explicit Action(Kind what) : kind(what) {}

  Kind kind;
  AnswerContext context = AnswerContext::refresh;  // connect
  Secret credential;                               // connect: the refresh token or the code
  OperationId operation = 0;
  Want want = Want::load;  // complete
  int32_t result = 0;
  std::optional<Error> error;
};

/// What a machine remembers beside its record: plain values.
struct MachineMemory {
  bool loaded_ = false;
  std::vector<Waiter> waiters_;

  Job job_ = Job::none;
  Step step_ = Step::none;
  bool holds_lock_ = false;
  bool new_token_ = false;  // the save under way brings a new token pair
  int rebases_ = 0;
  int64_t job_generation_ = 0;  // generation at the start of the job; -1 when another grant has been read since
  int64_t step_until_ms_ = 0;   // waiting_for_lock, backoff: next look
  int64_t lock_deadline_ms_ = 0;
  int64_t lock_pause_ms_ = 0;
  size_t candidate_ = 0;
  Moment sent_at_;
  bool request_sent_ = false;
  std::optional<Intent> doubt_;  // of an earlier attempt with this generation
  bool probing_ = false;         // the save under way asks a store that failed whether it works again

  bool polling_ = false;
  PollSchedule poll_;
  bool poll_trouble_ = false;             // last_error_ is of a poll, and the PIN waits on
  std::optional<Error> poll_verdict_;     // to be reported when the record without the PIN is saved
  std::optional<Error> refresh_verdict_;  // likewise, when the record with the grant's new state is
  std::optional<Error> salvaged_;         // likewise, when what could be saved of an unusable answer is
  int64_t authorize_at_ms_ = 0;           // the next try after a refused client id
  size_t authorize_tries_ = 0;
  RetrySchedule authorize_retries_;

  OperationId serving_ = 0;                // browse, exchange: whose wish the job carries out, if anybody's
  bool imported_ = false;                  // the new token comes of an import
  std::optional<Error> exchange_verdict_;  // as poll_verdict_
  int64_t exchange_generation_ = 0;        // generation when something was handed in
  int64_t exchange_at_ms_ = 0;             // the next try
  size_t exchange_tries_ = 0;              // after a refused client id
  RetrySchedule exchange_retries_;

  bool quiesced_ = false;
  bool unsaved_ = false;
  bool read_failed_ = false;  // the store, last time
  bool write_failed_ = false;
  bool outdated_ = false;  // what is stored is not sealed as asked for, or is less than what is known here
  bool clock_suspect_ = false;
  bool nudged_ = false;         // somebody asked, or tried: refresh from the advisory point on
  int64_t lives_until_ms_ = 0;  // by the boot clock: the access token that came since this process began; 0 for others
  int64_t rejected_generation_ = 0;
  int64_t rejected_at_ms_ = 0;  // the last time
  int64_t revoked_generation_ = 0;
  int64_t read_at_ms_ = -1;         // when somebody who waits for a token last looked
  int64_t retry_at_ms_ = 0;         // the library's own next try
  int64_t demand_retry_at_ms_ = 0;  // a caller's
  int64_t throttled_until_ms_ = 0;  // the server's wish, which binds callers too
  int64_t save_retry_at_ms_ = 0;
  RefreshBreaker breaker_;  // by what this process has done and seen itself; the record has what everybody has done
  RetrySchedule retries_;
  std::optional<Error> last_error_;
  std::optional<Error> refresh_error_;  // why there is no new token
};

class StateMachine : private MachineMemory {
 public:
  struct Settings {
    Role role = Role::owner;
    Polling polling = Polling::automatic;
    RefreshSettings refresh;
    std::string scope = "smartRead";  ///< CSV
    bool has_client_id = true;        ///< false: only a stored record can bring one
  };

  explicit StateMachine(Settings settings);
  /// A second machine in the same state, without the actions not yet taken: to look ahead, as the test that walks all
  /// states does.
  StateMachine clone() const;

  // What the host wants.
  void want(Waiter waiter, const Now& now);
  /// False when nobody waits under this number.
  bool cancel(OperationId operation, const Now& now);
  /// False when no PIN is pending.
  bool check_now(const Now& now);
  /// The API refused the token of this generation. False when a newer one exists.
  bool rejected(int64_t generation, const Now& now);
  /// The API says that the user or ecobee revoked the grant.
  void revoked(const Now& now);
  void quiesce(const Now& now);
  /// Is there nothing to do but to wait?
  bool at_leisure() const { return loaded_ && job_ == Job::none && !quiesced_ && !unsaved_; }
  /// At leisure: reads the store, which others write, too.
  void look_again(const Now& now);

  // What became of actions.
  /// Before loaded(): the record is not sealed as asked for. An owner saves it again once nothing else is to be done.
  void set_seal_outdated(bool outdated) { outdated_ = outdated; }
  void loaded(Result<std::optional<Record>> result, const Now& now);
  void locked(Result<bool> acquired, const Now& now);
  void saved(Result<bool> durable, const Now& now);  ///< false: conflict
  void erased(Result<bool> result, const Now& now);
  void ready(const Now& now);
  void answered(Classified answer, const Now& now);
  void timer(const Now& now);

  /// The actions since the last call, to be carried out in order.
  std::vector<Action> take_actions();
  /// Boot time at which timer() is wanted; -1 for never.
  int64_t wake_at_ms(const Now& now) const;

  // What it looks like.
  const Record& record() const { return record_; }
  bool is_loaded() const { return loaded_; }
  Job job() const { return job_; }
  Step step() const { return step_; }
  bool holds_lock() const { return holds_lock_; }
  bool idle() const { return job_ == Job::none; }
  bool unsaved() const { return unsaved_; }
  bool authorizing() const {
    return wants(Want::authorize) || wants(Want::redirect) || wants(Want::import_token) || job_ == Job::authorize ||
           job_ == Job::poll || job_ == Job::browse || job_ == Job::exchange;
  }
  bool token_rejected() const;
  /// Of the access token. What was known of it stays known when the wall clock is stepped.
  int64_t left_ms(const Now& now) const;
  int32_t flags() const;  ///< ECOAUTH_FLAG_*
  const std::optional<Error>& last_error() const { return last_error_; }
  const PollSchedule& poll_schedule() const { return poll_; }
  const std::vector<Waiter>& waiters() const { return waiters_; }

 private:
  // state_machine.cpp: who waits, which job comes next
  void settle(const Now& now);
  bool start_next_job(const Now& now);
  void serve_token_waiters(const Now& now);
  void complete(OperationId operation, int32_t result, std::optional<Error> error = {});
  int32_t served() const;
  void complete_all(Want want, int32_t result, const std::optional<Error>& error = {});
  void fail_everybody(const Error& error);
  bool wants(Want want) const;
  bool has_grant() const { return loaded_ && record_.grant && !record_.grant->candidates.empty(); }
  int64_t generation() const { return record_.grant ? record_.grant->generation : 0; }
  /// Was a refresh sent whose answer nobody knows? An intent of an older generation only delays the next refresh.
  bool in_doubt() const { return record_.intent && record_.intent->generation == generation(); }
  /// Has the API refused the newest token, so that nobody is to get it?
  bool withheld(const Now& now) const;
  bool serves(const Waiter& waiter, const Now& now, bool mandatory_window) const;
  bool token_wanted() const { return wants(Want::token) || wants(Want::refresh); }
  int64_t background_refresh_at_ms(const Now& now) const;
  std::optional<Error> client_id_unknown() const;
  /// By the limits of the account, and while late copies of a request in doubt may come.
  int64_t limited_until_ms(const Now& now) const;
  int64_t refresh_allowed_at_ms(const Now& now) const;
  Error why_no_token(const Now& now) const;
  bool pending_pin_alive(const Now& now) const;
  bool pending_alive(const Now& now) const;

  // state_machine_jobs.cpp: the steps of a job
  void begin(Job job, const Now& now);
  void begin_locked_part(const Now& now);
  void connect(AnswerContext context, const Secret& credential);
  void end_job();
  void unlock();
  void save();
  void fail_job(const Error& error, const Now& now);
  void fail_refresh_waiters(const Error& error, const Now& now);
  void proceed(const Now& now);
  void marked(const std::optional<Error>& failure, const Now& now);
  void probe_store();
  void job_saved(const Now& now);
  void resume_pin(const Now& now);
  void end_authorization(const Error& error, const Now& now);

  // state_machine_store.cpp: what the store answered
  void adopt(std::optional<Record> found, const Now& now);
  void adopt_first(const Now& now);
  void resume_patience(const Now& now);

  // state_machine_exchange.cpp: codes, redirects and tokens that somebody hands in
  const Waiter* waiter_of(OperationId operation) const;
  bool somebody_handed_in() const;
  bool exchange_pending() const;
  int64_t exchange_at_ms(const Now& now) const;
  bool start_browser_job(const Now& now);
  void begin_browse(const Now& now);
  void begin_exchange(const Now& now);
  bool take_redirect_in(const Waiter& waiter, const Now& now);
  bool take_import_in(const Waiter& waiter, const Now& now);
  void handed_in();
  void connect_exchange();
  void exchange_answered(Classified answer, const Now& now);
  void end_exchange(const Error& error);
  void complete_handed_in(int32_t result, const std::optional<Error>& error = {});
  int64_t reminder_at_ms(const Now& now) const;
  void remind(const Now& now);

  // state_machine_answers.cpp: what answers mean
  void refresh_answered(Classified answer, const Now& now);
  void refresh_failed(const Classified& answer, const Error& error, bool save_first, const Now& now);
  void refused(const Classified& answer, const Now& now);
  void authorize_answered(Classified answer, const Now& now);
  void poll_answered(Classified answer, const Now& now);
  void take_token(TokenAnswer token, bool new_grant, const Now& now);
  void block(const std::string& reason);
  void commit_saved(const std::optional<Error>& failure, const Now& now);
  void serve_refreshed(const Now& now);

  const Settings settings_;
  Record record_;
  std::vector<Action> actions_;
};

/// NEEDS_AUTHORIZATION for a grant without refresh token.
Error unrenewable_error(std::string what);

}  // namespace ecoauth
