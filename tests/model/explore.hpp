// Everything that can happen, breadth first, with a set of what has been seen.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <limits>
#include <string>
#include <utility>
#include <vector>

namespace ecoauth::model {

/// What happened between two states, for the path to a loss.
struct Event {
  const char* what = "";
  int process = -1;  // -1: nobody's
};

enum class Verdict {
  goes_on,
  settled,  // nobody wants anything, and the grant lives
  lost,     // everybody is idle, and no refresh token on disk is accepted
};

struct Explored {
  size_t states = 0;
  size_t losses = 0;
  size_t settled = 0;
  int fewest_refreshes = std::numeric_limits<int>::max();  // of settled states
  int most_refreshes = 0;
  size_t stuck = 0;      // states in which nothing can happen and somebody still wants something
  std::string loss;      // the shortest path to one
  std::string dead_end;  // likewise
};

/// A set of hashes, open addressing. A collision would leave a state out: one in a million at ten million states.
class Seen {
 public:
  /// False when it was there.
  bool insert(uint64_t hash) {
    if (hash == 0) hash = 1;
    if (used_ * 2 >= slots_.size()) grow();
    if (!place(hash)) return false;
    ++used_;
    return true;
  }

 private:
  bool place(uint64_t hash) {
    size_t at = hash & (slots_.size() - 1);
    for (; slots_[at] != 0; at = (at + 1) & (slots_.size() - 1))
      if (slots_[at] == hash) return false;
    slots_[at] = hash;
    return true;
  }
  void grow() {
    std::vector<uint64_t> old(slots_.size() * 4);
    old.swap(slots_);
    for (uint64_t hash : old)
      if (hash != 0) place(hash);
  }

  std::vector<uint64_t> slots_ = std::vector<uint64_t>(1024);
  size_t used_ = 0;
};

/// FNV over eight bytes at a time, with a mix at the end.
class Hash {
 public:
  void add(uint64_t word) {
    state_ = (state_ ^ word) * 0x9e3779b97f4a7c15ull;
    state_ ^= state_ >> 29;
  }
  uint64_t value() const { return state_ ^ (state_ >> 32); }

 private:
  uint64_t state_ = 0xcbf29ce484222325ull;
};

/// World has: hash(), verdict(), refreshes(), and successors(emit), which calls emit(Event, World).
template <typename World>
Explored explore(World root) {
  struct Trail {
    size_t from;
    Event event;
  };
  Explored found;
  std::vector<Trail> trails{{0, {}}};
  std::deque<std::pair<World, size_t>> frontier;
  Seen seen;
  const auto path_to = [&](size_t trail) {
    std::string path;
    for (; trail != 0; trail = trails[trail].from) {
      const Event& event = trails[trail].event;
      std::string step = event.what;
      if (event.process >= 0) step = std::string(1, static_cast<char>('A' + event.process)) + " " + step;
      path = step + (path.empty() ? "" : " > ") + path;
    }
    return path;
  };
  seen.insert(root.hash());
  frontier.emplace_back(std::move(root), 0);
  while (!frontier.empty()) {
    const auto [world, trail] = std::move(frontier.front());
    frontier.pop_front();
    ++found.states;
    const Verdict verdict = world.verdict();
    if (verdict == Verdict::lost) {
      if (found.losses++ == 0) found.loss = path_to(trail);
      continue;
    }
    if (verdict == Verdict::settled) {
      ++found.settled;
      found.fewest_refreshes = std::min(found.fewest_refreshes, world.refreshes());
      found.most_refreshes = std::max(found.most_refreshes, world.refreshes());
    }
    bool moves = false;
    world.successors([&, from = trail](Event event, World next) {
      moves = true;
      if (!seen.insert(next.hash())) return;
      trails.push_back({from, event});
      frontier.emplace_back(std::move(next), trails.size() - 1);
    });
    if (!moves && verdict != Verdict::settled && found.stuck++ == 0) found.dead_end = path_to(trail);
  }
  return found;
}

}  // namespace ecoauth::model
