// What became of what the store was asked: lock, load, save, erase.

#include <algorithm>
#include <utility>

#include "client/state_machine.hpp"

namespace ecoauth {
namespace {

constexpr int64_t lock_pause_max_ms = 200;
constexpr int most_rebases = 3;
constexpr size_t most_candidates = 3;
constexpr int64_t clocks_differ_ms = 24 * 60 * 60 * 1000;

/// Theirs first, then ours, then what both had before; the oldest go.
void merge_candidates(std::vector<Secret>& theirs, const std::vector<Secret>& ours) {
  size_t at = theirs.empty() ? 0 : 1;
  for (const Secret& token : ours) {
    const bool known =
        std::any_of(theirs.begin(), theirs.end(), [&](const Secret& other) { return other.equals(token); });
    if (!known) theirs.insert(theirs.begin() + static_cast<std::ptrdiff_t>(at++), token.clone());
  }
  if (theirs.size() > most_candidates) theirs.resize(most_candidates);
}

/// Numbers alone do not tell: after a signing out they begin anew.
bool same_grant(const std::optional<Grant>& a, const std::optional<Grant>& b) {
  if (!a || !b) return !a && !b;
  const Moment &since = a->obtained, &then = b->obtained;
  return a->generation == b->generation && since.boot_ms == then.boot_ms && since.wall_ms == then.wall_ms &&
         since.boot_id == then.boot_id;
}

/// Is `found` what `mine` was before? A login elsewhere after a signing out has a small number too, but an old copy is
/// earlier: by both clocks of this boot, or else by more than the clocks of two machines differ.
bool put_back(const std::optional<Grant>& found, const std::optional<Grant>& mine, const Now& now) {
  if (!found || !mine || found->generation >= mine->generation) return false;
  const Moment &then = found->obtained, &since = mine->obtained;
  if (then.boot_id != now.boot_id) return then.wall_ms < since.wall_ms - clocks_differ_ms;
  return since.boot_id == now.boot_id && then.boot_ms < since.boot_ms && then.wall_ms < since.wall_ms;
}

/// When the grant was refused last; -1 for never.
int64_t last_refusal_ms(const std::optional<Grant>& grant) {
  return grant && !grant->refusals.empty() ? grant->refusals.back().at.boot_ms : -1;
}

}  // namespace

void StateMachine::locked(Result<bool> acquired, const Now& now) {
  if (step_ != Step::locking) {
    if (acquired && acquired.value()) actions_.emplace_back(Action::Kind::unlock);
    return;
  }
  if (!acquired) {
    fail_job(acquired.error(), now);
  } else if (acquired.value()) {
    holds_lock_ = true;
    step_ = Step::reading;
    actions_.emplace_back(Action::Kind::load);
  } else if (now.boot_ms >= lock_deadline_ms_) {
    fail_job(make_error(ECOAUTH_ERROR_STORE_LOCKED, "another process has held the account's lock for a minute"), now);
  } else if (quiesced_) {
    end_job();
  } else {
    step_ = Step::waiting_for_lock;
    step_until_ms_ =
        now.boot_ms + lock_pause_ms_ / 2 + static_cast<int64_t>(static_cast<double>(lock_pause_ms_) * now.dice);
    lock_pause_ms_ = std::min(lock_pause_max_ms, lock_pause_ms_ * 2);
  }
  settle(now);
}

void StateMachine::loaded(Result<std::optional<Record>> result, const Now& now) {
  if (step_ != Step::reading && step_ != Step::rebasing) return;
  if (job_ == Job::load) read_at_ms_ = now.boot_ms;
  if (!result) {
    if (new_token_)
      commit_saved(result.error(), now);
    else
      fail_job(result.error(), now);
    settle(now);
    return;
  }
  adopt(std::move(result.value()), now);
  if (step_ == Step::rebasing && job_ == Job::sign_out) {
    begin_locked_part(now);  // what somebody has written meanwhile is signed out, too
  } else if (step_ == Step::rebasing) {
    step_ = Step::saving;
    save();
  } else if (job_ == Job::load) {
    end_job();
  } else if (!holds_lock_) {
    if (job_ == Job::refresh && generation() != job_generation_) {
      end_job();
    } else {
      step_ = Step::locking;
      actions_.emplace_back(Action::Kind::try_lock);
    }
  } else {
    begin_locked_part(now);
  }
  settle(now);
}

void StateMachine::adopt(std::optional<Record> found, const Now& now) {
  bool first = !loaded_;
  int64_t known = generation();
  const int64_t known_refusal_ms = last_refusal_ms(record_.grant);
  bool keep_grant = unsaved_ || new_token_;
  // Nobody else may write while this process keeps the lock over an unsaved pair.
  bool own_pending = job_ == Job::authorize || job_ == Job::poll || job_ == Job::browse || job_ == Job::exchange;
  bool keep_pending = unsaved_ || (step_ == Step::rebasing && own_pending);
  loaded_ = true;
  read_failed_ = false;
  if (!found) {
    // Signing out leaves a record without a grant; no record at all under a living grant means that somebody deleted
    // it, and memory heals it.
    record_.seq = 0;
    if (first) record_ = Record();
    outdated_ = outdated_ || has_grant();
    return;
  }
  if (!keep_grant && put_back(found->grant, record_.grant, now)) {
    // An old copy of the record: only memory knows what came after it.
    keep_grant = outdated_ = true;
  }
  Record mine = std::exchange(record_, std::move(*found));
  if (keep_grant && mine.grant) {
    if (generation() < mine.grant->generation || !record_.grant) {
      record_.grant = std::move(mine.grant);
      record_.intent = mine.intent;
      record_.client_id = std::move(mine.client_id);
      record_.scope_asked = mine.scope_asked;
    } else {
      // Somebody committed beside us: keep both, theirs first.
      merge_candidates(record_.grant->candidates, mine.grant->candidates);
    }
  }
  const bool another = keep_grant ? generation() != known : !same_grant(record_.grant, mine.grant);
  const Secret polled = polling_ && mine.pending ? mine.pending->code.clone() : Secret();
  if (keep_pending) record_.pending = std::move(mine.pending);
  if (another) {
    rejected_generation_ = revoked_generation_ = 0;  // of the one before
    job_generation_ = -1;
    // What came while this process ran came in this boot.
    const int64_t left_ms = first || !record_.grant ? 0 : token_left_ms(*record_.grant, now);
    lives_until_ms_ = left_ms > 0 ? now.boot_ms + left_ms : 0;
    actions_.emplace_back(Action::Kind::publish);
    if (!first && record_.grant) {
      // Where the boot does not tell when that was, it counts as if it were now.
      const bool of_this_boot = !now.boot_id.empty() && record_.grant->obtained.boot_id == now.boot_id;
      if (!of_this_boot) breaker_.refreshed(now.boot_ms);
      retries_.succeeded();
      retry_at_ms_ = demand_retry_at_ms_ = 0;
      nudged_ = false;
      last_error_.reset();
      refresh_error_.reset();
      actions_.emplace_back(Action::Kind::token_saved);
    }
  }
  if (first) adopt_first(now);
  // Patience is the account's, too: what others were refused is not asked again before its time.
  const int64_t refusal_ms = last_refusal_ms(record_.grant);
  if (!first && refusal_ms >= 0 && (another || refusal_ms != known_refusal_ms)) resume_patience(now);
  if (!polled.empty() && !(record_.pending && record_.pending->flow == "pin" && record_.pending->code.equals(polled))) {
    // Another process has ended this authorization, in one way or the other.
    polling_ = false;
    const bool approved = has_grant() && another;
    complete_all(Want::authorize, approved ? served() : ECOAUTH_ERROR_PIN_EXPIRED,
                 approved ? std::nullopt : std::optional(pin_expired_error()));
  }
}

void StateMachine::adopt_first(const Now& now) {
  // Asked for before the record was known: what it holds is what is to be superseded.
  for (Waiter& waiter : waiters_)
    if (waiter.want == Want::refresh) waiter.generation = generation();
  if (record_.grant) resume_patience(now);
}

void StateMachine::resume_patience(const Now& now) {
  retries_.succeeded();
  Retry retry = retries_.resume(*record_.grant, now);
  retry_at_ms_ = now.boot_ms + retry.in_ms;
  demand_retry_at_ms_ = wants(Want::refresh) ? 0 : now.boot_ms + retry.on_demand_in_ms;
}

void StateMachine::saved(Result<bool> durable, const Now& now) {
  const bool conflict = durable && !durable.value();
  if (!durable || conflict) --record_.seq;
  if (step_ != Step::marking && step_ != Step::saving) return;  // of a job that has ended since
  if (conflict && step_ == Step::saving && rebases_++ < most_rebases) {
    step_ = Step::rebasing;
    actions_.emplace_back(Action::Kind::load);
    return;
  }
  std::optional<Error> failure;
  if (conflict)
    failure = make_error(ECOAUTH_ERROR_STORE_LOCKED, "another program writes this record without the lock");
  else if (!durable)
    failure = durable.error();
  if (!failure) {
    write_failed_ = outdated_ = false;
    if (!new_token_ && std::exchange(unsaved_, false)) {  // every save brings the whole record
      last_error_.reset();
      actions_.emplace_back(Action::Kind::token_saved);
    }
  }
  if (step_ == Step::marking)
    marked(failure, now);
  else if (new_token_)
    commit_saved(failure, now);
  else if (failure)
    fail_job(*failure, now);
  else
    job_saved(now);
  settle(now);
}

void StateMachine::erased(Result<bool> result, const Now& now) {
  if (job_ != Job::sign_out || step_ != Step::saving) return;
  if (!result) {
    fail_job(result.error(), now);
  } else {
    Record empty;
    empty.identity = record_.identity;
    record_ = std::move(empty);
    polling_ = unsaved_ = nudged_ = false;
    rejected_generation_ = revoked_generation_ = lives_until_ms_ = 0;
    retries_.succeeded();
    retry_at_ms_ = demand_retry_at_ms_ = 0;
    last_error_.reset();
    refresh_error_.reset();
    actions_.emplace_back(Action::Kind::publish);
    for (Want want : {Want::authorize, Want::browse, Want::redirect, Want::import_token})
      complete_all(want, ECOAUTH_ERROR_CANCELLED,
                   make_error(ECOAUTH_ERROR_CANCELLED, "the account was signed out meanwhile"));
    save();  // a record without a grant, so that other processes see the signing out and do not heal it
  }
  settle(now);
}

}  // namespace ecoauth
