// An elastic pool of worker threads: none until there is work, none after a while without.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace ecoauth {

/// Something that runs tasks, each once, in no promised order.
class Executor {
 public:
  virtual ~Executor() = default;
  /// Never blocks. False when the task cannot be run any more (stopped, or no thread to be had and none running).
  virtual bool post(std::function<void()> task) = 0;
};

class WorkerPool final : public Executor {
 public:
  struct Settings {
    std::string name = "ecoauth";
    size_t max_threads = 16;
    int64_t idle_ms = 5000;  ///< a worker without work ends after this
  };
  /// `on_defect` hears of a task that threw; it may be empty and must not throw.
  explicit WorkerPool(Settings settings, std::function<void(const char* what)> on_defect = {});
  /// Stops without waiting. A thread still inside a task keeps what it needs and ends after the task.
  ~WorkerPool() override;

  bool post(std::function<void()> task) override;

  /// Takes no more tasks, runs those already queued, and waits at most `timeout_ms` for the threads. True when all ended.
  /// From one of the pool's own threads it does not wait for that thread.
  bool stop(int64_t timeout_ms);

  size_t thread_count() const;
  /// Those of them that wait for work.
  size_t idle_count() const;
  /// Is the calling thread one of this pool's?
  bool on_worker() const;

 private:
  struct Core;
  std::shared_ptr<Core> core_;
};

}  // namespace ecoauth
