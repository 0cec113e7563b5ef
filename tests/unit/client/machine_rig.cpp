#include "machine_rig.hpp"

#include <ecoauth/status.h>

#include <algorithm>

#include "client/refresh_policy.hpp"

namespace ecoauth::test {
namespace {

void must(bool holds, const std::string& rule) {
  if (!holds) throw Violation(rule);
}

bool holds_token(const Grant& grant, const std::string& token) {
  return std::any_of(grant.candidates.begin(), grant.candidates.end(),
                     [&](const Secret& candidate) { return candidate.reveal() == token; });
}

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

std::shared_ptr<Record> record_with_grant(const VirtualClock& clock, int64_t lifetime_ms) {
  auto record = std::make_shared<Record>();
  record->seq = 7;
  record->client_id = Secret("client");
  record->scope_asked = "smartRead";
  record->grant.emplace();
  Grant& grant = *record->grant;
  grant.state = GrantState::active;
  grant.generation = 1;
  grant.access_token = Secret("at-1");
  grant.token_type = "Bearer";
  grant.scope = "smartRead";
  grant.lifetime_ms = lifetime_ms;
  grant.obtained = {clock.boot_ms(), clock.wall_ms(), clock.boot_id()};
  grant.advisory_permille = 750;
  grant.candidates.push_back(Secret("rt-1"));
  return record;
}

Rig::Rig(StateMachine::Settings settings, std::shared_ptr<const Record> content)
    : machine(settings), disk(std::move(content)), settings_(std::move(settings)) {
  if (disk && disk->grant) saved_access_.emplace_back(disk->grant->access_token.reveal());
}

Rig::Rig(StateMachine started, const Rig& other)
    : machine(std::move(started)),
      clock(other.clock),
      dice(other.dice),
      disk(other.disk),
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
      newest_(other.newest_),
      newest_generation_(other.newest_generation_),
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
  pump();
  return newest;
}

void Rig::revoked() {
  revocation_said_ = true;
  machine.revoked(now());
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
  if (disk->grant) saved_access_.emplace_back(disk->grant->access_token.reveal());
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
  const bool brings_token = was_sent && answer.token && (poll || refresh);
  const std::string token(brings_token ? answer.token->refresh_token.reveal() : std::string_view());
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

void Rig::other_process_writes(std::shared_ptr<const Record> content) {
  disk = std::move(content);
  if (disk && disk->grant)
    saved_access_.emplace_back(disk->grant->access_token.reveal());
  else
    newest_.clear();
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

// ---- what must always hold

void Rig::check_proceed() {
  if (context == AnswerContext::refresh) {
    must(lock_held_, "a refresh token is sent with the lock held");
    must(disk && disk->grant && disk->intent && disk->intent->generation == disk->grant->generation,
         "a refresh token is sent after its intent is durable");
    must(holds_token(*disk->grant, credential), "a refresh token that is sent is on disk");
    must(settings_.role == Role::owner, "a follower refreshes nothing");
    const bool long_lived = disk->grant->lifetime_ms >= 600000 && !disk->grant->access_token.empty();
    must(refreshed_ms_ < 0 || !long_lived || clock.boot_ms() - refreshed_ms_ >= 60000, "one refresh in a minute");
  } else if (context == AnswerContext::poll) {
    must(lock_held_, "a code is sent with the lock held");
    must(clock.boot_ms() >= poll_allowed_ms_, "no poll is too early");
  }
}

void Rig::check_write(const Record& after) const {
  must(settings_.role == Role::owner || machine.job() != Job::refresh, "a follower writes nothing");
  if (after.grant && after.grant->state == GrantState::needs_reauthorization) {
    const bool was = disk && disk->grant && disk->grant->state == GrantState::needs_reauthorization;
    must(was || revocation_said_ || refusals_suffice(after.grant->refusals), "a grant is not given up lightly");
  }
  if (!disk || !disk->grant || disk->grant->candidates.empty()) return;
  const Grant& before = *disk->grant;
  must(after.grant || signing_out_, "only sign_out drops a grant");
  if (!after.grant) return;
  must(after.grant->generation >= before.generation, "generations only grow");
  must(!after.grant->candidates.empty() && after.grant->candidates.size() <= 3, "one to three candidates");
  if (after.grant->generation == before.generation) {
    const bool full = after.grant->candidates.size() == 3;  // then the oldest may go, for one that came from beside us
    for (const Secret& token : before.candidates)
      must(holds_token(*after.grant, std::string(token.reveal())) || (full && &token != &before.candidates.front()),
           "without a new grant no refresh token is dropped");
  } else if (machine.job() == Job::refresh) {
    must(holds_token(*after.grant, credential), "the predecessor stays until its successor is proven");
  } else {
    must(holds_token(*after.grant, std::string(before.candidates.front().reveal())),
         "a new grant does not endanger the old one");
  }
}

bool Rig::ever_saved(const Grant& grant) const {
  return std::find(saved_access_.begin(), saved_access_.end(), grant.access_token.reveal()) != saved_access_.end();
}

void Rig::check_publish() const {
  if (record().grant)
    must(machine.unsaved() || ever_saved(*record().grant), "a token is published when it is saved, or flagged");
}

void Rig::check_complete(const Action& action) const {
  const auto found = waiting.find(action.operation);
  must(found != waiting.end(), "an operation ends once");
  must((action.result < 0) == action.error.has_value(), "a failure has its error, a success none");
  if (action.error) {
    must(action.error->code == action.result, "one code");
    must(!action.error->message.empty() && !action.error->advice.empty(), "an error says what happened and what to do");
    must(action.error->retry_after_ms >= 0, "no time in the past");
    return;
  }
  const Want want = found->second.want;
  if (want == Want::load || want == Want::sign_out) return;
  must(record().grant && (machine.unsaved() || ever_saved(*record().grant)),
       "nobody gets what is not saved, unless flagged");
  must((action.result == ECOAUTH_UNSAVED_BUT_USABLE) == machine.unsaved(), "UNSAVED_BUT_USABLE is told");
  if (want == Want::token) {
    must(token_left_ms(*record().grant, now()) > 0, "a token that is handed out lives");
    must(!machine.token_rejected(), "a rejected token is not handed out");
  }
}

void Rig::check_rest() {
  if (!newest_.empty() && record().grant) {
    const bool superseded = record().grant->generation > newest_generation_;
    must(superseded || holds_token(*record().grant, newest_), "the newest refresh token is in memory");
    const bool on_disk =
        disk && disk->grant && (disk->grant->generation > newest_generation_ || holds_token(*disk->grant, newest_));
    const bool on_its_way = (machine.job() == Job::refresh || machine.job() == Job::poll) &&
                            (machine.step() == Step::saving || machine.step() == Step::rebasing);
    must(on_disk || on_its_way || machine.unsaved(), "the newest refresh token is saved, or flagged");
  }
  must(waiting.size() == machine.waiters().size(), "who waits is known");
  if (!store.empty() || net != Net::none) return;
  must(machine.holds_lock() == lock_held_, "the lock is where the machine believes it");
  const int64_t wake_ms = machine.wake_at_ms(now());
  must(wake_ms == -1 || wake_ms > clock.boot_ms(), "no timer rings at once: a busy loop");
  if (machine.idle()) {
    must(lock_held_ == machine.unsaved(), "the lock is kept for an unsaved pair, and for nothing else");
    must(waiting.empty() || wake_ms >= 0, "nobody waits for nothing");
    must(!quiesced || waiting.empty(), "after quiesce() nobody waits");
    must(!quiesced || machine.unsaved() || wake_ms == -1, "after quiesce() nothing goes on");
  } else {
    must(machine.step() == Step::waiting_for_lock || machine.step() == Step::backoff,
         "a job that waits, waits for something");
    must(wake_ms > 0, "a job that waits has a timer");
    must(!quiesced, "after quiesce() no job waits");
  }
}

}  // namespace ecoauth::test
