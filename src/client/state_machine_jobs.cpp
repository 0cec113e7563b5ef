// The steps of a job: lock, re-read, connect, mark, send, save, unlock.

#include <algorithm>
#include <utility>

#include "client/state_machine.hpp"

namespace ecoauth {
namespace {

constexpr int64_t lock_limit_ms = 60000;  // a refresh of another process ends well before
constexpr int64_t lock_pause_min_ms = 10;

}  // namespace

void StateMachine::begin(Job job, const Now& now) {
  job_ = job;
  job_generation_ = generation();
  rebases_ = 0;
  candidate_ = 0;
  new_token_ = false;
  request_sent_ = probing_ = false;
  doubt_.reset();
  if (job == Job::load || holds_lock_) {
    step_ = Step::reading;
    actions_.emplace_back(Action::Kind::load);
    return;
  }
  step_ = Step::locking;
  lock_deadline_ms_ = now.boot_ms + lock_limit_ms;
  lock_pause_ms_ = lock_pause_min_ms;
  actions_.emplace_back(Action::Kind::try_lock);
}

void StateMachine::unlock() {
  // An unsaved pair keeps the lock: nobody else may spend what only this process knows.
  if (!holds_lock_ || unsaved_) return;
  holds_lock_ = false;
  actions_.emplace_back(Action::Kind::unlock);
}

void StateMachine::end_job() {
  unlock();
  job_ = Job::none;
  step_ = Step::none;
}

void StateMachine::connect(AnswerContext context, const Secret& credential) {
  step_ = Step::connecting;
  request_sent_ = false;
  Action action{Action::Kind::connect};
  action.context = context;
  action.credential = credential.clone();
  actions_.push_back(std::move(action));
}

void StateMachine::save() {
  ++record_.seq;
  actions_.emplace_back(Action::Kind::save);
}

void StateMachine::timer(const Now& now) {
  if (step_ == Step::waiting_for_lock && now.boot_ms >= step_until_ms_) {
    step_ = Step::reading;  // look first: the holder may have done what we are here for
    actions_.emplace_back(Action::Kind::load);
  } else if (step_ == Step::backoff && now.boot_ms >= step_until_ms_) {
    connect(AnswerContext::refresh,
            record_.grant->candidates[std::min(candidate_, record_.grant->candidates.size() - 1)]);
  }
  settle(now);
}

void StateMachine::begin_locked_part(const Now& now) {
  bool authorization = job_ == Job::authorize || job_ == Job::poll;
  if ((authorization && !wants(Want::authorize)) || (quiesced_ && (authorization || job_ == Job::refresh))) {
    end_job();  // nobody waits any more
    return;
  }
  switch (job_) {
    case Job::refresh:
      if (!has_grant() || generation() != job_generation_) {
        end_job();  // somebody else has done it, or signed out
      } else if (std::min(retry_at_ms_, refresh_allowed_at_ms(now)) > now.boot_ms) {
        end_job();  // somebody else has been refused meanwhile
        fail_refresh_waiters(why_no_token(now), now);
      } else if (write_failed_) {
        probe_store();
      } else {
        connect(AnswerContext::refresh, record_.grant->candidates.front());
      }
      break;
    case Job::authorize:
      if (exchange_at_ms(now) <= now.boot_ms) {
        end_job();  // another process has handed something in: that first
      } else if (pending_pin_alive(now) && record_.seq > 0) {
        end_job();
        resume_pin(now);
      } else if (pending_pin_alive(now)) {
        step_ = Step::saving;  // somebody deleted the record: memory heals it
        save();
      } else {
        connect(AnswerContext::authorize, Secret());
      }
      break;
    case Job::poll:
      if (poll_.polls_at(now.boot_ms)) {
        connect(AnswerContext::poll, record_.pending->code);
      } else {
        end_authorization(pin_expired_error(), now);
      }
      break;
    case Job::browse:
      begin_browse(now);
      break;
    case Job::exchange:
      begin_exchange(now);
      break;
    case Job::sign_out:
      if (record_.signed_out()) {
        end_job();
        complete_all(Want::sign_out, ECOAUTH_ALREADY_DONE);
        break;
      }
      step_ = Step::saving;
      actions_.emplace_back(Action::Kind::erase);
      break;
    case Job::save:
      if (!unsaved_) {
        const bool revoked = std::exchange(revoked_generation_, 0) == generation() && record_.grant;
        const bool outdated = std::exchange(outdated_, false) && (record_.seq > 0 || has_grant());
        if (!revoked && !outdated) {
          end_job();
          break;
        }
        if (revoked) {
          record_.grant->state = GrantState::needs_reauthorization;
          record_.grant->reason = result_name(ECOAUTH_ERROR_REVOKED);
          retry_at_ms_ = demand_retry_at_ms_ = now.boot_ms + revoked_probe_ms;
          refresh_error_.reset();
        }
      }
      step_ = Step::saving;
      save();
      break;
    default:
      end_job();
      break;
  }
}

void StateMachine::probe_store() {
  // No connection in vain: a store that did not take the last record would not take the mark either.
  probing_ = true;
  step_ = Step::saving;
  save();
}

void StateMachine::resume_pin(const Now& now) {
  if (quiesced_ || !wants(Want::authorize)) return;  // it stays in the record, for whoever asks next
  const Pending& pending = *record_.pending;
  int64_t left = pending.lifetime_ms - std::max<int64_t>(0, elapsed_ms(pending.started, now));
  poll_ = PollSchedule(pending.interval_ms, now.boot_ms + left, now.boot_ms, settings_.polling == Polling::on_demand);
  polling_ = true;
  actions_.emplace_back(Action::Kind::show_pin);
}

void StateMachine::ready(const Now& now) {
  if (step_ != Step::connecting) {
    actions_.emplace_back(Action::Kind::abandon);
    return;
  }
  if (job_ == Job::refresh) {
    // Durable before the first byte: after a crash the next process knows that this token may be spent.
    if (in_doubt()) doubt_ = record_.intent;
    record_.intent = Intent{generation(), now.moment()};
    step_ = Step::marking;
    save();
    return;
  }
  if (job_ == Job::poll) poll_.sent(now.boot_ms);
  proceed(now);
}

void StateMachine::proceed(const Now& now) {
  step_ = Step::sending;
  sent_at_ = now.moment();
  request_sent_ = true;
  actions_.emplace_back(Action::Kind::proceed);
}

void StateMachine::marked(const std::optional<Error>& failure, const Now& now) {
  if (!failure && !quiesced_) {
    proceed(now);
    return;
  }
  actions_.emplace_back(Action::Kind::abandon);
  if (failure) {
    record_.intent = doubt_;
    fail_job(*failure, now);
  } else {
    end_job();  // the mark stays in the record, where it does no harm: the next try is merely prompt
  }
}

void StateMachine::job_saved(const Now& now) {
  Job job = job_;
  switch (job) {
    case Job::authorize:
      end_job();
      resume_pin(now);
      break;
    case Job::poll:
      end_job();
      if (poll_verdict_) {
        polling_ = false;
        last_error_ = poll_verdict_;
        complete_all(Want::authorize, poll_verdict_->code, std::exchange(poll_verdict_, std::nullopt));
      }
      break;
    case Job::refresh:
      if (std::exchange(probing_, false)) {
        begin_locked_part(now);
        break;
      }
      end_job();
      if (refresh_verdict_) fail_refresh_waiters(*std::exchange(refresh_verdict_, std::nullopt), now);
      break;
    case Job::sign_out:
      end_job();
      complete_all(Want::sign_out, ECOAUTH_OK);
      break;
    case Job::browse:
      end_job();
      if (waiter_of(serving_)) complete(serving_, ECOAUTH_OK);
      break;
    case Job::exchange:
      if (exchange_verdict_) {
        end_job();
        last_error_ = std::exchange(exchange_verdict_, std::nullopt);
        complete_handed_in(last_error_->code, last_error_);
      } else {
        connect_exchange();
      }
      break;
    default:
      end_job();
      break;
  }
}

void StateMachine::fail_refresh_waiters(const Error& error, const Now& now) {
  Error told = error;
  int64_t next_ms = refresh_allowed_at_ms(now);
  if (token_rejected()) next_ms = std::min(next_ms, rejected_at_ms_ + try_again_ms);
  told.retry_after_ms = std::max(told.retry_after_ms, next_ms - now.boot_ms);
  for (const Waiter& waiter : std::vector<Waiter>(waiters_)) {
    if (waiter.want != Want::token && waiter.want != Want::refresh) continue;
    // While the token lives nobody sees that refreshing fails.
    bool usable = waiter.want == Want::token && serves(waiter, now, false);
    complete(waiter.operation, usable ? served() : told.code, usable ? std::nullopt : std::optional(told));
  }
}

void StateMachine::fail_job(const Error& error, const Now& now) {
  bool writing = step_ == Step::marking || step_ == Step::saving || step_ == Step::rebasing;
  if (error.code != ECOAUTH_ERROR_STORE_LOCKED) (writing ? write_failed_ : read_failed_) = true;
  last_error_ = error;
  Job job = job_;
  if ((job == Job::authorize || job == Job::browse) && writing) record_.pending.reset();  // nobody has seen it
  end_job();
  switch (job) {
    case Job::refresh:
      retry_at_ms_ = std::max(retry_at_ms_, now.boot_ms + store_retry_ms);
      nudged_ = true;
      fail_refresh_waiters(refresh_verdict_ ? *std::exchange(refresh_verdict_, std::nullopt) : error, now);
      break;
    case Job::authorize:
      complete_all(Want::authorize, error.code, error);
      break;
    case Job::poll:
      if (poll_verdict_) {
        polling_ = false;
        complete_all(Want::authorize, poll_verdict_->code, std::exchange(poll_verdict_, std::nullopt));
      } else {
        Classified trouble;
        trouble.answer_class = AnswerClass::outage;
        if (auto verdict = poll_.after(trouble, now.boot_ms)) {
          polling_ = false;
          complete_all(Want::authorize, error.code, error);
        }
      }
      break;
    case Job::sign_out:
      complete_all(Want::sign_out, error.code, error);
      break;
    case Job::browse:
      if (waiter_of(serving_)) complete(serving_, error.code, error);
      break;
    case Job::exchange:
      if (writing) record_.pending.reset();  // as far as it was saved before, it is found again
      exchange_at_ms_ = now.boot_ms + store_retry_ms;
      if (waiter_of(serving_) && !waiter_of(serving_)->handed_in) complete(serving_, error.code, error);
      if (exchange_verdict_) last_error_ = std::exchange(exchange_verdict_, std::nullopt);
      complete_handed_in(last_error_->code, last_error_);
      break;
    case Job::save:
      revoked_generation_ = 0;
      outdated_ = false;  // until it is read again
      save_retry_at_ms_ = now.boot_ms + store_retry_ms;
      break;
    default:
      if (loaded_)
        fail_refresh_waiters(error, now);
      else
        fail_everybody(error);
      break;
  }
}

}  // namespace ecoauth
