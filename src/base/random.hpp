// Random numbers: one of the four seams that simulations replace.
#pragma once

#include <cstdint>
#include <string>

namespace ecoauth {

class Random {
 public:
  virtual ~Random() = default;
  virtual std::string bytes(size_t count) = 0;
  /// Uniform in [0, 1).
  double fraction();
  /// Uniform in [low, high]; one of 2^53 numbers in a wider range.
  int64_t between(int64_t low, int64_t high);
};

/// OpenSSL's generator; lives for ever.
Random& system_random();

}  // namespace ecoauth
