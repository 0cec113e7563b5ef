#include "judge.hpp"

#include <ecoauth/status.h>

#include <algorithm>
#include <tuple>

#include "base/digest.hpp"
#include "base/text.hpp"
#include "client/refresh_policy.hpp"
#include "process.hpp"
#include "world.hpp"

namespace ecoauth::simulation {
namespace {

constexpr int64_t most_refreshes = 6;
constexpr int64_t most_steps = 40000;
// After an answer that never came there are 20 s to wait, then tries after 2, 5 and 12 s; then the pauses grow
// (design.md 4).
constexpr int64_t enough_ms = 45000;
constexpr int64_t pauses_ms[] = {2000, 5000, 12000, 30000, 60000, 120000, 300000};
constexpr size_t recent = 40;

[[noreturn]] void violated(const std::string& rule) { throw Violation(rule); }

std::string value_behind(std::string_view text, std::string_view name, char end) {
  const size_t at = text.find(name);
  if (at == std::string_view::npos) return {};
  const std::string_view rest = text.substr(at + name.size());
  const size_t stop = rest.find(end);
  return stop == std::string_view::npos ? std::string() : std::string(rest.substr(0, stop));
}

/// Read anew, by the words of FORMAT.md and without the library's own reader.
std::optional<std::string_view> newest_record_in(std::string_view file) {
  std::optional<std::string_view> newest;
  int64_t newest_seq = 0, newest_try = 0;
  for (size_t slot = 0; slot < 3 && file.size() > 4096 + slot * 32768; ++slot) {
    const std::string_view area = file.substr(4096 + slot * 32768, 32768);
    if (!starts_with(area, "ecoauth-slot 1 seq=")) continue;
    const std::string_view line = area.substr(0, area.find('\n'));
    auto number = [&](std::string_view name) { return parse_int(value_behind(line, name, ' ')).value_or(-1); };
    const int64_t seq = number("seq="), attempt = number("try="), size = number("size=");
    const size_t digest_at = line.find("sha256=");
    if (seq <= 0 || size <= 0 || digest_at == line.npos || line.size() == area.size()) continue;
    if (newest && std::tie(seq, attempt) < std::tie(newest_seq, newest_try)) continue;
    const std::string_view record = area.substr(line.size() + 1, static_cast<size_t>(size));
    const std::string signed_part = std::string(line.substr(0, digest_at + 7)) + std::string(record);
    if (sha256_hex(signed_part) != line.substr(digest_at + 7)) continue;
    newest = record;
    newest_seq = seq;
    newest_try = attempt;
  }
  return newest;
}

}  // namespace

// ---- requests

int Judge::request_sent(const Process& process, std::string_view body) {
  Request request;
  request.process = process.number();
  request.sent_ms = world_.timeline.now_ms();
  request.credential = value_behind(std::string(body) + "&", "refresh_token=", '&');
  request.refresh = body.find("grant_type=refresh_token") != std::string_view::npos;
  if (request.refresh) {
    ++counts["refresh requests"];
    Observer& observer = observers_[process.number()];
    most_requests_in_an_hour = std::max(most_requests_in_an_hour, ++observer.requests);
  }
  requests_.push_back(std::move(request));
  const int number = static_cast<int>(requests_.size()) - 1;
  world_.timeline.note("p", process.number(), " sends request ", number, requests_.back().refresh ? " to refresh" : "");
  return number;
}

int Judge::copy_arrives(int of) {
  Request copy;
  copy.copy = copy.hopeless = true;
  copy.under_way = false;
  copy.sent_ms = world_.timeline.now_ms();
  copy.refresh = requests_[static_cast<size_t>(of)].refresh;
  copy.credential = requests_[static_cast<size_t>(of)].credential;
  requests_.push_back(std::move(copy));
  return static_cast<int>(requests_.size()) - 1;
}

void Judge::handled(int request, const std::string& refresh_token) {
  requests_[static_cast<size_t>(request)].successor = refresh_token;
}

void Judge::answer_came(int number, std::string_view body) {
  Request& request = requests_[static_cast<size_t>(number)];
  request.under_way = false;
  request.answered_ms = world_.timeline.now_ms();
  const bool whole = !request.successor.empty() && body.find(request.successor + "\"") != std::string_view::npos;
  (whole ? request.in_memory : request.hopeless) = true;
  request.cut = body.empty() || body.back() != '}';
}

// ---- what a process tells its host

void Judge::saved(const Process& process, int64_t generation) {
  for (size_t i = requests_.size() > recent ? requests_.size() - recent : 0; i < requests_.size(); ++i) {
    Request& request = requests_[i];
    if (request.process != process.number() || !request.in_memory || request.durable) continue;
    // Its own doing. What it has merely read need not be durable yet.
    durable_generation_ = std::max(durable_generation_, generation);
    request.durable = true;
    if (!request.refresh) continue;
    windows_ms.push_back(world_.timeline.now_ms() - request.sent_ms);
    if (!request.cut) count_refresh(request.answered_ms);
  }
}

/// It counts from the answer; the saving may be much later.
void Judge::count_refresh(int64_t answered_ms) {
  ++counts["refreshes"];
  const int64_t now_ms = world_.timeline.now_ms();
  refreshed_ms_.insert(std::upper_bound(refreshed_ms_.begin(), refreshed_ms_.end(), answered_ms), answered_ms);
  while (refreshed_ms_.front() <= refreshed_ms_.back() - hour_ms) refreshed_ms_.pop_front();
  const auto in_hour = static_cast<int64_t>(refreshed_ms_.size());
  // Where the wall clock is wrong nobody can tell what was before this boot or, without boot id, what the others did.
  if (!world_.host.clock_is_right() && (world_.host.boot_id().empty() || world_.host.boot_ms() < hour_ms))
    no_clock_until_ms_ = now_ms + 2 * hour_ms;
  const bool no_clock = now_ms < no_clock_until_ms_;
  int64_t& most = no_clock ? most_refreshes_without_clock : most_refreshes_in_an_hour;
  most = std::max(most, in_hour);
  if (in_hour > most_refreshes * (no_clock ? 1 + world_.slots() : 1))
    violated(to_text(in_hour) + " refreshes within an hour");
}

void Judge::generation_seen(const Process& process, int64_t generation) {
  Observer& observer = observers_[process.number()];
  if (generation < std::max(observer.generation, observer.at_start))
    violated("p" + to_text(process.number()) + " sees generation " + to_text(generation) + " after " +
             to_text(std::max(observer.generation, observer.at_start)));
  observer.generation = generation;
}

void Judge::token_given(const Process& process, const Outcome& outcome) {
  ++counts["tokens given to callers"];
  generation_seen(process, outcome.token->generation);
  if (outcome.result == ECOAUTH_UNSAVED_BUT_USABLE) ++counts["of these not saved yet"];
  // What callers use must outlive the process.
  if (outcome.result != ECOAUTH_OK || outcome.token->generation <= durable_generation_) return;
  const auto record = record_on_disk();
  if (!record || !record->grant || record->grant->generation < outcome.token->generation)
    violated("generation " + to_text(outcome.token->generation) + " is given out and was not saved");
}

void Judge::state_told(const Process& process, int32_t state) {
  Observer& observer = observers_[process.number()];
  const int32_t before = observer.state;
  observer.state = state;
  if (state != ECOAUTH_GRANT_NEEDS_REAUTHORIZATION || before == state) return;
  const auto record = record_on_disk();
  const int64_t now_ms = world_.timeline.now_ms();
  const bool lives = record && record->grant &&
                     std::any_of(record->grant->candidates.begin(), record->grant->candidates.end(),
                                 [&](const Secret& token) { return world_.server.alive(token.reveal(), now_ms); });
  if (!lives || untrue_verdict_stands_) return;
  untrue_verdict_stands_ = true;  // in the record, for all to see, until it heals
  ++counts["untrue verdicts after refusals of hours"];
  if (now_ms > untrue_verdicts_excused_until_ms) violated("somebody has to authorize again, and the grant lives");
}

void Judge::error_told(Process& process, const Outcome& outcome, bool token_wanted, int64_t min_valid_ms) {
  ++counts["errors told to callers"];
  if (!token_wanted || process.stopping()) return;
  // Without a boot id and with a wrong wall clock nobody can tell how old a token is.
  if (world_.host.boot_id().empty() && !world_.host.clock_is_right()) return;
  const int64_t now_ms = world_.timeline.now_ms();
  const std::string name = result_name(outcome.result);
  const std::string token = process.token_in_memory();
  if (!token.empty() && min_valid_ms == 0 && world_.network.api_accepts(token))
    violated("a caller gets " + name + " though the token in memory lives");
  if (!process.loaded() || world_.host.trouble != DiskTrouble::none || world_.network.api_was_broken()) return;
  const auto record = record_on_disk();
  if (!record || !record->grant) return;
  const Host& host = world_.host;
  const Now now{host.boot_ms(), host.wall_ms(), host.boot_id(), 0};
  if (token_left_ms(*record->grant, now) > min_valid_ms + 2 * minute_ms &&
      world_.network.api_accepts(record->grant->access_token.reveal()) &&
      world_.server.access_alive(record->grant->access_token.reveal(), now_ms + min_valid_ms + 2 * minute_ms))
    violated("a caller gets " + name + " though the token on the disk lives");
}

// ---- processes

void Judge::process_began(const Process& process) {
  observers_[process.number()].at_start = durable_generation_;
  not_well();
}

void Judge::process_died(const Process& process) {
  for (size_t i = requests_.size() > recent ? requests_.size() - recent : 0; i < requests_.size(); ++i)
    if (requests_[i].process == process.number()) requests_[i].under_way = requests_[i].in_memory = false;
  not_well();
}

void Judge::after_step(const Process& process) {
  Observer& observer = observers_[process.number()];
  const int64_t hour = world_.timeline.now_ms() / hour_ms;
  if (observer.hour != hour) {
    observer.hour = hour;
    observer.steps = observer.requests = 0;
  }
  most_steps_in_an_hour = std::max(most_steps_in_an_hour, ++observer.steps);
  if (observer.steps > most_steps) violated("p" + to_text(process.number()) + " is in a busy loop");
  const int64_t wait_ms = world_.timeline.now_ms() - std::max(process.oldest_wish_ms(), world_.awake_since_ms());
  longest_wait_ms = std::max(longest_wait_ms, wait_ms);
  if (process.alive() && wait_ms > 10 * minute_ms) violated("a caller waits for ten minutes");
  if (syncs_seen_ == world_.host.disk.syncs()) return;
  syncs_seen_ = world_.host.disk.syncs();
  check_disk();
}

void Judge::power_cut() {
  not_well();
  check_disk();
  // What is there now has outlived it.
  if (const auto record = record_on_disk(); record && record->grant)
    durable_generation_ = std::max(durable_generation_, record->grant->generation);
}

void Judge::not_well() {
  const int64_t now_ms = world_.timeline.now_ms();
  if (well_since_ms_ >= 0 && now_ms - well_since_ms_ >= enough_ms) {
    well_.push_back({well_since_ms_, now_ms});
    if (well_.size() > 100) well_.pop_front();
  }
  well_since_ms_ = world_.all_is_well() ? now_ms : -1;
}

// ---- the grant

std::optional<Record> Judge::record_on_disk() const {
  const std::string* file = world_.host.disk.bytes_of(world_.token_file());
  const auto record = file ? newest_record_in(*file) : std::nullopt;
  if (!record) return std::nullopt;
  auto decoded = decode_record(*record);
  if (!decoded) violated(decoded.error().message);
  return std::move(decoded.value());
}

bool Judge::on_its_way() const {
  for (size_t i = requests_.size() > recent ? requests_.size() - recent : 0; i < requests_.size(); ++i) {
    const Request& request = requests_[i];
    if (request.under_way) return true;
    if (request.in_memory && !request.durable && world_.server.alive(request.successor, world_.timeline.now_ms()))
      return true;
  }
  return false;
}

void Judge::check_disk() {
  const auto record = record_on_disk();
  if (!record || !record->grant) return;
  const std::vector<Secret>& candidates = record->grant->candidates;
  if (record->grant->state == GrantState::active) untrue_verdict_stands_ = false;
  if (record->grant->generation < durable_generation_ - (lost_ ? 1 : 0))
    violated("generation " + to_text(record->grant->generation) + " is on the disk after " +
             to_text(durable_generation_));
  // A process may have died between the saving and the saying so.
  for (size_t i = requests_.size() > recent ? requests_.size() - recent : 0; i < requests_.size(); ++i)
    if (!candidates.empty() && candidates.front().reveal() == requests_[i].successor) requests_[i].durable = true;
  const int64_t now_ms = world_.timeline.now_ms();
  const bool kept = std::any_of(candidates.begin(), candidates.end(),
                                [&](const Secret& token) { return world_.server.alive(token.reveal(), now_ms); });
  if (kept) {
    lost_ = false;
    return;
  }
  if (lost_ || on_its_way()) return;
  lost_ = true;
  judge_loss(candidates);
}

void Judge::judge_loss(const std::vector<Secret>& candidates) {
  const std::string_view newest = candidates.empty() ? std::string_view() : candidates.front().reveal();
  const int killer = world_.server.killer_of(newest);
  world_.timeline.note("the grant is lost; its newest token was ended by request ", killer);
  if (killer < 0) violated("the grant is lost, and no request ended it");
  const Request& request = requests_[static_cast<size_t>(killer)];
  const ServerSettings& server = world_.server.settings();
  if (!is_strict(server.policy) && !has_grace(server.policy)) violated("a grant is lost under a forgiving policy");
  if (has_grace(server.policy) && server.grace_ms > year_ms / 12) violated("a grant is lost within the grace time");
  if (request.copy && request.credential != newest) {
    ++losses.by_late_copy;
    return;
  }
  if (request.durable) violated("a grant is lost whose successor had been saved");
  if (!request.copy && request.credential != newest) {
    // The newest had been refused a moment before, without reason, and the server was honest again when the older one
    // came: nobody can tell such a refusal from a true one (reliability.md 4.5, reading (b)).
    if (server.policy != Policy::strict_family) violated("a grant is lost because an older token was shown again");
    ++counts["grants lost under strict-family: an older token shown after an untrue refusal"];
    return;
  }
  const auto tries = std::count_if(requests_.begin(), requests_.begin() + killer + 1, [&](const Request& one) {
    return one.refresh && !one.copy && one.credential == newest;
  });
  if (has_grace(server.policy) && could_have_been_kept(world_.server.killed_ms(newest), tries))
    violated("a grant is lost after a grace time in which all was well");
  ++losses.in_window;
}

bool Judge::could_have_been_kept(int64_t used_ms, int64_t tries) const {
  const int64_t end_ms = used_ms + world_.server.settings().grace_ms;
  const auto last = static_cast<int64_t>(std::size(pauses_ms)) - 1;
  const int64_t pause_ms = pauses_ms[std::clamp<int64_t>(tries - 1, 0, last)];
  const int64_t needed_ms = enough_ms + std::max<int64_t>(0, pause_ms - pauses_ms[2]);
  auto long_enough = [&](const Span& span) {
    return std::min(span.until_ms, end_ms) - std::max(span.from_ms, used_ms) >= needed_ms;
  };
  if (well_since_ms_ >= 0 && long_enough({well_since_ms_, world_.timeline.now_ms()})) return true;
  return std::any_of(well_.begin(), well_.end(), long_enough);
}

void Judge::check_the_end() {
  check_disk();
  if (lost_) violated("nobody could authorize the account, though all was well");
  for (const auto& process : world_.processes()) {
    if (!process || !process->alive()) violated("a process did not come back");
    if (process->waits()) violated("p" + to_text(process->number()) + " still waits for a token");
    // Another process has a newer one, or this one is getting it at this very moment.
    const bool newer_is_there = durable_generation_ > process->generation() || process->refreshes_now();
    if (!newer_is_there && !world_.network.api_accepts(process->token_in_memory()))
      violated("p" + to_text(process->number()) + " has no living token a day after all troubles");
  }
}

}  // namespace ecoauth::simulation
