#include "client/state_machine.hpp"

#include <ecoauth/status.h>

#include <algorithm>
#include <limits>
#include <utility>

namespace ecoauth {
namespace {

constexpr int64_t never = std::numeric_limits<int64_t>::max();

/// The code behind a name stored as the reason of a state.
int32_t code_of(const std::string& reason) {
  for (int32_t code :
       {ECOAUTH_ERROR_REVOKED, ECOAUTH_ERROR_INVALID_CLIENT, ECOAUTH_ERROR_UNAUTHORIZED_CLIENT, ECOAUTH_ERROR_SCOPE,
        ECOAUTH_ERROR_REJECTED, ECOAUTH_ERROR_ACCOUNT_LOCKED, ECOAUTH_ERROR_ACCOUNT_DISABLED, ECOAUTH_ERROR_SERVER})
    if (reason == result_name(code)) return code;
  return ECOAUTH_ERROR_NEEDS_AUTHORIZATION;
}

}  // namespace

StateMachine::StateMachine(Settings settings) : settings_(std::move(settings)) {}

StateMachine StateMachine::clone() const {
  StateMachine copy(settings_);
  static_cast<MachineMemory&>(copy) = *this;
  copy.record_ = record_.clone();
  return copy;
}

std::vector<Action> StateMachine::take_actions() { return std::exchange(actions_, {}); }

bool StateMachine::wants(Want want) const {
  return std::any_of(waiters_.begin(), waiters_.end(), [&](const Waiter& waiter) { return waiter.want == want; });
}

bool StateMachine::token_rejected() const { return rejected_generation_ != 0 && rejected_generation_ == generation(); }

int64_t StateMachine::left_ms(const Now& now) const {
  if (!record_.grant || record_.grant->access_token.empty()) return 0;
  return lives_until_ms_ > 0 ? std::max<int64_t>(0, lives_until_ms_ - now.boot_ms) : token_left_ms(*record_.grant, now);
}

int32_t StateMachine::flags() const {
  int32_t flags = 0;
  if (authorizing()) flags |= ECOAUTH_FLAG_AUTHORIZING;
  if (job_ == Job::refresh) flags |= ECOAUTH_FLAG_REFRESHING;
  bool answer_expected = job_ == Job::refresh && (step_ == Step::marking || step_ == Step::sending);
  if (in_doubt() && !answer_expected) flags |= ECOAUTH_FLAG_AMBIGUOUS;
  if (unsaved_) flags |= ECOAUTH_FLAG_UNSAVED;
  if (read_failed_ || write_failed_) flags |= ECOAUTH_FLAG_DEGRADED;
  if (clock_suspect_) flags |= ECOAUTH_FLAG_CLOCK_SUSPECT;
  return flags;
}

int32_t StateMachine::served() const { return unsaved_ ? ECOAUTH_UNSAVED_BUT_USABLE : ECOAUTH_OK; }

void StateMachine::complete(OperationId operation, int32_t result, std::optional<Error> error) {
  Action action{Action::Kind::complete};
  if (const Waiter* waiter = waiter_of(operation)) action.want = waiter->want;
  waiters_.erase(std::remove_if(waiters_.begin(), waiters_.end(),
                                [&](const Waiter& waiter) { return waiter.operation == operation; }),
                 waiters_.end());
  action.operation = operation;
  action.result = result;
  action.error = std::move(error);
  actions_.push_back(std::move(action));
}

void StateMachine::complete_all(Want want, int32_t result, const std::optional<Error>& error) {
  std::vector<OperationId> done;
  for (const auto& waiter : waiters_)
    if (waiter.want == want) done.push_back(waiter.operation);
  for (OperationId operation : done) complete(operation, result, error);
}

void StateMachine::fail_everybody(const Error& error) {
  for (Want want : {Want::load, Want::token, Want::refresh, Want::authorize, Want::sign_out, Want::browse,
                    Want::redirect, Want::import_token})
    complete_all(want, error.code, error);
}

void StateMachine::want(Waiter waiter, const Now& now) {
  if (waiter.want == Want::refresh) {
    waiter.generation = generation();
    // A person or program asked in so many words: only the breaker may hold that up, not the patience after refusals.
    demand_retry_at_ms_ = 0;
  }
  // A PIN takes the place of what was handed in, which may be all there is: it is tried once more before.
  if (waiter.want == Want::authorize) exchange_at_ms_ = 0;
  waiters_.push_back(waiter);
  settle(now);
}

bool StateMachine::cancel(OperationId operation, const Now& now) {
  auto found = std::find_if(waiters_.begin(), waiters_.end(),
                            [&](const Waiter& waiter) { return waiter.operation == operation; });
  if (found == waiters_.end()) return false;
  waiters_.erase(found);
  if (!wants(Want::authorize)) {
    polling_ = false;  // the PIN stays in the record, for whoever asks next
    authorize_tries_ = 0;
    authorize_at_ms_ = 0;
    // A request that was not sent yet is for nobody now, and neither is a PIN that nobody has seen; the answer to a
    // poll may hold tokens.
    bool unsent = step_ == Step::connecting || step_ == Step::waiting_for_lock;
    bool unseen = job_ == Job::authorize && step_ == Step::sending;
    if (((job_ == Job::authorize || job_ == Job::poll) && unsent) || unseen) {
      if (step_ != Step::waiting_for_lock) actions_.emplace_back(Action::Kind::abandon);
      end_job();
    }
  }
  settle(now);
  return true;
}

bool StateMachine::check_now(const Now& now) {
  if (!polling_) return false;
  poll_.check_now(now.boot_ms);
  settle(now);
  return true;
}

bool StateMachine::rejected(int64_t rejected_generation, const Now& now) {
  if (rejected_generation != generation() || rejected_generation == 0 || new_token_) return false;
  rejected_generation_ = rejected_generation;
  rejected_at_ms_ = now.boot_ms;
  actions_.emplace_back(Action::Kind::publish);
  settle(now);
  return true;
}

void StateMachine::revoked(const Now& now) {
  bool known = has_grant() && record_.grant->state == GrantState::needs_reauthorization;
  if (settings_.role == Role::owner && !known) revoked_generation_ = generation();
  settle(now);
}

void StateMachine::quiesce(const Now& now) {
  quiesced_ = true;
  polling_ = false;
  save_retry_at_ms_ = now.boot_ms;  // what is not saved yet has few chances left
  if (step_ == Step::waiting_for_lock || step_ == Step::backoff) end_job();
  if (step_ == Step::connecting) {
    actions_.emplace_back(Action::Kind::abandon);
    end_job();
  }
  settle(now);
}

void StateMachine::look_again(const Now& now) {
  if (at_leisure()) begin(Job::load, now);
  settle(now);
}

bool StateMachine::withheld(const Now& now) const {
  if (!token_rejected()) return false;
  // Not before it is refreshed. But while it may not be, because new ones were refused as well, it is tried again now
  // and then: else nobody would notice that the API is well again.
  return now.boot_ms < rejected_at_ms_ + try_again_ms || limited_until_ms(now) <= now.boot_ms;
}

bool StateMachine::serves(const Waiter& waiter, const Now& now, bool mandatory_window) const {
  if (!record_.grant || withheld(now)) return false;
  int64_t left = left_ms(now);
  int64_t needed = std::max<int64_t>(waiter.min_valid_ms, 1);
  // A wish beyond what a fresh token of this server lasts cannot be met by refreshing for ever: the newest must do.
  const int64_t lifetime = record_.grant->lifetime_ms;
  if (needed > lifetime - lifetime / 10) needed = std::max<int64_t>(lifetime / 2, 1);
  if (mandatory_window) needed = std::max(needed, mandatory_left_ms(*record_.grant, settings_.refresh));
  return left >= needed;
}

void StateMachine::serve_token_waiters(const Now& now) {
  // A new token is nobody's before it has been saved, or its saving has failed (reliability.md 6.2, P3).
  if (!loaded_ || new_token_) return;
  for (const Waiter& waiter : std::vector<Waiter>(waiters_)) {
    if (waiter.want == Want::load) {
      complete(waiter.operation, ECOAUTH_OK);
    } else if (waiter.want == Want::token && serves(waiter, now, true)) {
      if (past_advisory(*record_.grant, now)) nudged_ = true;
      complete(waiter.operation, served());
    } else if (waiter.want == Want::refresh && waiter.generation > 0 && generation() != waiter.generation &&
               record_.grant && !record_.grant->access_token.empty()) {
      complete(waiter.operation, served());
    }
  }
}

int64_t StateMachine::background_refresh_at_ms(const Now& now) const {
  if (!has_grant() || settings_.role == Role::follower) return never;
  const Grant& grant = *record_.grant;
  int64_t wanted = idle_refresh_at_ms(grant, now);
  if (settings_.refresh.keep_fresh == KeepFresh::always || nudged_)
    wanted = std::min(wanted, advisory_at_ms(grant, now));
  // After an intent, a new token may be waiting in a grace window.
  bool at_once = in_doubt() || token_rejected() || grant.access_token.empty() || grant.state != GrantState::active;
  if (at_once) wanted = now.boot_ms;
  const int64_t lifetime_ms = grant.lifetime_ms;
  return std::max({wanted, retry_at_ms_, throttled_until_ms_, next_generation_at_ms(record_, now),
                   breaker_.background_not_before_ms(lifetime_ms),
                   RefreshBreaker(grant.refreshes, now).background_not_before_ms(lifetime_ms)});
}

int64_t StateMachine::limited_until_ms(const Now& now) const {
  const int64_t next_generation = next_generation_at_ms(record_, now);
  if (!record_.grant) return next_generation;
  const int64_t lifetime_ms = record_.grant->lifetime_ms;
  return std::max({next_generation, breaker_.not_before_ms(lifetime_ms),
                   RefreshBreaker(record_.grant->refreshes, now).not_before_ms(lifetime_ms)});
}

int64_t StateMachine::refresh_allowed_at_ms(const Now& now) const {
  return std::max({demand_retry_at_ms_, throttled_until_ms_, limited_until_ms(now)});
}

Error StateMachine::why_no_token(const Now& now) const {
  if (!has_grant())
    return record_.grant ? unrenewable_error("the access token has ended, and this account has no refresh token")
                         : make_error(ECOAUTH_ERROR_NEEDS_AUTHORIZATION, "the account has not been authorized yet",
                                      "Authorize it with a PIN first.");
  if (settings_.role == Role::follower) {
    Error error =
        make_error(ECOAUTH_ERROR_WRONG_STATE, "nobody has saved a newer token, and this client only follows others",
                   "Check that the program that refreshes this account is running.");
    error.action = ECOAUTH_ACTION_RETRY;
    error.retry_after_ms = 5000;
    return error;
  }
  Error error;
  if (limited_until_ms(now) > now.boot_ms) {
    error = make_error(ECOAUTH_ERROR_RATE_LIMITED, "the account was refreshed a moment ago",
                       "Use the token there is, or wait; at most one refresh a minute and six an hour are made.");
  } else if (refresh_error_) {
    error = *refresh_error_;
    error.retry_after_ms = 0;  // as of then
  } else if (record_.grant->state == GrantState::suspect) {
    error = refusal_error(false);
  } else {
    error = make_error(code_of(record_.grant->reason), "the stored grant is not usable at the moment");
  }
  return error;
}

std::optional<Error> StateMachine::client_id_unknown() const {
  if (settings_.has_client_id || !record_.client_id.empty()) return std::nullopt;
  return make_error(ECOAUTH_ERROR_INVALID_ARGUMENT, "no client id (application key) is known for this account",
                    "Give the client id the first time the account is authorized.");
}

bool StateMachine::pending_pin_alive(const Now& now) const {
  if (!record_.pending || record_.pending->flow != "pin" || record_.pending->code.empty()) return false;
  if (record_.pending->scope != settings_.scope) return false;
  return pending_alive(now);
}

bool StateMachine::pending_alive(const Now& now) const {
  int64_t age = elapsed_ms(record_.pending->started, now);
  return age >= 0 && age < record_.pending->lifetime_ms;
}

void StateMachine::settle(const Now& now) {
  remind(now);
  serve_token_waiters(now);
  while (job_ == Job::none && start_next_job(now)) serve_token_waiters(now);
}

bool StateMachine::start_next_job(const Now& now) {
  if (unsaved_ && now.boot_ms >= save_retry_at_ms_) {
    begin(Job::save, now);
    return true;
  }
  if (quiesced_) {
    if (waiters_.empty()) return false;
    fail_everybody(make_error(ECOAUTH_ERROR_CANCELLED, "the client is being closed"));
    return true;
  }
  if (!loaded_) {
    if (waiters_.empty()) return false;
    begin(Job::load, now);
    return true;
  }
  if (wants(Want::sign_out)) {
    begin(Job::sign_out, now);
    return true;
  }
  if (revoked_generation_ != 0 && revoked_generation_ == generation() && !unsaved_) {
    begin(Job::save, now);
    return true;
  }
  if (start_browser_job(now)) return true;
  if (wants(Want::authorize) && !polling_ && now.boot_ms >= authorize_at_ms_) {
    if (const auto unknown = client_id_unknown()) {
      complete_all(Want::authorize, unknown->code, unknown);
    } else {
      begin(Job::authorize, now);  // which resumes a pending PIN, when the record still has it
    }
    return true;
  }
  if (polling_ && now.boot_ms >= poll_.next_ms()) {
    begin(Job::poll, now);
    return true;
  }
  if (token_wanted()) {
    const bool allowed = settings_.role == Role::owner && has_grant() && refresh_allowed_at_ms(now) <= now.boot_ms;
    // Another process may have authorized or refreshed since: nobody is told of a failure before that is known.
    if (allowed || read_at_ms_ != now.boot_ms) {
      begin(allowed ? Job::refresh : Job::load, now);
      return true;
    }
    fail_refresh_waiters(why_no_token(now), now);
    return true;
  }
  if (background_refresh_at_ms(now) <= now.boot_ms) {
    begin(Job::refresh, now);
    return true;
  }
  if (outdated_ && settings_.role == Role::owner) {
    begin(Job::save, now);
    return true;
  }
  return false;
}

int64_t StateMachine::wake_at_ms(const Now& now) const {
  int64_t at = never;
  if (unsaved_ && job_ == Job::none) at = std::min(at, save_retry_at_ms_);
  if (step_ == Step::waiting_for_lock || step_ == Step::backoff) at = std::min(at, step_until_ms_);
  if (!quiesced_ && job_ == Job::none && loaded_) {
    if (polling_) at = std::min(at, poll_.next_ms());
    if (wants(Want::authorize) && !polling_) at = std::min(at, authorize_at_ms_);
    at = std::min({at, background_refresh_at_ms(now), exchange_at_ms(now), reminder_at_ms(now)});
  }
  return at == never ? -1 : at;
}

}  // namespace ecoauth
