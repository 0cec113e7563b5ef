#include "base/random.hpp"

#include <openssl/rand.h>

#include <algorithm>
#include <cstring>
#include <stdexcept>

namespace ecoauth {

double Random::fraction() {
  uint64_t word = 0;
  std::string raw = bytes(sizeof word);
  std::memcpy(&word, raw.data(), sizeof word);
  return static_cast<double>(word >> 11) * (1.0 / 9007199254740992.0);
}

int64_t Random::between(int64_t low, int64_t high) {
  if (high <= low) return low;
  const uint64_t span = static_cast<uint64_t>(high) - static_cast<uint64_t>(low);
  const auto offset = static_cast<uint64_t>(fraction() * (static_cast<double>(span) + 1.0));
  return static_cast<int64_t>(static_cast<uint64_t>(low) + std::min(offset, span));
}

namespace {
class SystemRandom final : public Random {
 public:
  std::string bytes(size_t count) override {
    std::string out(count, '\0');
    if (RAND_bytes(reinterpret_cast<unsigned char*>(out.data()), static_cast<int>(count)) != 1)
      throw std::runtime_error("the system's random generator failed");
    return out;
  }
};
}  // namespace

Random& system_random() {
  static Random* forever = new SystemRandom;
  return *forever;
}

}  // namespace ecoauth
