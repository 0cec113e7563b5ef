// What the server's answers do to an account.

#include <algorithm>
#include <utility>

#include "client/state_machine.hpp"

namespace ecoauth {
namespace {
constexpr size_t most_refusals = 8;

/// Where the table grants tries before its verdict: not yet.
Error not_yet(Error error) {
  error.action = ECOAUTH_ACTION_RETRY;
  return error;
}

/// Of the request that brought this grant.
bool late_copies_may_come(const Grant& grant, const Now& now) {
  const int64_t age_ms = elapsed_ms(grant.obtained, now);
  return age_ms >= 0 && age_ms < late_copies_ms;
}

/// What the host is told while the PIN waits on.
Error poll_trouble(const Classified& answer) {
  Error error = answer.error;
  if (error.code == ECOAUTH_PENDING)
    error.code = answer.answer_class == AnswerClass::outage ? ECOAUTH_ERROR_SERVER : ECOAUTH_ERROR_NETWORK;
  error.action = ECOAUTH_ACTION_WAIT;
  return error;
}

}  // namespace

void StateMachine::answered(Classified answer, const Now& now) {
  if (step_ != Step::connecting && step_ != Step::sending && step_ != Step::marking) return;
  clock_suspect_ = answer.error.code == ECOAUTH_ERROR_CLOCK;
  switch (job_) {
    case Job::refresh:
      refresh_answered(std::move(answer), now);
      break;
    case Job::authorize:
      authorize_answered(std::move(answer), now);
      break;
    case Job::poll:
      poll_answered(std::move(answer), now);
      break;
    case Job::exchange:
      exchange_answered(std::move(answer), now);
      break;
    default:
      break;
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
  // While late copies of the request before may still arrive, so does what that one was made with: under a policy by
  // which the last replay wins it is all that would be left.
  const bool has_predecessor = used && candidate_ == 0 && before->candidates.size() > 1;
  if (has_predecessor && !identical && !new_grant && late_copies_may_come(*before, now))
    next.candidates.push_back(before->candidates[1].clone());

  next.state = GrantState::active;
  next.generation = generation() + 1;
  next.access_token = std::move(token.access_token);
  next.token_type = token.token_type;
  // A server that names no scope has granted what was asked for, or what it had granted before (RFC 6749 sections 5.1
  // and 6).
  next.scope = !token.scope.empty() ? token.scope : before && !new_grant ? before->scope : record_.scope_asked;
  next.lifetime_ms = token.lifetime_ms;
  next.obtained = sent_at_;
  next.advisory_permille = draw_advisory_permille(settings_.refresh, now.dice);
  next.identical_refreshes = identical ? before->identical_refreshes + 1 : 0;
  // (Behind a login stands a person: it is not one of them.)
  if (before) next.refreshes = before->refreshes;
  if (!new_grant || imported_) note_refresh(next.refreshes, now);
  lives_until_ms_ = next.obtained.boot_ms + next.lifetime_ms;
  record_.grant = std::move(next);
  record_.intent = std::exchange(doubt_, std::nullopt);  // of the generation that is the last one now
  new_token_ = true;
  step_ = Step::saving;
  save();
}

void StateMachine::commit_saved(const std::optional<Error>& failure, const Now& now) {
  new_token_ = false;
  last_error_ = failure;
  unsaved_ = failure.has_value();
  if (failure) {
    write_failed_ = true;
    save_retry_at_ms_ = now.boot_ms + store_retry_ms;
  }
  actions_.emplace_back(Action::Kind::publish);
  actions_.emplace_back(failure ? Action::Kind::unsaved : Action::Kind::token_saved);
  candidate_ = 0;
  if (salvaged_ && job_ == Job::refresh) {
    // The refresh token is safe; for the access token the server is asked again, as often as it deserves.
    Classified salvage;
    salvage.answer_class = AnswerClass::salvage;
    refresh_failed(salvage, *std::exchange(salvaged_, std::nullopt), false, now);
    if (failure) last_error_ = failure;
    return;
  }
  Job job = job_;
  nudged_ = false;
  retries_.succeeded();
  retry_at_ms_ = demand_retry_at_ms_ = throttled_until_ms_ = 0;
  refresh_error_.reset();
  end_job();
  if (job == Job::poll) {
    polling_ = false;
    complete_all(Want::authorize, served());
  } else if (job == Job::exchange) {
    if (std::exchange(imported_, false)) breaker_.refreshed(now.boot_ms);
    complete_handed_in(served());
  } else {
    breaker_.refreshed(now.boot_ms);
    serve_refreshed(now);
  }
}

void StateMachine::serve_refreshed(const Now& now) {
  // Whoever waited gets this token, however short its life: another refresh would bring no better one.
  bool alive = left_ms(now) > 0;
  Error expired = make_error(ECOAUTH_ERROR_SERVER, "the new access token had expired when it came");
  for (const Waiter& waiter : std::vector<Waiter>(waiters_))
    if (waiter.want == Want::token)
      complete(waiter.operation, alive ? served() : expired.code, alive ? std::nullopt : std::optional(expired));
}

void StateMachine::block(const std::string& reason) {
  record_.grant->state = GrantState::blocked;
  record_.grant->reason = reason;
}

void StateMachine::refresh_answered(Classified answer, const Now& now) {
  bool usable = answer.answer_class == AnswerClass::success || answer.answer_class == AnswerClass::salvage;
  if (usable && answer.token) {
    if (answer.answer_class == AnswerClass::salvage) salvaged_ = answer.error;
    take_token(std::move(*answer.token), false, now);
    return;
  }
  if (answer.answer_class == AnswerClass::refused) {
    refused(answer, now);
    return;
  }
  // A perfectly good client id has been refused for a while before: some verdicts take several tries.
  bool counted =
      answer.answer_class == AnswerClass::client_refused || answer.answer_class == AnswerClass::unknown_error;
  bool stays = answer.answer_class == AnswerClass::blocked || answer.answer_class == AnswerClass::account_locked ||
               (counted && RetrySchedule(retries_).after(answer, now.dice).final);
  if (stays) block(result_name(answer.error.code));
  // The server has answered with its own words, or was never asked: whatever is in doubt, this attempt is not.
  bool settled = answer.answer_class != AnswerClass::ambiguous && answer.answer_class != AnswerClass::outage;
  if (settled && request_sent_) record_.intent = doubt_;
  refresh_failed(answer, counted && !stays ? not_yet(answer.error) : answer.error, stays || (settled && request_sent_),
                 now);
}

void StateMachine::refused(const Classified& answer, const Now& now) {
  if (candidate_ + 1 < record_.grant->candidates.size()) {
    if (quiesced_)
      refresh_failed(answer, refusal_error(false), false, now);  // the next process tries the others
    else
      connect(AnswerContext::refresh, record_.grant->candidates[++candidate_]);
    return;
  }
  candidate_ = 0;
  Grant& grant = *record_.grant;
  // Every request has a connection of its own, in whatever process.
  const int64_t connection = grant.refusals.empty() ? 1 : grant.refusals.back().connection % INT32_MAX + 1;
  grant.refusals.push_back({now.moment(), connection});
  // Keep the first ones: they measure how long this has been going on.
  if (grant.refusals.size() > most_refusals) grant.refusals.erase(grant.refusals.begin() + most_refusals / 2);
  if (grant.state != GrantState::needs_reauthorization) {
    grant.state = refusals_suffice(grant.refusals) ? GrantState::needs_reauthorization : GrantState::suspect;
    grant.reason = result_name(ECOAUTH_ERROR_NEEDS_AUTHORIZATION);
  }
  record_.intent.reset();

  Error error = refusal_error(grant.state == GrantState::needs_reauthorization);
  error.oauth_error = answer.error.oauth_error;
  error.oauth_description = answer.error.oauth_description;
  error.oauth_uri = answer.error.oauth_uri;
  error.http_status = answer.error.http_status;
  refresh_failed(answer, error, true, now);
  if (grant.reason == result_name(ECOAUTH_ERROR_REVOKED))
    retry_at_ms_ = demand_retry_at_ms_ = now.boot_ms + revoked_probe_ms;
}

void StateMachine::refresh_failed(const Classified& answer, const Error& error, bool save_first, const Now& now) {
  Retry retry = retries_.after(answer, now.dice);
  last_error_ = refresh_error_ = error;
  nudged_ = true;  // somebody wanted it: the library goes on by itself
  retry_at_ms_ = now.boot_ms + retry.in_ms;
  demand_retry_at_ms_ = now.boot_ms + retry.on_demand_in_ms;
  if (answer.retry_after_ms > 0) throttled_until_ms_ = now.boot_ms + answer.retry_after_ms;
  if (retry.keep_lock && !quiesced_ && next_generation_at_ms(record_, now) <= now.boot_ms) {
    step_ = Step::backoff;
    step_until_ms_ = retry_at_ms_;
    return;
  }
  if (save_first) {
    refresh_verdict_ = error;
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
    if (answer.answer_class == AnswerClass::client_refused && authorize_tries_ < std::size(client_refused_ms)) {
      authorize_at_ms_ = now.boot_ms + std::max(client_refused_ms[authorize_tries_++], answer.retry_after_ms);
      return;
    }
    authorize_tries_ = 0;
    Retry retry = authorize_retries_.after(answer, now.dice);
    bool early = answer.answer_class == AnswerClass::unknown_error && !retry.final;
    if (early) {
      last_error_ = not_yet(answer.error);
      last_error_->retry_after_ms = retry.in_ms;
    }
    complete_all(Want::authorize, last_error_->code, last_error_);
    return;
  }
  authorize_tries_ = 0;
  authorize_retries_.succeeded();
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
  const bool answered =
      answer.answer_class == AnswerClass::keep_waiting || answer.answer_class == AnswerClass::slow_down;
  if (!answered) {
    last_error_ = poll_trouble(answer);
    poll_trouble_ = true;
  } else if (std::exchange(poll_trouble_, false)) {
    last_error_.reset();
  }
  if (polling_) actions_.emplace_back(Action::Kind::progress);
  if (poll_.interval_ms() != interval && record_.pending) {
    record_.pending->interval_ms = poll_.interval_ms();  // slower for good, also after a restart
    step_ = Step::saving;
    save();
    return;
  }
  end_job();
}

}  // namespace ecoauth
