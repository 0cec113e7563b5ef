// The descriptors that carry locks, where a forked child can find and close them without a lock of its own.
#pragma once

#include <array>
#include <atomic>

#include "store/file_system.hpp"

namespace ecoauth {

/// An open description keeps its lock until its last descriptor is closed, and fork() copies descriptors: a child that
/// kept one would keep the parent's lock for its own lifetime.
class LockTable {
 public:
  LockTable() {
    for (auto& entry : descriptors_) entry.store(-1, std::memory_order_relaxed);
  }

  /// The place of the descriptor in the table, or -1 when the table is full.
  int add(int descriptor) {
    for (size_t i = 0; i < descriptors_.size(); ++i) {
      int free_entry = -1;
      if (descriptors_[i].compare_exchange_strong(free_entry, descriptor)) return static_cast<int>(i);
    }
    return -1;
  }

  /// -1 after close_all().
  int descriptor(int place) const { return descriptors_[static_cast<size_t>(place)].load(); }
  int remove(int place) { return descriptors_[static_cast<size_t>(place)].exchange(-1); }

  /// Async-signal-safe. Closes without unlocking: unlocking would end the parent's lock.
  void close_all(FileSystem& fs) noexcept {
    for (auto& entry : descriptors_) {
      int descriptor = entry.exchange(-1);
      if (descriptor >= 0) fs.close(descriptor);
    }
  }

 private:
  std::array<std::atomic<int>, 512> descriptors_;
  static_assert(std::atomic<int>::is_always_lock_free, "used in a forked child");
};

}  // namespace ecoauth
