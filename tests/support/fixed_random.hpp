// Random numbers that are the same in every run.
#pragma once

#include <cstdint>
#include <string>

#include "base/random.hpp"

namespace ecoauth::test {

/// SplitMix64: good enough for jitter and for walks, and every sequence can be repeated from its seed.
class FixedRandom final : public Random {
 public:
  explicit FixedRandom(uint64_t seed = 1) : state_(seed) {}

  std::string bytes(size_t count) override {
    std::string out;
    out.reserve(count + 7);
    while (out.size() < count) {
      uint64_t word = next();
      for (int i = 0; i < 8; ++i, word >>= 8) out += static_cast<char>(word & 0xff);
    }
    out.resize(count);
    return out;
  }

  uint64_t next() {
    uint64_t z = state_ += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
  }
  size_t below(size_t count) { return static_cast<size_t>(next() % count); }

 private:
  uint64_t state_;
};

}  // namespace ecoauth::test
