// A POSIX thread as a guest in somebody else's process must make it.
#pragma once

#include <functional>
#include <system_error>

namespace ecoauth {

/// Starts a detached thread with every asynchronous signal blocked (the host's handlers never run on it, SIGPIPE cannot reach
/// the host), a stated stack size and a name. `body` must not throw; a forced unwind passes through. Returns false when the
/// system has no thread to give.
bool start_thread(const char* name, std::function<void()> body);

}  // namespace ecoauth
