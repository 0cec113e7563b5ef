// "This thread is inside a callback of the host": where blocking calls are refused instead of deadlocking.
#pragma once

namespace ecoauth {

/// Stands around every call of a host's callback.
class CallbackScope {
 public:
  CallbackScope();
  ~CallbackScope();
  CallbackScope(const CallbackScope&) = delete;
  CallbackScope& operator=(const CallbackScope&) = delete;
};

bool inside_callback();

}  // namespace ecoauth
