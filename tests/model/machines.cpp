#include "machines.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include "unit/client/answers.hpp"

namespace ecoauth::model {
namespace {

constexpr int64_t s = 1000, h = 3600 * s;
constexpr int64_t answer_limit_ms = 20 * s;
/// A copy of a request that was given up is under way for this long at most: reliability.md 6.1, G.
constexpr int64_t late_limit_ms = 120 * s;
constexpr int64_t restart_ms = 5 * s;

Secret secret_of(uint8_t token) { return Secret("rt-" + std::to_string(token)); }

std::shared_ptr<Record> first_record(const Now& now, int64_t lifetime_ms) {
  auto record = std::make_shared<Record>();
  record->seq = 1;
  record->client_id = Secret("client");
  record->grant.emplace();
  Grant& grant = *record->grant;
  grant.state = GrantState::active;
  grant.generation = 1;
  grant.access_token = Secret("at");
  grant.token_type = "Bearer";
  grant.lifetime_ms = lifetime_ms;
  grant.obtained = now.moment();
  grant.advisory_permille = 750;
  grant.candidates.push_back(secret_of(0));
  return record;
}

}  // namespace

uint8_t Machines::token_of(const Secret& secret) {
  const std::string_view digits = secret.reveal().substr(3);
  uint8_t token = 0;
  for (char digit : digits) token = static_cast<uint8_t>(token * 10 + (digit - '0'));
  return token;
}

Machines::Machines(const MachineSetting& setting) : setting_(setting) {}

Machines::Machines(const MachineSetting& setting, const Faults& faults) : Machines(setting) {
  left_ = faults;
  expiries_ = setting.expiries;
  rejections_ = setting.rejections;
  disk_ = first_record(now(), setting.lifetime_ms);
  for (int i = 0; i < setting.processes; ++i) {
    processes_.emplace_back();
    Process& process = processes_.back();
    start(process);
    while (!process.tasks.empty()) do_task(process, Outcome::good);
  }
  expire();
}

Machines::Process Machines::copy_of(const Process& p) {
  return {std::make_unique<StateMachine>(p.machine->clone()),
          p.tasks,
          p.net,
          p.shown,
          p.silent_until_ms,
          p.needs,
          p.waits,
          p.ask_at_ms,
          p.down,
          p.up_at_ms,
          p.ambiguous,
          p.refused,
          p.refreshed_ms,
          p.began_ms};
}

Machines Machines::clone() const {
  Machines copy(setting_);
  static_cast<Surroundings&>(copy) = *this;
  for (const Process& process : processes_) copy.processes_.push_back(copy_of(process));
  return copy;
}

// ---- what can happen

void Machines::successors(const Emit& emit) const {
  bool busy = false;
  for (int i = 0; i < setting_.processes; ++i) successors_of(i, busy, emit);
  const auto branch = [&](const char* what, int process, const auto& change) {
    Machines next = clone();
    change(next);
    emit(Event{what, process}, std::move(next));
  };
  for (size_t i = 0; i < late_.size(); ++i)
    branch("a late request arrives", -1, [i](Machines& next) {
      next.present(next.late_[i].token);
      next.late_.erase(next.late_.begin() + static_cast<std::ptrdiff_t>(i));
    });
  if (left_.grace_ends > 0)
    branch("everything stands still until the grace time is over", -1, [](Machines& next) {
      --next.left_.grace_ends;
      next.advance_to(next.clock_.boot_ms() + next.setting_.grace_ms);
    });
  if (busy) return;
  if (next_ms() >= 0) branch("time passes", -1, [](Machines& next) { next.tick(); });
  if (!content() || !accepted()) return;
  if (!late_.empty())
    branch("a minute passes", -1, [](Machines& next) { next.advance_to(next.clock_.boot_ms() + 60 * s); });
  if (expiries_ > 0) branch("the token expires", -1, [](Machines& next) { next.expire(); });
  if (rejections_ > 0)
    for (int i = 0; i < setting_.processes; ++i)
      branch("is told that the API rejects the token", i, [i](Machines& next) { next.reject(next.processes_[i]); });
}

void Machines::successors_of(int i, bool& busy, const Emit& emit) const {
  const Process& process = processes_[i];
  const auto branch = [&](const char* what, const auto& change) {
    Machines next = clone();
    change(next, next.processes_[i]);
    emit(Event{what, i}, std::move(next));
  };
  const auto fault = [&](const char* what, uint8_t Faults::*budget, const auto& change) {
    if (left_.*budget == 0) return;
    branch(what, [&](Machines& next, Process& p) {
      --(next.left_.*budget);
      change(next, p);
    });
  };
  const int64_t now_ms = clock_.boot_ms();
  if (process.down) {
    if (process.up_at_ms <= now_ms) {
      busy = true;
      branch("starts again", [](Machines& next, Process& p) { next.start(p); });
    }
    return;
  }
  if (process.needs && !process.waits && process.ask_at_ms <= now_ms && process.machine->is_loaded()) {
    busy = true;
    branch("is asked for a token", [](Machines& next, Process& p) { next.ask(p); });
  }
  if (!process.tasks.empty()) {
    busy = true;
    const bool save = process.tasks.front().kind == Action::Kind::save;
    const bool lock = process.tasks.front().kind == Action::Kind::try_lock;
    branch(save   ? "saves"
           : lock ? "tries the lock"
                  : "reads",
           [](Machines& next, Process& p) { next.do_task(p, Outcome::good); });
    if (save) {
      fault("cannot save", &Faults::failing_saves,
            [](Machines& next, Process& p) { next.do_task(p, Outcome::failed); });
      fault("saves and is told it failed", &Faults::failing_saves,
            [](Machines& next, Process& p) { next.do_task(p, Outcome::failed_but_written); });
    }
  }
  if (process.net == Net::sent) {
    busy = true;
    branch("is served", [](Machines& next, Process& p) { next.serve(p); });
    fault("loses the request", &Faults::requests_lost, [](Machines& next, Process& p) { next.fall_silent(p); });
    fault("loses the answer", &Faults::answers_lost, [](Machines& next, Process& p) {
      next.present(p.shown);
      next.fall_silent(p);
    });
    fault("gives up a request that is late", &Faults::late_copies, [](Machines& next, Process& p) {
      next.late_.push_back({p.shown, next.clock_.boot_ms() + late_limit_ms});
      next.fall_silent(p);
    });
    fault("crashes, its request arrives", &Faults::crashes, [](Machines& next, Process& p) {
      next.present(p.shown);
      next.crash(p);
    });
  }
  if (!process.machine->idle()) fault("crashes", &Faults::crashes, [](Machines& next, Process& p) { next.crash(p); });
}

void Machines::want(Process& process, Want want) {
  Waiter waiter;
  waiter.operation = static_cast<OperationId>(want);
  waiter.want = want;
  process.machine->want(std::move(waiter), now());
  pump(process);
}

void Machines::start(Process& process) {
  process.down = false;
  want(process, Want::load);
}

void Machines::ask(Process& process) {
  process.waits = true;
  want(process, Want::token);
}

void Machines::do_task(Process& process, Outcome outcome) {
  const Task task = process.tasks.front();
  process.tasks.pop_front();
  const auto index = static_cast<int>(&process - processes_.data());
  switch (task.kind) {
    case Action::Kind::load:
      process.machine->loaded(std::optional<Record>(disk_->clone()), now());
      break;
    case Action::Kind::try_lock: {
      const bool free = holder_ < 0 || !setting_.exclusive;
      if (free) holder_ = index;
      process.machine->locked(free, now());
      break;
    }
    default: {
      const bool current = task.record->seq == disk_->seq + 1;
      if (current && outcome != Outcome::failed) disk_ = task.record;
      if (current && outcome != Outcome::good)
        process.machine->saved(make_error(ECOAUTH_ERROR_STORE, "input/output error"), now());
      else
        process.machine->saved(current, now());
      break;
    }
  }
  pump(process);
}

uint8_t Machines::present(uint8_t token) {
  const bool used = server_.tokens[token].used != 0;
  const uint8_t brought = server_.present(token, setting_.policy);
  if (!used) used_ms_[token] = clock_.boot_ms();
  return brought;
}

void Machines::serve(Process& process) {
  static const Classified token = test::token_answer(AnswerContext::refresh, "at", "rt");
  static const Classified refusal = test::error_answer(AnswerContext::refresh, "invalid_grant");
  process.net = Net::none;
  const uint8_t brought = present(process.shown);
  Classified answer = test::copy_of(brought == no_token ? refusal : token);
  if (brought == no_token) {
    ++process.refused;
  } else {
    answer.token->refresh_token = secret_of(brought);
    answer.token->lifetime_ms = setting_.lifetime_ms;
    process.ambiguous = process.refused = 0;
    process.refreshed_ms = clock_.boot_ms();
  }
  process.machine->answered(std::move(answer), now());
  pump(process);
}

void Machines::fall_silent(Process& process) {
  process.net = Net::silent;
  process.silent_until_ms = clock_.boot_ms() + answer_limit_ms;
}

void Machines::crash(Process& process) {
  const bool needs = process.needs;
  if (holder_ == &process - processes_.data()) holder_ = -1;
  process = Process();
  process.needs = needs;
  process.down = true;
  process.up_at_ms = clock_.boot_ms() + restart_ms;
}

void Machines::advance_to(int64_t at_ms) {
  clock_.advance_ms(std::max<int64_t>(0, at_ms - clock_.boot_ms()));
  for (uint8_t i = 0; i < server_.count; ++i)
    if (server_.tokens[i].used && clock_.boot_ms() - used_ms_[i] >= setting_.grace_ms) server_.tokens[i].grace_over = 1;
  late_.erase(
      std::remove_if(late_.begin(), late_.end(), [&](const Late& late) { return late.until_ms <= clock_.boot_ms(); }),
      late_.end());
}

int64_t Machines::next_ms() const {
  int64_t next = -1;
  const auto at = [&](int64_t ms) {
    if (ms >= 0 && ms < clock_.boot_ms() + 2 * h && (next < 0 || ms < next)) next = ms;
  };
  for (const Process& process : processes_) {
    if (process.down) {
      at(process.up_at_ms);
      continue;
    }
    if (process.net == Net::silent) at(process.silent_until_ms);
    if (process.needs && !process.waits) at(process.ask_at_ms);
    // Who waits for a lock that is held looks again when something else happens, or the lock is free.
    if (process.machine->step() != Step::waiting_for_lock || holder_ < 0 || !setting_.exclusive)
      at(process.machine->wake_at_ms(now()));
  }
  return next;
}

void Machines::tick() {
  advance_to(next_ms());
  static const Classified lost = test::no_answer(AnswerContext::refresh, RawAnswer::Transfer::ambiguous);
  for (Process& process : processes_) {
    if (process.down) continue;
    if (process.net == Net::silent && process.silent_until_ms <= clock_.boot_ms()) {
      process.net = Net::none;
      ++process.ambiguous;
      process.machine->answered(test::copy_of(lost), now());
      pump(process);
    }
    const int64_t wake_ms = process.machine->wake_at_ms(now());
    if (process.tasks.empty() && wake_ms >= 0 && wake_ms <= clock_.boot_ms()) {
      process.machine->timer(now());
      pump(process);
    }
  }
}

void Machines::expire() {
  --expiries_;
  const Grant& grant = *disk_->grant;
  const int64_t advisory_ms = grant.obtained.boot_ms + grant.lifetime_ms * grant.advisory_permille / 1000;
  const bool early = setting_.early && advisory_ms > clock_.boot_ms();
  advance_to(early ? advisory_ms : grant.obtained.boot_ms + grant.lifetime_ms);
  for (Process& process : processes_) process.needs = true;
}

void Machines::reject(Process& process) {
  --rejections_;
  process.needs = true;
  process.machine->rejected(process.machine->record().grant->generation, now());
  pump(process);
}

// ---- what the machines do

void Machines::pump(Process& process) {
  const bool idle = process.machine->idle();
  for (auto actions = process.machine->take_actions(); !actions.empty(); actions = process.machine->take_actions())
    for (Action& action : actions) perform(process, action);
  while (!process.tasks.empty() && process.tasks.front().kind == Action::Kind::unlock) {
    if (holder_ == &process - processes_.data()) holder_ = -1;
    process.tasks.pop_front();
  }
  if (idle) process.began_ms = clock_.boot_ms();
}

void Machines::perform(Process& process, Action& action) {
  switch (action.kind) {
    case Action::Kind::save:
      process.tasks.push_back({action.kind, std::make_shared<const Record>(process.machine->record().clone())});
      break;
    case Action::Kind::load:
    case Action::Kind::try_lock:
    case Action::Kind::unlock:
      process.tasks.push_back({action.kind, nullptr});
      break;
    case Action::Kind::connect:
      process.shown = token_of(action.credential);
      process.machine->ready(now());
      break;
    case Action::Kind::proceed:
      process.net = Net::sent;
      break;
    case Action::Kind::abandon:
      process.net = Net::none;
      break;
    case Action::Kind::complete:
      if (action.operation != static_cast<OperationId>(Want::token)) break;
      process.waits = false;
      process.needs = action.result < 0;
      if (action.error) process.ask_at_ms = clock_.boot_ms() + std::max(s, action.error->retry_after_ms);
      break;
    default:
      break;
  }
}

// ---- when it is over

bool Machines::idle(const Process& process) const {
  return process.machine->idle() && process.tasks.empty() && !process.machine->unsaved();
}

bool Machines::everybody_idle() const {
  return std::all_of(processes_.begin(), processes_.end(), [&](const Process& process) { return idle(process); });
}

bool Machines::accepted() const {
  Server server = server_;
  return std::any_of(disk_->grant->candidates.begin(), disk_->grant->candidates.end(),
                     [&](const Secret& token) { return server.present(token_of(token), setting_.policy) != no_token; });
}

bool Machines::content() const {
  return everybody_idle() && next_ms() < 0 &&
         std::none_of(processes_.begin(), processes_.end(), [](const Process& process) { return process.needs; });
}

Verdict Machines::verdict() const {
  if (!everybody_idle()) return Verdict::goes_on;
  if (!accepted()) return Verdict::lost;
  return content() ? Verdict::settled : Verdict::goes_on;
}

}  // namespace ecoauth::model
