// When two worlds of machines are the same: in all that can matter for what comes next. Times count as ages, so that
// what only happened later is not another state.
#include <algorithm>

#include "machines.hpp"
#include "policies.hpp"

namespace ecoauth::model {
namespace {

constexpr int64_t h = 3600 * 1000;

}  // namespace

void Machines::hash_record(Hash& hash, const Record* record) const {
  if (!record || !record->grant) {
    hash.add(~0ull);
    return;
  }
  const int64_t now_ms = clock_.boot_ms();
  const auto age = [&](const Moment& then) { return static_cast<uint64_t>(std::min(now_ms - then.boot_ms, 48 * h)); };
  const Grant& grant = *record->grant;
  hash.add(static_cast<uint64_t>(record->seq - disk_->seq));
  hash.add(static_cast<uint64_t>(grant.generation - disk_->grant->generation));
  hash.add(static_cast<uint64_t>(grant.state));
  hash.add(age(grant.obtained));
  for (const Secret& token : grant.candidates) hash.add(token_of(token));
  for (const Refusal& refusal : grant.refusals) hash.add(age(refusal.at));
  if (record->intent) {
    hash.add(static_cast<uint64_t>(grant.generation - record->intent->generation));
    hash.add(age(record->intent->at));
  }
  hash.add(grant.candidates.size() << 16 | grant.refusals.size() << 1 | static_cast<uint64_t>(!!record->intent));
}

uint64_t Machines::hash() const {
  Hash hash;
  const int64_t now_ms = clock_.boot_ms();
  const auto since = [&](int64_t ms) { return static_cast<uint64_t>(std::min(now_ms - ms, 2 * h)); };
  const auto until = [&](int64_t ms) { return static_cast<uint64_t>(std::max<int64_t>(ms - now_ms, -1)); };
  hash.add(server_.count);
  for (uint8_t i = 0; i < server_.count; ++i) {
    const Server::Token& token = server_.tokens[i];
    hash.add(token.parent | token.used << 8 | token.dead << 9 | token.grace_over << 10);
    const bool has_end = setting_.grace_ms < for_ever_ms && (only(setting_.policy) & grace_ones) != 0;
    if (has_end && token.used && !token.dead && !token.grace_over) hash.add(since(used_ms_[i]));
  }
  hash_record(hash, disk_.get());
  for (const Process& process : processes_) {
    const StateMachine& machine = *process.machine;
    hash.add(static_cast<uint64_t>(machine.job()) | static_cast<uint64_t>(machine.step()) << 4 |
             static_cast<uint64_t>(machine.flags()) << 8 | static_cast<uint64_t>(machine.holds_lock()) << 16 |
             static_cast<uint64_t>(machine.is_loaded()) << 17 | static_cast<uint64_t>(machine.token_rejected()) << 18 |
             static_cast<uint64_t>(process.net) << 19 | static_cast<uint64_t>(process.needs) << 21 |
             static_cast<uint64_t>(process.waits) << 22 | static_cast<uint64_t>(process.down) << 23 |
             static_cast<uint64_t>(process.ambiguous) << 24 | static_cast<uint64_t>(process.refused) << 32 |
             static_cast<uint64_t>(process.shown) << 40 | static_cast<uint64_t>(machine.waiters().size()) << 48);
    hash_record(hash, machine.is_loaded() ? &machine.record() : nullptr);
    hash.add(until(machine.wake_at_ms(now())));
    if (process.net == Net::silent) hash.add(until(process.silent_until_ms));
    if (process.needs && !process.waits) hash.add(until(process.ask_at_ms));
    if (process.down) hash.add(until(process.up_at_ms));
    if (process.refreshed_ms >= 0) hash.add(since(process.refreshed_ms));
    if (!machine.idle()) hash.add(since(process.began_ms));
    for (const Task& task : process.tasks) {
      hash.add(static_cast<uint64_t>(task.kind));
      hash_record(hash, task.record.get());
    }
    hash.add(process.tasks.size());
  }
  for (const Late& late : late_) hash.add(late.token | until(late.until_ms) << 8);
  hash.add(late_.size() | static_cast<uint64_t>(holder_ + 1) << 4 | static_cast<uint64_t>(expiries_) << 8 |
           static_cast<uint64_t>(rejections_) << 12 | static_cast<uint64_t>(left_.crashes) << 16 |
           static_cast<uint64_t>(left_.requests_lost) << 20 | static_cast<uint64_t>(left_.answers_lost) << 24 |
           static_cast<uint64_t>(left_.late_copies) << 28 | static_cast<uint64_t>(left_.failing_saves) << 32 |
           static_cast<uint64_t>(left_.grace_ends) << 36);
  return hash.value();
}

}  // namespace ecoauth::model
