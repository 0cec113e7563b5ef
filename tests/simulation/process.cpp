#include "process.hpp"

#include <ecoauth/event.h>
#include <ecoauth/status.h>

#include <algorithm>
#include <array>

#include "network.hpp"
#include "store/file_store.hpp"
#include "world.hpp"

namespace ecoauth::simulation {

Process::Process(World& world, int slot, int number, ProgramSettings settings)
    : world_(world),
      slot_(slot),
      number_(number),
      settings_(settings),
      disk_(world, *this),
      random_(world.timeline.dice().next()) {}

void Process::begin() {
  step([this] {
    ClientSetup setup;
    setup.config.client_id = Secret(client_id);
    setup.config.dispatch = Dispatch::worker;
    setup.deliver = [this](Event& event) { take(event); };
    setup.config.shutdown_timeout_ms = 0;
    setup.config.refresh.keep_fresh = settings_.keep_fresh;
    setup.config.refresh.look_again_ms = hour_ms;  // years of looks each minute would be most of the work
    setup.store = make_file_store(store_folder, disk_);
    setup.transport = std::make_shared<Transport>(*this);
    setup.clock = &world_.host;
    setup.random = &random_;
    client_ = Client::make(std::move(setup));
    account_ = client_->open(account_name);
    ask();
    wish_again();
  });
}

void Process::wish_again() {
  const int64_t jitter = settings_.interval_ms / 10;
  later(settings_.interval_ms + world_.timeline.between(-jitter, jitter), [this] {
    ask();
    wish_again();
  });
}

void Process::stop() {
  step([this] {
    stopping_ = true;
    world_.judge.not_well();
    client_->quiesce(0);
    later(8 * second_ms, [this] { die(); });
  });
}

void Process::die() {
  if (!alive_) return;
  alive_ = false;
  world_.judge.process_died(*this);
  disk_.close_all();
  if (!busy_) bury();
}

void Process::bury() {
  // What the timeline still holds of it finds a dead process and goes.
  account_.reset();
  client_.reset();
  timers_.clear();
  deferred_.clear();
  deliveries_.clear();
  strike_ = nullptr;
}

void Process::step(Task task) {
  if (!alive_) return;
  if (world_.host.asleep) {
    world_.when_awake([self = shared_from_this(), task = std::move(task)]() mutable { self->step(std::move(task)); });
  } else if (busy_) {
    deferred_.push_back(std::move(task));
  } else {
    enter(task);
  }
}

void Process::later(int64_t span_ms, Task task) {
  world_.timeline.after(span_ms,
                        [self = shared_from_this(), task = std::move(task)]() mutable { self->step(std::move(task)); });
}

void Process::enter(const Task& task) {
  busy_ = true;
  ++steps_;
  Stepper* const outer = std::exchange(Stepper::current(), this);
  try {
    task();
    deliver_events();
  } catch (const Died&) {
  }
  Stepper::current() = outer;
  busy_ = false;
  if (!alive_) bury();
  world_.judge.after_step(*this);
  for (Task& waiting : std::exchange(deferred_, {})) later(0, std::move(waiting));
}

void Process::post(const std::string& pool, Task task) {
  if (pool == "ecoauth-events")
    deliveries_.push_back(std::move(task));
  else
    later(world_.timeline.between(0, 2), std::move(task));
}

void Process::deliver_events() {
  while (alive_ && !deliveries_.empty())
    for (Task& delivery : std::exchange(deliveries_, {})) delivery();
}

void Process::set_timer(uint64_t id, int64_t at_boot_ms, Task task) {
  timers_[id] = {at_boot_ms, std::move(task)};
  later(std::max<int64_t>(0, at_boot_ms - world_.host.boot_ms()), [this, id, at_boot_ms] {
    auto found = timers_.find(id);
    if (found == timers_.end() || found->second.first != at_boot_ms) return;
    Task due = std::move(found->second.second);
    timers_.erase(found);
    due();
  });
}

void Process::point() {
  if (!alive_) throw Died();
  ++points_;
  if (strike_ && ambush_counts_ && --ambush_ <= 0) std::exchange(strike_, nullptr)();
  if (alive_) world_.let_others_in(*this);
  if (!alive_) throw Died();
}

void Process::ambush(int countdown, bool in_refresh, Task strike) {
  ambush_ = countdown;
  ambush_counts_ = !in_refresh;
  strike_ = std::move(strike);
}

void Process::ask() {
  if (stopping_) return;
  Command command;
  command.kind = Command::Kind::get_token;
  command.min_valid_ms = settings_.min_valid_ms;
  Wish wish;
  wish.min_valid_ms = settings_.min_valid_ms;
  start(std::move(command), wish);
}

void Process::ask_for(Command::Kind kind) {
  step([this, kind] {
    if (stopping_ || !client_) return;
    Command command;
    command.kind = kind;
    Wish wish;
    wish.kind = kind;
    start(std::move(command), wish);
  });
}

void Process::start(Command command, Wish wish) {
  wish.at_ms = world_.timeline.now_ms();
  OperationId operation = 0;
  if (auto error = account_->start(std::move(command), &operation))
    throw Violation("an operation cannot be started: " + error->message);
  asked_[operation] = wish;
}

void Process::take(const Event& event) {
  switch (event.kind) {
    case ECOAUTH_EVENT_COMPLETED:
      completed(event);
      break;
    case ECOAUTH_EVENT_STATE:
      loaded_ = true;
      world_.judge.generation_seen(*this, event.generation);
      generation_ = event.generation;
      grant_state_ = event.state;
      world_.timeline.note("p", number_, " state ", event.state, " flags ", event.flags, " generation ",
                           event.generation);
      world_.judge.state_told(*this, event.state);
      break;
    case ECOAUTH_EVENT_TOKEN:
      world_.timeline.note("p", number_, " saved ", event.generation);
      world_.judge.saved(*this, event.generation);
      break;
    case ECOAUTH_EVENT_UNSAVED:
      world_.timeline.note("p", number_, " cannot save");
      ++world_.judge.counts["pairs that could not be saved at once"];
      break;
    case ECOAUTH_EVENT_PIN:
      world_.timeline.note("p", number_, " shows a PIN");
      world_.pin_shown(std::string(event.pin.reveal()));
      break;
    default:
      break;
  }
}

void Process::completed(const Event& event) {
  auto found = asked_.find(event.operation);
  if (found == asked_.end()) throw Violation("an operation ended that nobody has begun");
  const Wish wish = found->second;
  asked_.erase(found);
  const Outcome& outcome = event.outcome;
  if (outcome.result < 0) {
    world_.timeline.note("p", number_, " error ", result_name(outcome.result));
    world_.judge.error_told(*this, outcome, wish.kind == Command::Kind::get_token, wish.min_valid_ms);
  } else if (wish.kind == Command::Kind::get_token) {
    use(outcome, wish);
  }
}

void Process::use(const Outcome& outcome, const Wish& wish) {
  if (!outcome.token) throw Violation("a call for a token succeeded without one");
  world_.judge.token_given(*this, outcome);
  if (!world_.network.reaches_api()) return;
  const std::string_view header = outcome.token->header.reveal();
  const std::string_view token = header.substr(header.find(' ') + 1);
  if (world_.network.api_accepts(token)) return;
  ++world_.judge.counts["access tokens refused by the API"];
  account_->report_rejected(outcome.token->generation);
  if (wish.repeated || stopping_) return;
  Command command;
  command.kind = Command::Kind::get_token;
  Wish again;
  again.repeated = true;
  start(std::move(command), again);
}

std::string Process::token_in_memory() {
  if (!account_) return {};
  std::array<char, 8192> buffer;
  size_t needed = 0;
  int64_t generation = 0;
  const auto copy = account_->token_cell().copy(world_.host, false, buffer.data(), buffer.size(), &needed, &generation);
  return copy == TokenCell::Copy::copied ? std::string(buffer.data()) : std::string();
}

bool Process::refreshes_now() { return account_ && (account_->status().flags & ECOAUTH_FLAG_REFRESHING) != 0; }

int64_t Process::oldest_wish_ms() const {
  int64_t oldest = world_.timeline.now_ms();
  for (const auto& [operation, wish] : asked_)
    if (wish.kind == Command::Kind::get_token) oldest = std::min(oldest, wish.at_ms);
  return oldest;
}

bool Process::authorizing() const {
  return std::any_of(asked_.begin(), asked_.end(),
                     [](const auto& one) { return one.second.kind == Command::Kind::authorize_pin; });
}

}  // namespace ecoauth::simulation
