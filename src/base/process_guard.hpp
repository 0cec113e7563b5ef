// The two moments at which the process does something to us: fork() and exit().
#pragma once

#include <cstdint>
#include <memory>

namespace ecoauth {

/// What has to hear of them.
class ProcessListener {
 public:
  virtual ~ProcessListener() = default;
  /// In the forked child, which has one thread: only async-signal-safe calls, no locks.
  virtual void forked_child() noexcept = 0;
  /// exit() has been called: stop and join within a bound; callbacks are not made from now on.
  virtual void process_exits() = 0;
};

namespace process_guard {

/// Counts the forks between the first process and this one. A handle made under another number belongs to a parent.
int64_t fork_generation();

/// Has the process forked since this was made, or was it about to? Such a child may have a copy of what was opened meanwhile
/// and was not yet written down where forked_child() closes it.
class ForkWatch {
 public:
  ForkWatch();
  bool forked() const;

 private:
  int64_t begun_ = 0;
  bool in_between_ = false;
};

/// From now on until remove(). The guard of exit() needs arm_exit() too.
void add(const std::shared_ptr<ProcessListener>& listener);
void remove(ProcessListener* listener);

/// Handlers run last in, first out, and ours must stop the workers before others tear down what the workers use (figures.md
/// 4.4): to be called before there are any workers, and again when POCO's TLS has started and registered handlers of its own.
/// The first handler to run does the work.
void arm_exit();

}  // namespace process_guard
}  // namespace ecoauth
