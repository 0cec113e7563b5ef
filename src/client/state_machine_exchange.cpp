// What somebody hands in: the address that a browser was sent back to, or a refresh token from elsewhere. What it
// brings is saved before it is sent, and sent until the server has said what it is worth.

#include <algorithm>
#include <utility>

#include "client/state_machine.hpp"

namespace ecoauth {
namespace {

constexpr int64_t browse_lifetime_ms = 30 * 60 * 1000;       // to log in, with a second factor, and to come back
constexpr int64_t import_lifetime_ms = 24 * 60 * 60 * 1000;  // for an outage to end

Error no_browser_authorization(const char* what) {
  Error error = make_error(ECOAUTH_ERROR_WRONG_STATE, what, "Begin with a new address, and open it in a browser.");
  error.action = ECOAUTH_ACTION_REAUTHORIZE;
  return error;
}

}  // namespace

Error unrenewable_error(std::string what) {
  return make_error(ECOAUTH_ERROR_NEEDS_AUTHORIZATION, std::move(what),
                    "Authorize the account again; without a refresh token the library cannot renew its access.");
}

const Waiter* StateMachine::waiter_of(OperationId operation) const {
  const auto found = std::find_if(waiters_.begin(), waiters_.end(),
                                  [&](const Waiter& waiter) { return waiter.operation == operation; });
  return found == waiters_.end() ? nullptr : &*found;
}

bool StateMachine::somebody_handed_in() const {
  return std::any_of(waiters_.begin(), waiters_.end(), [](const Waiter& waiter) { return waiter.handed_in; });
}

/// Is there something in the record that is to be sent?
bool StateMachine::exchange_pending() const {
  return record_.pending && !record_.pending->code.empty() && record_.pending->flow != "pin";
}

int64_t StateMachine::exchange_at_ms(const Now& now) const {
  const bool wanted = somebody_handed_in() || settings_.role == Role::owner;
  return exchange_pending() && wanted && (pending_alive(now) || somebody_handed_in()) ? exchange_at_ms_ : INT64_MAX;
}

bool StateMachine::start_browser_job(const Now& now) {
  if (somebody_handed_in() && !exchange_pending()) {
    // Another process has ended it, in one way or the other.
    const bool approved = record_.grant && generation() != exchange_generation_;
    complete_handed_in(
        approved ? served() : ECOAUTH_ERROR_WRONG_STATE,
        approved ? std::nullopt
                 : std::optional(no_browser_authorization("another program has ended or replaced this authorization")));
    return true;
  }
  const auto next = std::find_if(waiters_.begin(), waiters_.end(),
                                 [](const Waiter& waiter) { return waiter.brought && !waiter.handed_in; });
  if (next == waiters_.end()) {
    if (now.boot_ms < exchange_at_ms(now)) return false;
    serving_ = 0;
    begin(Job::exchange, now);
    return true;
  }
  const OperationId operation = next->operation;
  if (const auto unknown = client_id_unknown()) {
    complete(operation, unknown->code, unknown);
  } else if (polling_ || (somebody_handed_in() && next->want != Want::redirect)) {
    complete(operation, ECOAUTH_ERROR_WRONG_STATE,
             make_error(ECOAUTH_ERROR_WRONG_STATE, "another authorization of this account is being waited for",
                        "Cancel it first, or wait until it ends."));
  } else {
    serving_ = operation;
    begin(next->want == Want::browse ? Job::browse : Job::exchange, now);
  }
  return true;
}

void StateMachine::begin_browse(const Now& now) {
  const Waiter* waiter = waiter_of(serving_);
  if (!waiter || quiesced_) {
    end_job();
    return;
  }
  const Pending& wanted = waiter->brought->pending;
  const std::optional<Pending>& pending = record_.pending;
  const bool same = pending && record_.seq > 0 && pending->flow == wanted.flow && pending->scope == settings_.scope &&
                    pending->redirect_uri == wanted.redirect_uri &&
                    pending->verifier.empty() == wanted.verifier.empty() && pending->code.empty();
  if (same && pending_alive(now) && elapsed_ms(pending->started, now) < pending->lifetime_ms / 2) {
    end_job();  // the same address as before: whichever copy of it is opened, its answer is taken
    complete(serving_, ECOAUTH_OK);
    return;
  }
  record_.pending = wanted.clone();
  record_.pending->scope = settings_.scope;
  record_.pending->started = now.moment();
  record_.pending->lifetime_ms = browse_lifetime_ms;
  step_ = Step::saving;  // before the address is handed out: a restart must know its state
  save();
}

void StateMachine::begin_exchange(const Now& now) {
  const Waiter* waiter = waiter_of(serving_);
  if (quiesced_) {
    end_job();
  } else if (waiter && !waiter->handed_in) {
    const bool as_before =
        waiter->want == Want::redirect ? take_redirect_in(*waiter, now) : take_import_in(*waiter, now);
    if (as_before) connect_exchange();
  } else if (!exchange_pending()) {
    end_job();
  } else if (!pending_alive(now)) {
    end_exchange(no_browser_authorization("the authorization was handed in too long ago"));
  } else {
    connect_exchange();
  }
}

/// True when the record holds all of it already, so that nothing need be saved before it is sent.
bool StateMachine::take_redirect_in(const Waiter& waiter, const Now& now) {
  const Redirect& redirect = waiter.brought->redirect;
  std::optional<Pending>& pending = record_.pending;
  std::optional<Error> wrong;
  if (!pending || pending->state.empty())
    wrong = no_browser_authorization("no authorization by a browser is under way");
  else if (auto mismatch = redirect_mismatch(redirect, *pending))
    wrong = mismatch;
  else if (!pending_alive(now))
    wrong = no_browser_authorization("the authorization by the browser was begun too long ago");
  if (wrong) {
    end_job();
    complete(serving_, wrong->code, wrong);
    return false;
  }
  auto answer = redirect_answer(redirect, *pending);
  if (answer && answer->token && generation() != job_generation_) {
    end_job();  // what was read just now is told first; the waiter's turn comes again at once
    return false;
  }
  handed_in();
  if (answer && answer->token) {
    pending.reset();
    record_.scope_asked.clear();  // a utility account asks for none
    sent_at_ = now.moment();
    take_token(std::move(*answer->token), true, now);
    return false;
  }
  if (answer) {
    const Retry retry = authorize_retries_.after(*answer, now.dice);
    if (answer->answer_class == AnswerClass::unknown_error && !retry.final) {
      answer->error.action = ECOAUTH_ACTION_RETRY;
      answer->error.retry_after_ms = retry.in_ms;
    }
    end_exchange(answer->error);
    return false;
  }
  if (pending->code.equals(redirect.code)) return true;
  pending->code = redirect.code.clone();
  step_ = Step::saving;  // before the first byte: after a crash the next process knows it, and that it may be spent
  save();
  return false;
}

bool StateMachine::take_import_in(const Waiter& waiter, const Now& now) {
  const Secret& token = waiter.brought->refresh_token;
  std::optional<Pending>& pending = record_.pending;
  handed_in();
  if (exchange_pending() && pending->flow == "import" && pending_alive(now) && pending->code.equals(token)) return true;
  pending.emplace();
  pending->flow = "import";
  pending->scope = settings_.scope;
  pending->started = now.moment();
  pending->lifetime_ms = import_lifetime_ms;
  pending->code = token.clone();
  step_ = Step::saving;
  save();
  return false;
}

void StateMachine::handed_in() {
  for (Waiter& waiter : waiters_)
    if (waiter.operation == serving_) waiter.handed_in = true;
  exchange_generation_ = generation();
  exchange_tries_ = 0;
  exchange_retries_.succeeded();
}

void StateMachine::connect_exchange() {
  if (quiesced_) {
    end_job();  // it stays in the record, for the next process
  } else if (record_.seq == 0) {
    step_ = Step::saving;  // somebody deleted the record: memory heals it
    save();
  } else {
    connect(record_.pending->flow == "import" ? AnswerContext::refresh : AnswerContext::exchange,
            record_.pending->code);
  }
}

void StateMachine::exchange_answered(Classified answer, const Now& now) {
  const bool import = record_.pending->flow == "import";
  const bool usable = answer.answer_class == AnswerClass::success || answer.answer_class == AnswerClass::salvage;
  if (usable && answer.token) {
    record_.scope_asked = record_.pending->scope;
    candidate_ = 0;
    if (import) {
      // Proven by this very refresh: it takes the old grant's place, and is refreshed like any other.
      Grant grant;
      grant.generation = generation();
      grant.scope = record_.pending->scope;
      grant.candidates.push_back(record_.pending->code.clone());
      record_.grant = std::move(grant);
      imported_ = true;
    }
    record_.pending.reset();
    take_token(std::move(*answer.token), !import, now);
    return;
  }
  Error error = answer.error;
  if (import && answer.answer_class == AnswerClass::refused)
    error.advice =
        "Check that the refresh token is complete, that it is of this application key and server, and that no "
        "other program has used it since. Or authorize the account again.";
  const Retry retry = exchange_retries_.after(answer, now.dice);
  const bool client_refused = answer.answer_class == AnswerClass::client_refused;
  const bool patient = client_refused && exchange_tries_ < std::size(client_refused_ms);
  int64_t pause_ms = retry.in_ms;
  if (patient) pause_ms = std::max(client_refused_ms[exchange_tries_++], answer.retry_after_ms);
  const bool verdict = answer.answer_class == AnswerClass::refused || (client_refused ? !patient : retry.final);
  const int64_t left_ms = record_.pending->lifetime_ms - elapsed_ms(record_.pending->started, now);
  if (verdict || pause_ms >= left_ms) {
    end_exchange(error);
    return;
  }
  if (answer.answer_class == AnswerClass::unknown_error) error.action = ECOAUTH_ACTION_RETRY;
  last_error_ = error;
  exchange_at_ms_ = now.boot_ms + pause_ms;
  end_job();
  if (patient || retry.keep_lock) return;  // so soon that whoever waits goes on waiting
  error.retry_after_ms = std::max(error.retry_after_ms, retry.on_demand_in_ms);
  complete_handed_in(error.code, error);
}

void StateMachine::end_exchange(const Error& error) {
  record_.pending.reset();
  exchange_verdict_ = error;
  exchange_at_ms_ = 0;
  step_ = Step::saving;
  save();
}

void StateMachine::complete_handed_in(int32_t result, const std::optional<Error>& error) {
  exchange_at_ms_ = error ? exchange_at_ms_ : 0;
  for (const Waiter& waiter : std::vector<Waiter>(waiters_))
    if (waiter.handed_in) complete(waiter.operation, result, error);
}

/// When a person should be asked again, because the grant cannot be refreshed.
int64_t StateMachine::reminder_at_ms(const Now& now) const {
  const bool ends = record_.grant && record_.grant->candidates.empty() && !record_.grant->access_token.empty() &&
                    record_.grant->state == GrantState::active;
  return ends ? advisory_at_ms(*record_.grant, now) : INT64_MAX;
}

void StateMachine::remind(const Now& now) {
  if (!loaded_ || new_token_ || reminder_at_ms(now) == INT64_MAX) return;
  if (!token_rejected() && now.boot_ms < reminder_at_ms(now)) return;
  // Every process sees for itself, so that nothing need be saved.
  record_.grant->state = GrantState::needs_reauthorization;
  record_.grant->reason = result_name(ECOAUTH_ERROR_NEEDS_AUTHORIZATION);
  last_error_ =
      unrenewable_error(token_rejected() ? "the access token was refused, and this account has no refresh token"
                                         : "the access token ends soon, and this account has no refresh token");
}

}  // namespace ecoauth
