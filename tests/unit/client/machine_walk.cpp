#include "machine_walk.hpp"

#include <ecoauth/status.h>

#include <algorithm>
#include <deque>
#include <functional>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "client/refresh_policy.hpp"

namespace ecoauth::test {
namespace {

constexpr int64_t s = 1000, min = 60 * s, h = 60 * min;

struct Node {
  Rig rig;
  Budget budget;
  size_t trail;
};

/// When two states are the same.
class Shape {
 public:
  explicit Shape(const Node& node) : rig_(node.rig) {
    const StateMachine& machine = rig_.machine;
    add(machine.is_loaded(), static_cast<int>(machine.job()), static_cast<int>(machine.step()), machine.holds_lock(),
        machine.flags() & ~ECOAUTH_FLAG_CLOCK_SUSPECT, machine.token_rejected(), rig_.quiesced,
        static_cast<int>(rig_.net), static_cast<int>(rig_.context), span(rig_.wake_in_ms()));
    for (const auto& [operation, waiter] : rig_.waiting) add(static_cast<int>(waiter.want), waiter.min_valid_ms > 0);
    for (const Waiter& waiter : machine.waiters()) add(waiter.handed_in);
    text_ += '|';
    record(&rig_.record());
    record(rig_.disk.get());
    for (const Rig::StoreTask& task : rig_.store) {
      add(static_cast<int>(task.kind));
      record(task.record.get());
    }
    add(token(rig_.credential), node.budget.store_faults, node.budget.other_processes, node.budget.suspends,
        node.budget.revocations);
    if (machine.authorizing())
      add(span(machine.poll_schedule().next_ms() - rig_.clock.boot_ms()),
          machine.poll_schedule().interval_ms() / (5 * s));
  }
  std::string text() && { return std::move(text_); }

 private:
  template <typename... Numbers>
  void add(Numbers... numbers) {
    ((text_ += static_cast<char>(numbers)), ...);
  }
  /// Tokens are equal or not; what they are called does not matter.
  int token(std::string_view name) {
    const auto found = std::find(names_.begin(), names_.end(), name);
    if (found != names_.end()) return static_cast<int>(found - names_.begin());
    names_.emplace_back(name);
    return static_cast<int>(names_.size()) - 1;
  }
  static int span(int64_t span_ms) {
    if (span_ms < 0) return -1;
    const int64_t bounds[] = {0, 300, 5 * s, 30 * s, min, 5 * min, 15 * min, h, 6 * h, 24 * h};
    return static_cast<int>(std::lower_bound(std::begin(bounds), std::end(bounds), span_ms) - std::begin(bounds));
  }
  void record(const Record* record) {
    text_ += '(';
    if (record && record->grant) {
      const Grant& grant = *record->grant;
      const Now now = rig_.now();
      const int64_t left_ms = token_left_ms(grant, now);
      const int64_t newer = rig_.record().grant ? grant.generation - rig_.record().grant->generation : 9;
      add(static_cast<int>(grant.state), grant.reason == "REVOKED", std::clamp<int64_t>(newer, -2, 2), left_ms > 0,
          left_ms > mandatory_left_ms(grant, RefreshSettings()), past_advisory(grant, now),
          std::min<size_t>(grant.refusals.size(), 4), refusals_suffice(grant.refusals),
          token(grant.access_token.reveal()));
      for (const Secret& candidate : grant.candidates) add(token(candidate.reveal()));
    }
    if (record && record->intent) text_ += 'i';
    if (record && record->pending) {
      const int64_t left_ms = record->pending->lifetime_ms - elapsed_ms(record->pending->started, rig_.now());
      add(record->pending->flow.front(), token(record->pending->state.reveal()));
      add(token(record->pending->code.reveal()), std::clamp<int64_t>(left_ms / (30 * s), -1, 3));
    }
    text_ += ')';
  }

  const Rig& rig_;
  std::string text_;
  std::vector<std::string> names_;
};

std::string path_to(const std::vector<std::pair<size_t, std::string>>& trails, size_t trail, const std::string& last) {
  std::string path = last;
  for (; trail != 0; trail = trails[trail].first) path = trails[trail].second + " > " + path;
  return path;
}

}  // namespace

Walk walk(Rig root, const Region& region) {
  Walk walked;
  std::vector<std::pair<size_t, std::string>> trails{{0, ""}};
  std::vector<size_t> depths{0};
  std::unordered_set<size_t> seen;  // hashes: a collision would only leave a state out
  std::deque<Node> frontier;
  frontier.push_back({std::move(root), region.budget, 0});
  while (!frontier.empty() && walked.states < region.most_states) {
    const Node node = std::move(frontier.front());
    frontier.pop_front();
    ++walked.states;
    walked.depth = depths[node.trail];
    walked.grant_states.insert(node.rig.state());
    for (const Incident& incident : possible(node.rig, region)) {
      if (incident.cost && node.budget.*incident.cost == 0) continue;
      Node next{node.rig.clone(), node.budget, trails.size()};
      if (incident.cost) --(next.budget.*incident.cost);
      ++walked.steps;
      try {
        incident.happens(next.rig);
      } catch (const Violation& violation) {
        throw Violation(violation.what() + std::string(", after: ") + path_to(trails, node.trail, incident.name));
      }
      walked.incidents.insert(incident.name);
      next.rig.forget_the_past();
      if (!seen.insert(std::hash<std::string>()(Shape(next).text())).second) continue;
      trails.emplace_back(node.trail, incident.name);
      depths.push_back(depths[node.trail] + 1);
      frontier.push_back(std::move(next));
    }
  }
  walked.complete = frontier.empty();
  return walked;
}

}  // namespace ecoauth::test
