#include "protocol.hpp"

#include <algorithm>
#include <cstring>
#include <type_traits>

namespace ecoauth::model {

Protocol::Protocol(const Setting& setting, const Faults& faults) : setting_(setting) {
  now_.candidates.count = 1;
  now_.candidates.at[0] = 0;
  now_.left = faults;
  now_.expiries = static_cast<uint8_t>(setting.expiries);
  expire();
}

uint64_t Protocol::hash() const {
  static_assert(std::is_trivially_copyable_v<State> && std::has_unique_object_representations_v<State>);
  constexpr size_t words = (sizeof(State) + 7) / 8;
  uint64_t bytes[words] = {};
  std::memcpy(bytes, &now_, sizeof(State));
  Hash hash;
  for (uint64_t word : bytes) hash.add(word);
  return hash.value();
}

bool Protocol::idle() const {
  return std::all_of(now_.processes, now_.processes + setting_.processes,
                     [](const Process& process) { return process.step == Step::idle; });
}

Verdict Protocol::verdict() const {
  if (!idle()) return Verdict::goes_on;
  Server server = now_.server;
  const auto accepted = [&](uint8_t token) { return server.present(token, setting_.policy) != no_token; };
  if (std::none_of(now_.candidates.at, now_.candidates.at + now_.candidates.count, accepted)) return Verdict::lost;
  const bool content = std::none_of(now_.processes, now_.processes + setting_.processes,
                                    [](const Process& process) { return process.wants != 0; });
  return content ? Verdict::settled : Verdict::goes_on;
}

bool Protocol::lock_is_free() const {
  return std::none_of(now_.processes, now_.processes + setting_.processes,
                      [](const Process& process) { return process.holds_lock != 0; });
}

bool Protocol::may_begin(const Process& process) const {
  if (!process.wants) return false;
  if (setting_.variant == Variant::naive) return true;
  if (setting_.exclusive && !lock_is_free()) return false;
  return !(setting_.variant == Variant::full && setting_.gap && now_.gap);
}

void Protocol::begin(Process& process) {
  process.generation = now_.generation;
  process.candidates = now_.candidates;
  process.candidate = process.tries = process.ambiguous = 0;
  const bool superseded = setting_.variant != Variant::naive && now_.generation != process.wanted;
  if (superseded || now_.candidates.count == 0) {
    end(process, true);
    return;
  }
  process.holds_lock = setting_.variant != Variant::naive;
  process.step = Step::read;
}

void Protocol::mark(Process& process) {
  if (now_.generation != process.generation) {  // not alone behind this lock
    end(process, true);
    return;
  }
  if (now_.intent) process.ambiguous = 1;
  now_.intent = 1;
  process.step = Step::marked;
}

void Protocol::end(Process& process, bool content) {
  const uint8_t wanted = process.wanted;
  process = Process();
  process.wants = !content;
  process.wanted = content ? 0 : wanted;
}

/// The answer to this attempt will never be known.
void Protocol::time_out(Process& process) {
  if (setting_.variant == Variant::full && process.tries < 2) {
    ++process.tries;
    process.ambiguous = 1;
    process.step = Step::read;
  } else {
    end(process, false);
  }
}

void Protocol::receive(Process& process) {
  if (process.answer != no_token) {
    process.step = Step::received;
    return;
  }
  if (setting_.variant == Variant::naive) {
    now_.candidates = Tokens();
    end(process, true);
    return;
  }
  if (now_.generation != process.generation) {
    end(process, true);
  } else if (process.candidate + 1 < process.candidates.count) {
    ++process.candidate;
    process.step = Step::read;
  } else {
    // A charge and not a verdict: everything is kept, and tried again.
    if (setting_.variant == Variant::full) now_.intent = 0;
    end(process, false);
  }
}

Protocol::Tokens Protocol::pair(uint8_t token, uint8_t predecessor) {
  Tokens tokens;
  tokens.at[tokens.count++] = token;
  if (predecessor != token) tokens.at[tokens.count++] = predecessor;
  return tokens;
}

/// Theirs first, then ours, then what both had before.
void Protocol::merge(const Tokens& ours) {
  uint8_t merged[2 * most_candidates];
  int count = 0;
  const auto add = [&](uint8_t token) {
    if (std::find(merged, merged + count, token) == merged + count) merged[count++] = token;
  };
  add(now_.candidates.at[0]);
  std::for_each(ours.at, ours.at + ours.count, add);
  std::for_each(now_.candidates.at, now_.candidates.at + now_.candidates.count, add);
  now_.candidates.count = static_cast<uint8_t>(std::min<int>(count, most_candidates));
  std::copy(merged, merged + now_.candidates.count, now_.candidates.at);
}

void Protocol::save(Process& process) {
  const uint8_t used = process.candidates.at[process.candidate];
  if (setting_.variant == Variant::full && now_.generation != process.generation) {
    merge(pair(process.answer, used));  // somebody committed beside us
  } else {
    now_.candidates = pair(process.answer, setting_.variant == Variant::naive ? process.answer : used);
    now_.generation = static_cast<uint8_t>(process.generation + 1);
    now_.intent = 0;
    now_.gap = setting_.variant == Variant::full && process.ambiguous;
  }
  end(process, true);
}

void Protocol::save_fails(Process& process) {
  if (setting_.variant == Variant::full) return;  // the pair and the lock are kept, and saving goes on
  // The naive one serves the new token from memory and says nothing.
  end(process, setting_.variant == Variant::naive);
}

void Protocol::crash(Process& process) {
  const bool knows = !setting_.early || (setting_.variant == Variant::full && now_.intent);
  end(process, !knows);
}

void Protocol::expire() {
  --now_.expiries;
  if (setting_.early) now_.server.end_grace();
  for (int i = 0; i < setting_.processes; ++i) {
    now_.processes[i].wants = 1;
    now_.processes[i].wanted = now_.generation;
  }
}

}  // namespace ecoauth::model
