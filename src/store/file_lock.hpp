// The right to write a token file and to refresh what is in it: a kernel lock, which ends with the process and never by
// age.
#pragma once

#include <optional>
#include <string>
#include <utility>

#include "base/error.hpp"
#include "base/process_guard.hpp"
#include "store/descriptor.hpp"
#include "store/file_system.hpp"
#include "store/lock_table.hpp"

namespace ecoauth {

class FileLock {
 public:
  /// Tries once to lock the file that was opened as `file` after `before`, and makes sure that the lock keeps others out
  /// and that `path` still names this file. nullopt: somebody else holds it, the file has just been replaced, or a child
  /// has just been forked that may have a copy of the descriptor. UNSUPPORTED where locks are none.
  static Result<std::optional<FileLock>> take(FileSystem& fs, LockTable& table, const std::string& path,
                                              Descriptor file, const process_guard::ForkWatch& before);

  FileLock(FileLock&& other) noexcept : fs_(other.fs_), table_(other.table_), place_(std::exchange(other.place_, -1)) {}
  FileLock& operator=(FileLock&& other) noexcept {
    std::swap(fs_, other.fs_);
    std::swap(table_, other.table_);
    std::swap(place_, other.place_);
    return *this;
  }
  ~FileLock();

  /// Open for reading and writing.
  int descriptor() const { return table_->descriptor(place_); }

 private:
  FileLock(FileSystem& fs, LockTable& table, int place) : fs_(&fs), table_(&table), place_(place) {}

  FileSystem* fs_;
  LockTable* table_;
  int place_;
};

}  // namespace ecoauth
