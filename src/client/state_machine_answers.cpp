// What the server's answers do to an account.

#include <algorithm>
#include <utility>

#include "client/state_machine.hpp"

namespace ecoauth {
namespace {
constexpr int64_t store_retry_ms = 5000;
constexpr size_t most_refusals = 8;
}  // namespace

void StateMachine::answered(Classified answer, const Now& now) {
  if (step_ != Step::connecting && step_ != Step::sending && step_ != Step::marking) return;
  clock_suspect_ = answer.error.code == ECOAUTH_ERROR_CLOCK;
  switch (job_) {
    case Job::refresh: refresh_answered(std::move(answer), now); break;
    case Job::authorize: authorize_answered(std::move(answer), now); break;
    case Job::poll: poll_answered(std::move(answer), now); break;
    default: break;
  }
  settle(now);
}

void StateMachine::take_token(TokenAnswer token, bool new_grant, const Now& now) {
  Grant next;
  const Grant* before = record_.grant ? &*record_.grant : nullptr;
  const Secret* used = before && candidate_ < before->candidates.size() ? &before->candidates[candidate_] : nullptr;

  // An answer without a refresh token never erases the one there is (RFC 6749 section 6).
  bool carried = token.refresh_token.empty() && !new_grant && used;
  bool identical = carried || (used && !new_grant && token.refresh_token.equals(*used));
  if (carried)
    next.candidates.push_back(used->clone());
  else if (!token.refresh_token.empty())
    next.candidates.push_back(std::move(token.refresh_token));
  // The predecessor stays until its successor has been used: the successor is not proven yet.
  if (used && !identical) next.candidates.push_back(used->clone());

  next.state = GrantState::active;
  next.generation = generation() + 1;
  next.access_token = std::move(token.access_token);
  next.token_type = token.token_type;
  next.scope = token.scope.empty() && before ? before->scope : token.scope;
  next.lifetime_ms = token.lifetime_ms;
  next.obtained = sent_at_;
  next.advisory_permille = draw_advisory_permille(settings_.refresh, now.dice);
  next.identical_refreshes = identical ? before->identical_refreshes + 1 : 0;
  record_.grant = std::move(next);
  record_.intent.reset();
  new_token_ = true;
  step_ = Step::saving;
  save();
}

void StateMachine::commit_saved(const std::optional<Error>& failure, const Now& now) {
  Job job = job_;
  new_token_ = false;
  nudged_ = false;
  retries_.succeeded();
  retry_at_ms_ = demand_retry_at_ms_ = 0;
  last_error_ = failure;
  if (job == Job::refresh) breaker_.refreshed(now.boot_ms);
  if (failure) {
    unsaved_ = store_failed_ = true;
    save_retry_at_ms_ = now.boot_ms + store_retry_ms;
  } else {
    unsaved_ = false;
  }
  actions_.emplace_back(Action::Kind::publish);
  actions_.emplace_back(failure ? Action::Kind::unsaved : Action::Kind::token_saved);
  end_job();
  if (job == Job::poll) {
    polling_ = false;
    complete_all(Want::authorize, failure ? ECOAUTH_UNSAVED_BUT_USABLE : ECOAUTH_OK);
  } else if (record_.grant->access_token.empty()) {
    // A salvaged refresh token: the next round brings the access token; nobody should wait for the breaker.
    breaker_ = RefreshBreaker();
  }
}

void StateMachine::block(const std::string& reason) {
  record_.grant->state = GrantState::blocked;
  record_.grant->reason = reason;
}

void StateMachine::refresh_answered(Classified answer, const Now& now) {
  bool usable = answer.answer_class == AnswerClass::success || answer.answer_class == AnswerClass::salvage;
  if (usable && answer.token) {
    take_token(std::move(*answer.token), false, now);
    return;
  }
  if (answer.answer_class == AnswerClass::refused) {
    refused(answer, now);
    return;
  }
  Error error = answer.error;
  Retry peek = RetrySchedule(retries_).after(answer, now.dice);
  bool stays = peek.final && (answer.answer_class == AnswerClass::client_refused ||
                              answer.answer_class == AnswerClass::blocked ||
                              answer.answer_class == AnswerClass::unknown_error);
  if (stays) {
    block(result_name(error.code));
  } else if (answer.answer_class == AnswerClass::client_refused) {
    error.action = ECOAUTH_ACTION_RETRY;  // a perfectly good key has been refused for a while before
  }
  // The server has answered with its own words, or was never asked: whatever is in doubt, this attempt is not.
  bool settled = answer.answer_class != AnswerClass::ambiguous && answer.answer_class != AnswerClass::outage;
  if (settled && request_sent_) record_.intent.reset();
  refresh_failed(answer, std::move(error), stays || (settled && request_sent_), now);
}

void StateMachine::refused(const Classified& answer, const Now& now) {
  if (candidate_ + 1 < record_.grant->candidates.size()) {
    connect(AnswerContext::refresh, record_.grant->candidates[++candidate_]);
    return;
  }
  candidate_ = 0;
  Grant& grant = *record_.grant;
  grant.refusals.push_back({now.moment(), attempts_});
  // Keep the first ones: they measure how long this has been going on.
  if (grant.refusals.size() > most_refusals) grant.refusals.erase(grant.refusals.begin() + most_refusals / 2);
  bool verdict = refusals_suffice(grant.refusals);
  grant.state = verdict ? GrantState::needs_reauthorization : GrantState::suspect;
  grant.reason = result_name(ECOAUTH_ERROR_NEEDS_AUTHORIZATION);
  record_.intent.reset();

  Error error = answer.error;
  if (verdict) {
    error.code = ECOAUTH_ERROR_NEEDS_AUTHORIZATION;
    error.message = "the server has refused the stored grant repeatedly";
    error.advice = "Authorize the account again. The old grant is kept and tried from time to time.";
    error.action = ECOAUTH_ACTION_REAUTHORIZE;
  } else {
    error.code = ECOAUTH_ERROR_SERVER;
    error.message = "the server refused the stored grant, which may pass";
    error.advice = "Wait; nothing was deleted, and the library tries again by itself.";
    error.action = ECOAUTH_ACTION_RETRY;
  }
  refresh_failed(answer, std::move(error), true, now);
}

void StateMachine::refresh_failed(const Classified& answer, Error error, bool save_first, const Now& now) {
  Retry retry = retries_.after(answer, now.dice);
  last_error_ = error;
  retry_at_ms_ = now.boot_ms + retry.in_ms;
  demand_retry_at_ms_ = now.boot_ms + retry.on_demand_in_ms;
  if (retry.keep_lock && !quiesced_) {
    step_ = Step::backoff;
    step_until_ms_ = retry_at_ms_;
    return;
  }
  if (save_first) {
    refresh_verdict_ = std::move(error);
    step_ = Step::saving;
    save();
    return;
  }
  end_job();
  fail_refresh_waiters(error, now);
}

void StateMachine::authorize_answered(Classified answer, const Now& now) {
  if (answer.answer_class != AnswerClass::success || !answer.pin) {
    last_error_ = answer.error;
    end_job();
    complete_all(Want::authorize, answer.error.code, answer.error);
    return;
  }
  Pending pending;
  pending.flow = "pin";
  pending.scope = settings_.scope;
  pending.started = now.moment();
  pending.lifetime_ms = answer.pin->lifetime_ms;
  pending.interval_ms = answer.pin->interval_ms;
  pending.pin = std::move(answer.pin->pin);
  pending.code = std::move(answer.pin->code);
  record_.pending = std::move(pending);
  step_ = Step::saving;  // before it is shown: a restart must find it
  save();
}

void StateMachine::end_authorization(const Error& error, const Now&) {
  record_.pending.reset();
  poll_verdict_ = error;
  step_ = Step::saving;
  save();
}

void StateMachine::poll_answered(Classified answer, const Now& now) {
  bool usable = answer.answer_class == AnswerClass::success || answer.answer_class == AnswerClass::salvage;
  if (usable && answer.token) {
    record_.scope_asked = record_.pending ? record_.pending->scope : settings_.scope;
    record_.pending.reset();
    candidate_ = 0;
    take_token(std::move(*answer.token), true, now);
    return;
  }
  int64_t interval = poll_.interval_ms();
  if (auto verdict = poll_.after(answer, now.boot_ms)) {
    bool over = verdict->code == ECOAUTH_ERROR_PIN_EXPIRED || verdict->code == ECOAUTH_ERROR_DECLINED ||
                now.boot_ms >= poll_.deadline_ms();
    if (over) {
      end_authorization(*verdict, now);
    } else {
      // The PIN itself may still be good: it stays for the next call.
      polling_ = false;
      last_error_ = verdict;
      end_job();
      complete_all(Want::authorize, verdict->code, *verdict);
    }
    return;
  }
  actions_.emplace_back(Action::Kind::progress);
  if (poll_.interval_ms() != interval && record_.pending) {
    record_.pending->interval_ms = poll_.interval_ms();  // slower for good, also after a restart
    step_ = Step::saving;
    save();
    return;
  }
  end_job();
}

}  // namespace ecoauth
