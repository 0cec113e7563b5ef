#include "client/account.hpp"

#include <ecoauth/event.h>
#include <ecoauth/status.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <utility>

#include "base/text.hpp"

namespace ecoauth {
namespace {

StateMachine::Settings machine_settings(const ClientConfig& config) {
  StateMachine::Settings settings;
  settings.role = config.role;
  settings.polling = config.polling;
  settings.refresh = config.refresh;
  settings.scope = config.scope;
  settings.has_client_id = !config.client_id.empty();
  return settings;
}

Outcome failed(Error error) {
  Outcome outcome;
  outcome.result = error.code;
  outcome.error = std::move(error);
  return outcome;
}

/// Where a blocking call waits for its operation.
struct Meeting {
  std::mutex mutex;
  std::condition_variable done;
  std::optional<Outcome> outcome;
};

}  // namespace

Account::Account(std::string key, std::shared_ptr<Runtime> runtime)
    : key_(std::move(key)),
      runtime_(std::move(runtime)),
      timer_id_(runtime_->new_timer_id()),
      machine_(machine_settings(runtime_->config)) {
  if (auto store = runtime_->store()) protection_ = store->protection({});
}

Outcome Account::run(Command command, int64_t timeout_ms) {
  auto meeting = std::make_shared<Meeting>();
  OperationId operation = 0;
  {
    std::lock_guard lock(mutex_);
    // With the lock: closing takes it to end what has begun, and what begins afterwards must see that.
    if (auto ended = runtime_->usable()) return failed(std::move(*ended));
    operation = runtime_->new_operation(shared_from_this());
    begin(operation, std::move(command), [meeting](Outcome outcome) {
      std::lock_guard meeting_lock(meeting->mutex);
      meeting->outcome = std::move(outcome);
      meeting->done.notify_all();
    });
    settle();
  }
  auto is_over = [&] { return meeting->outcome.has_value(); };
  {
    std::unique_lock lock(meeting->mutex);
    if (timeout_ms < 0)
      meeting->done.wait(lock, is_over);
    else
      meeting->done.wait_for(lock, std::chrono::milliseconds(timeout_ms), is_over);
    if (is_over()) return std::move(*meeting->outcome);
  }
  if (cancel(operation))
    return failed(make_error(ECOAUTH_ERROR_TIMEOUT, "the time given to the call is over"));
  std::lock_guard lock(meeting->mutex);  // it ended just now
  return std::move(*meeting->outcome);
}

std::optional<Error> Account::start(Command command, OperationId* operation) {
  auto place = std::make_shared<EventQueue::Place>(EventQueue::reserve());
  std::lock_guard lock(mutex_);
  if (auto ended = runtime_->usable()) return ended;
  OperationId number = runtime_->new_operation(shared_from_this());
  *operation = number;
  place->front().kind = ECOAUTH_EVENT_COMPLETED;
  place->front().account_key = key_;
  place->front().operation = number;
  begin(number, std::move(command), [events = runtime_->events, place](Outcome outcome) {
    place->front().outcome = std::move(outcome);
    events->push(std::move(*place));
  });
  settle();
  return {};
}

void Account::begin(OperationId operation, Command command, Completion completion) {
  operations_[operation] = std::move(completion);
  Waiter waiter;
  waiter.operation = operation;
  waiter.brought = std::move(command.brought);
  switch (command.kind) {
    case Command::Kind::get_token:
      waiter.want = Want::token;
      waiter.min_valid_ms = command.min_valid_ms;
      break;
    case Command::Kind::refresh:
      waiter.want = Want::refresh;
      break;
    case Command::Kind::authorize_pin:
      waiter.want = Want::authorize;
      break;
    case Command::Kind::sign_out:
      waiter.want = Want::sign_out;
      break;
    case Command::Kind::authorize_url:
      waiter.want = Want::browse;
      break;
    case Command::Kind::redirect:
      waiter.want = Want::redirect;
      break;
    case Command::Kind::import_token:
      waiter.want = Want::import_token;
      break;
    case Command::Kind::request:
      begin_request(operation, std::move(command));
      return;
    case Command::Kind::wait:
      if (command.seen_revision != 0) {
        if (command.seen_revision != revision_)
          finish(operation, {});
        else
          revision_waiters_[operation] = command.seen_revision;
        return;
      }
      waiter.want = Want::load;
      break;
  }
  machine_.want(waiter, now());
}

void Account::finish(OperationId operation, Outcome outcome) {
  auto found = operations_.find(operation);
  if (found == operations_.end()) return;
  Completion completion = std::move(found->second);
  operations_.erase(found);
  revision_waiters_.erase(operation);
  api_calls_.erase(operation);
  runtime_->operation_ended(operation);
  completion(std::move(outcome));
}

Now Account::now() {
  if (dice_ == 0) dice_ = static_cast<uint64_t>(runtime_->random.between(1, INT64_MAX));
  // xorshift: jitter needs no better numbers, and these cost nothing.
  dice_ ^= dice_ << 13;
  dice_ ^= dice_ >> 7;
  dice_ ^= dice_ << 17;
  const Clock& clock = runtime_->clock;
  return {clock.boot_ms(), clock.wall_ms(), clock.boot_id(), static_cast<double>(dice_ >> 11) / 9007199254740992.0};
}

void Account::settle() {
  for (std::vector<Action> actions = machine_.take_actions(); !actions.empty(); actions = machine_.take_actions())
    for (Action& action : actions) perform(std::move(action));
  Now moment = now();
  announce_state(moment);
  set_timer(moment);
  runtime_->something_changed();
}

/// Boot time; -1 for never.
int64_t Account::look_at_ms(const Now& moment) {
  const RefreshSettings& settings = runtime_->config.refresh;
  if (settings.keep_fresh != KeepFresh::always || !machine_.at_leisure()) return -1;
  if (look_at_ms_ == 0) look_at_ms_ = moment.boot_ms + settings.look_again_ms;
  return look_at_ms_;
}

void Account::set_timer(const Now& moment) {
  int64_t at_ms = machine_.wake_at_ms(moment);
  const int64_t look_ms = look_at_ms(moment);
  if (look_ms >= 0) at_ms = at_ms < 0 ? look_ms : std::min(at_ms, look_ms);
  if (at_ms == timer_at_ms_) return;
  timer_at_ms_ = at_ms;
  if (at_ms < 0) {
    runtime_->scheduler.clear(timer_id_);
  } else if (!runtime_->scheduler.set(timer_id_, at_ms, [weak = weak_from_this()] {
               if (auto self = weak.lock()) self->on_timer();
             })) {
    timer_at_ms_ = -1;
  }
}

void Account::on_timer() {
  std::lock_guard lock(mutex_);
  timer_at_ms_ = -1;
  const Now moment = now();
  machine_.timer(moment);
  if (look_at_ms_ != 0 && moment.boot_ms >= look_at_ms_) {
    look_at_ms_ = 0;
    machine_.look_again(moment);
  }
  settle();
}

void Account::announce_state(const Now& moment) {
  if (!machine_.is_loaded()) return;
  const Record& record = machine_.record();
  int32_t state = record.grant ? static_cast<int32_t>(record.grant->state) : ECOAUTH_GRANT_NONE;
  std::string looks = to_text(state) + ' ' + to_text(machine_.flags()) + ' ' +
                      (record.grant ? to_text(record.grant->generation) + ' ' + record.grant->reason : std::string("-")) +
                      ' ' + to_text(machine_.last_error() ? machine_.last_error()->code : ECOAUTH_OK);
  if (looks == announced_) return;
  announced_ = std::move(looks);
  ++revision_;
  Event event;
  event.kind = ECOAUTH_EVENT_STATE;
  event.account_key = key_;
  event.state = state;
  event.flags = machine_.flags();
  event.generation = record.grant ? record.grant->generation : 0;
  event.outcome.error = machine_.last_error();
  runtime_->events->push(std::move(event));
  runtime_->logger.log(LogLevel::debug, "account ", key_, ": state ", state, ", flags ",
                       machine_.flags(), ", generation ", record.grant ? record.grant->generation : 0, ", at ",
                       moment.boot_ms);
  std::vector<OperationId> seen;
  for (const auto& [operation, revision] : revision_waiters_)
    if (revision != revision_) seen.push_back(operation);
  for (OperationId operation : seen) finish(operation, {});
}

bool Account::check_now() {
  std::lock_guard lock(mutex_);
  bool pending = machine_.check_now(now());
  settle();
  return pending;
}

bool Account::report_rejected(int64_t generation) {
  std::lock_guard lock(mutex_);
  bool newest = machine_.rejected(generation, now());
  settle();
  return newest;
}

std::optional<Error> Account::last_error() {
  std::lock_guard lock(mutex_);
  return machine_.last_error();
}

bool Account::cancel(OperationId operation) {
  std::lock_guard lock(mutex_);
  bool found = cancel_locked(operation);
  settle();
  return found;
}

bool Account::cancel_locked(OperationId operation) {
  if (operations_.find(operation) == operations_.end()) return false;
  auto call = api_calls_.find(operation);
  if (call != api_calls_.end())
    abandon(*call->second);
  else
    machine_.cancel(operation, now());
  finish(operation, failed(make_error(ECOAUTH_ERROR_CANCELLED, "the operation was cancelled")));
  return true;
}

void Account::quiesce() {
  std::lock_guard lock(mutex_);
  machine_.quiesce(now());
  settle();
}

bool Account::at_rest() {
  std::lock_guard lock(mutex_);
  return machine_.idle() && !machine_.unsaved() && store_tasks_.empty() && !store_running_ && api_calls_.empty();
}

bool Account::unsaved() {
  std::lock_guard lock(mutex_);
  return machine_.unsaved();
}

void Account::end_operations(const Error& error) {
  std::lock_guard lock(mutex_);
  std::vector<OperationId> all;
  for (const auto& entry : operations_) all.push_back(entry.first);
  for (OperationId operation : all) {
    auto call = api_calls_.find(operation);
    if (call != api_calls_.end())
      abandon(*call->second);
    else
      machine_.cancel(operation, now());
    finish(operation, failed(error));
  }
  settle();
}

Status Account::status() {
  std::lock_guard lock(mutex_);
  const Now moment = now();
  const Record& record = machine_.record();
  const ClientConfig& config = runtime_->config;
  Status status;
  status.revision = revision_;
  status.flags = machine_.flags();
  status.scope_asked = scope_asked();
  status.account_key = key_;
  status.origin = config.origin.text();
  if (!client_id().empty()) status.client_fingerprint = fingerprint_of_client_id(client_id());
  status.store = runtime_->store_description();
  status.seal = protection_.seal;
  if (record.grant) {
    const Grant& grant = *record.grant;
    status.grant_state = static_cast<int32_t>(grant.state);
    status.reason = grant.reason;
    status.generation = grant.generation;
    status.token_valid_ms = machine_.left_ms(moment);
    status.token_age_ms = elapsed_ms(grant.obtained, moment);
    status.scope_granted = grant.scope;
    // Utility accounts have no scope (protocol.md 2.3) and no refresh token.
    status.scope_satisfied = grant.candidates.empty() || scope_covers(grant.scope, status.scope_asked) ? 1 : 0;
  }
  int64_t next_ms = machine_.wake_at_ms(moment);
  if (next_ms >= 0) status.next_try_ms = std::max<int64_t>(0, next_ms - moment.boot_ms);
  if (record.pending && record.pending->flow == "pin")
    status.pin_valid_ms =
        std::max<int64_t>(0, record.pending->lifetime_ms - std::max<int64_t>(0, elapsed_ms(record.pending->started, moment)));
  return status;
}

}  // namespace ecoauth
