// The books on disk, so that a restarted sandbox knows its clients again.
#pragma once

#include <string>

#include "sandbox/world.hpp"

namespace ecoauth::sandbox {

class StateFile {
 public:
  explicit StateFile(std::string path) : path_(std::move(path)) {}

  /// Fills an empty world; false when there is no file yet. Throws std::runtime_error when it cannot be understood: it
  /// is never overwritten then.
  bool load(World& world) const;
  /// Written beside and renamed over, so that a crash leaves the old or the new state. Nothing is written when nothing
  /// changed.
  void save(const World& world);

 private:
  std::string path_;
  std::string last_digest_;
};

}  // namespace ecoauth::sandbox
