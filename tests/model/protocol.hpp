// The refresh protocol as reliability.md 6 has it, and two simpler ones, as a model: a server, a record on disk, a
// lock, processes with a step each, requests under way, and faults of which there is a budget.
#pragma once

#include <cstdint>

#include "explore.hpp"
#include "server.hpp"

namespace ecoauth::model {

enum class Variant : uint8_t {
  naive,   // no lock; the record is deleted when its token is refused
  locked,  // lock around the whole refresh, re-read, the predecessor kept; a pair that cannot be saved is dropped
  full,    // section 6: also a durable intent, pairs held until they are saved, commit by compare-and-set, the gap
};

/// How often each may still happen.
struct Faults {
  uint8_t crashes = 0;
  uint8_t requests_lost = 0;  // never reached the server
  uint8_t answers_lost = 0;
  uint8_t late_copies = 0;  // given up, and yet the server gets it: any time until the gap is over
  uint8_t failing_saves = 0;
  uint8_t grace_ends = 0;
};

struct Setting {
  Variant variant = Variant::full;
  Policy policy = Policy::reusable;
  int processes = 2;
  int expiries = 2;
  bool exclusive = true;  // the lock
  bool gap = true;        // full: no next generation's refresh while copies of ambiguous attempts may be under way
  /// Refreshes begin while the access token lives: who crashes knows nothing of it, unless there is an intent. The
  /// grace time ends before the token does.
  bool early = false;
};

class Protocol {
 public:
  Protocol(const Setting& setting, const Faults& faults);

  uint64_t hash() const;
  Verdict verdict() const;
  int refreshes() const { return now_.server.refreshes; }
  template <typename Emit>
  void successors(const Emit& emit) const;

 private:
  static constexpr int most_processes = 3, most_candidates = 3, most_late = 2;
  enum class Step : uint8_t { idle, read, marked, sent, answered, received };
  struct Tokens {
    uint8_t count = 0;
    uint8_t at[most_candidates] = {no_token, no_token, no_token};
  };
  struct Process {
    Step step = Step::idle;
    uint8_t wants = 0;
    uint8_t wanted = 0;  // the generation that is to be superseded
    uint8_t holds_lock = 0;
    uint8_t generation = 0;  // what was read
    Tokens candidates;
    uint8_t candidate = 0;
    uint8_t answer = no_token;
    uint8_t tries = 0;      // ambiguous ones in a row, with the lock kept
    uint8_t ambiguous = 0;  // an earlier attempt with this generation was
  };
  /// Bytes only, so that it can be hashed as it is.
  struct State {
    Server server;
    uint8_t generation = 1;  // of the record on disk
    Tokens candidates;
    uint8_t intent = 0;
    uint8_t gap = 0;
    uint8_t late_count = 0;
    uint8_t late[most_late] = {no_token, no_token};
    Process processes[most_processes];
    Faults left;
    uint8_t expiries = 0;
  };

  bool idle() const;
  bool lock_is_free() const;
  bool may_begin(const Process& process) const;
  void begin(Process& process);
  void mark(Process& process);
  void receive(Process& process);
  void save(Process& process);
  void save_fails(Process& process);
  void give_up(Process& process);
  void time_out(Process& process);
  void crash(Process& process);
  void expire();
  void end(Process& process, bool content);
  static Tokens pair(uint8_t token, uint8_t predecessor);
  void merge(const Tokens& ours);

  Setting setting_;
  State now_;
};

template <typename Emit>
void Protocol::successors(const Emit& emit) const {
  const auto branch = [&](const char* what, int process, const auto& change) {
    Protocol next = *this;
    change(next, next.now_);
    emit(Event{what, process}, std::move(next));
  };
  for (int i = 0; i < setting_.processes; ++i) {
    const Process& process = now_.processes[i];
    const uint8_t token = process.candidates.at[process.candidate];
    const auto step = [&](const char* what, void (Protocol::*change)(Process&)) {
      branch(what, i, [&](Protocol& next, State& state) { (next.*change)(state.processes[i]); });
    };
    const auto fault = [&](const char* what, uint8_t Faults::*budget, const auto& change) {
      if (now_.left.*budget == 0) return;
      branch(what, i, [&](Protocol& next, State& state) {
        --(state.left.*budget);
        change(next, state, state.processes[i]);
      });
    };
    switch (process.step) {
      case Step::idle:
        if (may_begin(process)) step("begins", &Protocol::begin);
        continue;  // nothing to lose by a crash
      case Step::read:
        if (setting_.variant == Variant::full) {
          step("marks its intent", &Protocol::mark);
          fault("cannot mark", &Faults::failing_saves, [](Protocol& next, State&, Process& p) { next.end(p, false); });
        } else {
          branch("sends", i, [&](Protocol&, State& state) { state.processes[i].step = Step::sent; });
        }
        break;
      case Step::marked:
        branch("sends", i, [&](Protocol&, State& state) { state.processes[i].step = Step::sent; });
        break;
      case Step::sent:
        branch("is served", i, [&](Protocol&, State& state) {
          state.processes[i].answer = state.server.present(token, setting_.policy);
          state.processes[i].step = Step::answered;
        });
        fault("loses the request", &Faults::requests_lost,
              [](Protocol& next, State&, Process& p) { next.time_out(p); });
        if (now_.late_count < most_late)
          fault("gives up a request that is late", &Faults::late_copies, [&](Protocol& next, State& state, Process& p) {
            state.late[state.late_count++] = token;
            next.time_out(p);
          });
        fault("crashes, its request arrives", &Faults::crashes, [&](Protocol& next, State& state, Process& p) {
          state.server.present(token, setting_.policy);
          next.crash(p);
        });
        break;
      case Step::answered:
        step("gets the answer", &Protocol::receive);
        fault("loses the answer", &Faults::answers_lost, [](Protocol& next, State&, Process& p) { next.time_out(p); });
        break;
      case Step::received:
        step("saves", &Protocol::save);
        fault("cannot save", &Faults::failing_saves, [](Protocol& next, State&, Process& p) { next.save_fails(p); });
        break;
    }
    fault("crashes", &Faults::crashes, [](Protocol& next, State&, Process& p) { next.crash(p); });
  }
  for (int i = 0; i < now_.late_count; ++i)
    branch("a late request arrives", -1, [&](Protocol&, State& state) {
      state.server.present(state.late[i], setting_.policy);
      state.late[i] = state.late[--state.late_count];
      state.late[state.late_count] = no_token;
    });
  if (now_.late_count > 0 || now_.gap)
    branch("nothing is under way any more", -1, [](Protocol&, State& state) {
      for (uint8_t& token : state.late) token = no_token;
      state.late_count = state.gap = 0;
    });
  if (now_.left.grace_ends > 0)
    branch("the grace time ends", -1, [](Protocol&, State& state) {
      --state.left.grace_ends;
      state.server.end_grace();
    });
  if (now_.expiries > 0 && verdict() == Verdict::settled)
    branch("the token expires", -1, [](Protocol& next, State&) { next.expire(); });
}

}  // namespace ecoauth::model
