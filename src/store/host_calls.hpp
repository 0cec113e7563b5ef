// Calling what the host has given the store: its callbacks.
#pragma once

#include <atomic>
#include <cstdint>
#include <exception>
#include <string>

#include "base/callback_scope.hpp"
#include "base/error.hpp"
#include "base/text.hpp"

namespace ecoauth {

Error callback_error(const char* name, const std::string& what);
/// What a result means that is neither success nor one that the callback's own meaning knows.
Error callback_failure(const char* name, int32_t result);

class HostCalls {
 public:
  /// A callback must not throw. One that does fails; a forced unwind, which ends the thread, is no std::exception and
  /// passes.
  template <typename Call>
  Result<int32_t> call(const char* name, Call callback) {
    if (ended_.load()) return callback_error(name, "is not called any more: the process is ending");
    CallbackScope scope;
    try {
      return int32_t{callback()};
    } catch (const std::exception& thrown) {
      return callback_error(name, "threw an exception: " + printable(thrown.what()));
    }
  }

  /// From now on none is made.
  void end() noexcept { ended_.store(true); }

 private:
  std::atomic<bool> ended_{false};
};

}  // namespace ecoauth
