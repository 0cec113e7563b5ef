// Looks into every block of memory that is given back, while it still has its last content.
#pragma once

#include <cstddef>
#include <string_view>

namespace ecoauth::test {

/// Counts the released blocks that hold `pattern`. One at a time, on one thread.
class ReleasedMemory {
 public:
  explicit ReleasedMemory(std::string_view pattern);
  ~ReleasedMemory();
  ReleasedMemory(const ReleasedMemory&) = delete;
  ReleasedMemory& operator=(const ReleasedMemory&) = delete;

  size_t sightings() const;
  void forget();
};

}  // namespace ecoauth::test
