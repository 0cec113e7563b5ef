#include "machine_rig.hpp"

#include <algorithm>

namespace ecoauth::test {
namespace {

const char* name_of(Action::Kind kind) {
  switch (kind) {
    case Action::Kind::show_pin:
      return "pin";
    case Action::Kind::progress:
      return "progress";
    case Action::Kind::token_saved:
      return "token_saved";
    case Action::Kind::unsaved:
      return "unsaved";
    default:
      return "publish";
  }
}

}  // namespace

Rig::Rig(StateMachine::Settings settings, std::shared_ptr<const Record> content)
    : machine(settings), disk(std::move(content)), settings_(std::move(settings)) {
  write(disk);
}

Rig::Rig(StateMachine started, const Rig& other)
    : machine(std::move(started)),
      clock(other.clock),
      dice(other.dice),
      disk(other.disk),
      old_copy(other.old_copy),
      other_holds_lock(other.other_holds_lock),
      store(other.store),
      net(other.net),
      context(other.context),
      credential(other.credential),
      connects(other.connects),
      sends(other.sends),
      quiesced(other.quiesced),
      waiting(other.waiting),
      done(other.done),
      events(other.events),
      settings_(other.settings_),
      last_operation_(other.last_operation_),
      lock_held_(other.lock_held_),
      signing_out_(other.signing_out_),
      revocation_said_(other.revocation_said_),
      poll_allowed_ms_(other.poll_allowed_ms_),
      refreshed_ms_(other.refreshed_ms_),
      rejected_at_ms_(other.rejected_at_ms_),
      newest_(other.newest_),
      newest_generation_(other.newest_generation_),
      predecessor_(other.predecessor_),
      saved_access_(other.saved_access_) {}

Rig Rig::clone() const { return Rig(machine.clone(), *this); }

// ---- the host

OperationId Rig::want(Want want, int64_t min_valid_ms) {
  Waiter waiter;
  waiter.operation = ++last_operation_;
  waiter.want = want;
  waiter.min_valid_ms = min_valid_ms;
  waiting[waiter.operation] = waiter;
  if (want == Want::sign_out) signing_out_ = true;
  const OperationId operation = waiter.operation;
  machine.want(waiter, now());
  pump();
  return operation;
}

OperationId Rig::bring(Want want, Brought brought) {
  Waiter waiter;
  waiter.operation = ++last_operation_;
  waiter.want = want;
  waiter.brought = std::make_shared<const Brought>(std::move(brought));
  waiting[waiter.operation] = waiter;
  const OperationId operation = waiter.operation;
  machine.want(waiter, now());
  pump();
  return operation;
}

OperationId Rig::browse(const std::string& flow, bool pkce) {
  Brought brought;
  brought.pending.flow = flow;
  brought.pending.redirect_uri = "https://example.org/back";
  brought.pending.state = Secret("state-" + std::to_string(last_operation_));
  if (pkce) brought.pending.verifier = Secret("verifier-" + std::to_string(last_operation_));
  return bring(Want::browse, std::move(brought));
}

OperationId Rig::redirected(const std::string& parameters) {
  Brought brought;
  auto redirect = parse_redirect("https://example.org/back?" + parameters);
  must(redirect.ok(), "the test gives a web address");
  brought.redirect = std::move(redirect.value());
  return bring(Want::redirect, std::move(brought));
}

OperationId Rig::import_token(const std::string& token) {
  Brought brought;
  brought.refresh_token = Secret(token);
  return bring(Want::import_token, std::move(brought));
}

bool Rig::cancel(OperationId operation) {
  const bool found = machine.cancel(operation, now());
  must(found == (waiting.erase(operation) > 0), "cancel() knows exactly those who wait");
  pump();
  return found;
}

bool Rig::check_now() {
  const bool pending = machine.check_now(now());
  pump();
  return pending;
}

bool Rig::rejected(int64_t generation) {
  const bool newest = machine.rejected(generation, now());
  if (newest) rejected_at_ms_ = clock.boot_ms();
  pump();
  return newest;
}

void Rig::revoked() {
  revocation_said_ = true;
  machine.revoked(now());
  pump();
}

void Rig::look_again() {
  machine.look_again(now());
  pump();
}

void Rig::quiesce() {
  quiesced = true;
  machine.quiesce(now());
  pump();
}

// ---- the world

void Rig::write(const std::shared_ptr<const Record>& after) {
  disk = after;
  old_copy = false;
  if (disk && disk->grant && !ever_saved(*disk->grant)) saved_access_.emplace_back(disk->grant->access_token.reveal());
}

void Rig::store_answers(StoreAnswer answer) {
  must(!store.empty(), "the test answers what was not asked");
  const StoreTask task = store.front();
  store.pop_front();
  const Error failure = make_error(ECOAUTH_ERROR_STORE, "input/output error");
  const bool failed = answer == StoreAnswer::failed || answer == StoreAnswer::failed_but_written;
  switch (task.kind) {
    case Action::Kind::load:
      if (failed)
        machine.loaded(failure, now());
      else
        machine.loaded(disk ? std::optional<Record>(disk->clone()) : std::nullopt, now());
      break;
    case Action::Kind::try_lock:
      if (failed) {
        machine.locked(failure, now());
      } else {
        lock_held_ = answer != StoreAnswer::busy && !other_holds_lock;
        machine.locked(lock_held_, now());
      }
      break;
    case Action::Kind::save: {
      must(lock_held_, "nothing is written without the lock");
      const bool current = task.record->seq == (disk ? disk->seq : 0) + 1;
      if (answer == StoreAnswer::conflict || !current) {
        machine.saved(false, now());
      } else {
        if (answer != StoreAnswer::failed) {
          check_write(*task.record);
          write(task.record);
        }
        machine.saved(failed ? Result<bool>(failure) : Result<bool>(true), now());
      }
      break;
    }
    default: {
      must(lock_held_ && signing_out_, "only sign_out erases, with the lock");
      const bool had = disk != nullptr;
      if (answer != StoreAnswer::failed) {
        disk.reset();
        newest_.clear();
      }
      machine.erased(failed ? Result<bool>(failure) : Result<bool>(had), now());
      break;
    }
  }
  pump();
}

void Rig::connected() {
  must(net == Net::connecting, "the test connects what is not connecting");
  net = Net::ready;
  machine.ready(now());
  pump();
}

void Rig::answers(Classified answer) {
  must(net != Net::none, "the test answers no request");
  const bool was_sent = std::exchange(net, Net::none) == Net::sent;
  const bool poll = context == AnswerContext::poll, refresh = context == AnswerContext::refresh;
  const AnswerClass answer_class = answer.answer_class;
  const int64_t retry_after_ms = answer.retry_after_ms;
  const bool exchange = machine.job() == Job::exchange;
  const bool brings_token = was_sent && answer.token && (poll || refresh || exchange);
  const std::string token(brings_token ? answer.token->refresh_token.reveal() : std::string_view());
  if (brings_token) predecessor_ = refresh ? credential : refresh_token();
  machine.answered(std::move(answer), now());
  if (brings_token) {
    must(record().grant.has_value(), "a grant that came is kept");
    newest_ = token.empty() ? refresh_token() : token;
    newest_generation_ = record().grant->generation;
    if (refresh && answer_class == AnswerClass::success) refreshed_ms_ = clock.boot_ms();
  }
  if (poll) poll_allowed_ms_ = clock.boot_ms() + std::max(machine.poll_schedule().interval_ms(), retry_after_ms);
  pump();
}

void Rig::other_process_writes(const std::shared_ptr<const Record>& content) {
  write(content);
  // What has signed out, begun anew or put an old copy back has not kept what this machine got last.
  const auto holds_newest = [&](const Grant& grant) {
    return std::any_of(grant.candidates.begin(), grant.candidates.end(),
                       [&](const Secret& token) { return token.reveal() == newest_; });
  };
  if (!disk || !disk->grant || (disk->grant->generation <= newest_generation_ && !holds_newest(*disk->grant))) {
    newest_.clear();
    newest_generation_ = 0;
  }
}

void Rig::ring() {
  const int64_t at_ms = machine.wake_at_ms(now());
  must(at_ms >= 0, "the test waits for a timer that is not set");
  clock.advance_ms(std::max<int64_t>(0, at_ms - clock.boot_ms()));
  machine.timer(now());
  pump();
}

void Rig::pass_ms(int64_t span_ms) {
  const int64_t until_ms = clock.boot_ms() + span_ms;
  for (;;) {
    go_on();
    const int64_t at_ms = machine.wake_at_ms(now());
    if (net != Net::none || at_ms < 0 || at_ms > until_ms) break;
    ring();
  }
  clock.advance_ms(std::max<int64_t>(0, until_ms - clock.boot_ms()));
}

void Rig::suspend_ms(int64_t span_ms) {
  clock.advance_ms(span_ms);
  machine.timer(now());
  pump();
}

Rig Rig::restarted() const {
  Rig next(settings_, disk);
  next.clock = clock;
  next.dice = dice;
  next.saved_access_ = saved_access_;
  return next;
}

void Rig::go_on() {
  for (int steps = 0; !store.empty() || net == Net::connecting; ++steps) {
    must(steps < 1000, "the machine comes to rest");
    if (!store.empty())
      store_answers(StoreAnswer::good);
    else
      connected();
  }
}

void Rig::served(Classified answer) {
  go_on();
  must(net == Net::sent, "the test answers a request that was not sent");
  answers(std::move(answer));
  go_on();
}

// ---- what comes out

std::string Rig::refresh_token() const {
  return record().grant && !record().grant->candidates.empty()
             ? std::string(record().grant->candidates.front().reveal())
             : std::string();
}

int64_t Rig::wake_in_ms() const {
  const int64_t at_ms = machine.wake_at_ms(now());
  return at_ms < 0 ? -1 : at_ms - clock.boot_ms();
}

int Rig::count(const std::string& event) const {
  return static_cast<int>(std::count(events.begin(), events.end(), event));
}

const Ended& Rig::ended(OperationId operation) const {
  const auto found = done.find(operation);
  if (found == done.end()) throw Violation("the operation has not ended");
  return found->second;
}

void Rig::forget_the_past() {
  done.clear();
  events.clear();
  if (saved_access_.size() > 20) saved_access_.erase(saved_access_.begin());
}

void Rig::pump() {
  for (auto actions = machine.take_actions(); !actions.empty(); actions = machine.take_actions())
    for (Action& action : actions) perform(action);
  while (!store.empty() && store.front().kind == Action::Kind::unlock) {
    must(lock_held_, "unlock belongs to a lock");
    lock_held_ = false;
    store.pop_front();
  }
  check_rest();
}

void Rig::perform(Action& action) {
  switch (action.kind) {
    case Action::Kind::save:
      store.push_back({action.kind, std::make_shared<const Record>(record().clone())});
      break;
    case Action::Kind::load:
    case Action::Kind::try_lock:
    case Action::Kind::unlock:
    case Action::Kind::erase:
      store.push_back({action.kind, nullptr});
      break;
    case Action::Kind::connect:
      must(net == Net::none, "one request at a time");
      must(!quiesced, "nothing is started after quiesce()");
      net = Net::connecting;
      context = action.context;
      credential = std::string(action.credential.reveal());
      ++connects;
      break;
    case Action::Kind::proceed:
      must(net == Net::ready, "only a connected request is sent");
      check_proceed();
      net = Net::sent;
      ++sends;
      break;
    case Action::Kind::abandon:
      must(net != Net::sent || context == AnswerContext::authorize, "no answer with tokens is given up");
      net = Net::none;
      break;
    case Action::Kind::complete:
      check_complete(action);
      waiting.erase(action.operation);
      done[action.operation] = {action.result, action.error};
      break;
    case Action::Kind::publish:
      check_publish();
      events.emplace_back("publish");
      break;
    case Action::Kind::show_pin:
      must(record().pending && disk && disk->pending && disk->pending->code.equals(record().pending->code),
           "a PIN is saved before it is shown");
      poll_allowed_ms_ = clock.boot_ms() + record().pending->interval_ms;
      events.emplace_back("pin");
      break;
    default:
      if (action.kind == Action::Kind::unsaved) must(machine.unsaved(), "unsaved is flagged");
      if (action.kind == Action::Kind::token_saved)
        must(record().grant && disk && disk->grant && disk->grant->generation >= record().grant->generation,
             "saved means durable");
      events.emplace_back(name_of(action.kind));
      break;
  }
}

}  // namespace ecoauth::test
