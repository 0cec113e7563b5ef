// One process of the simulated machine: a real client with its account and store on the machine's disk, and the program
// around it that wants a token now and then.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "client/client.hpp"
#include "process_disk.hpp"
#include "stepping.hpp"
#include "support/fixed_random.hpp"

namespace ecoauth::simulation {

class World;

struct ProgramSettings {
  int64_t interval_ms = 900000;  ///< between two wishes for a token
  KeepFresh keep_fresh = KeepFresh::on_demand;
  int64_t min_valid_ms = 0;
};

class Process final : public Stepper, public std::enable_shared_from_this<Process> {
 public:
  Process(World& world, int slot, int number, ProgramSettings settings);

  /// Opens the account and asks for the first token.
  void begin();
  /// Takes some time over ending in good order; what is not done then is cut off.
  void stop();
  /// kill -9. From inside one of its own calls, the caller has to throw Died.
  void die();

  using Task = std::function<void()>;
  /// Something happens in this process, now or when the machine wakes; never if it dies before.
  void step(Task task);
  void later(int64_t span_ms, Task task);

  void post(const std::string& pool, Task task) override;
  void set_timer(uint64_t id, int64_t at_boot_ms, Task task) override;
  void clear_timer(uint64_t id) override { timers_.erase(id); }

  /// The process is about to do what can be seen outside: a place to die in, or to be interrupted at.
  void point();
  /// At the `countdown`-th point from now, or, `in_refresh`, from the next locking of the token file.
  void ambush(int countdown, bool in_refresh, Task strike);
  void spring_ambush() { ambush_counts_ = true; }
  int64_t points() const { return points_; }

  void ask();
  void ask_for(Command::Kind kind);

  World& world() { return world_; }
  int slot() const { return slot_; }
  int number() const { return number_; }
  bool alive() const { return alive_; }
  bool busy() const { return busy_; }
  bool stopping() const { return stopping_; }
  bool loaded() const { return loaded_; }
  int32_t grant_state() const { return grant_state_; }
  int64_t generation() const { return generation_; }
  int64_t steps() const { return steps_; }
  /// The access token that a host would get without waiting; "" for none.
  std::string token_in_memory();
  bool refreshes_now();
  bool waits() const { return !asked_.empty(); }
  /// When the oldest of the unanswered wishes came.
  int64_t oldest_wish_ms() const;
  bool authorizing() const;

 private:
  struct Wish {
    Command::Kind kind = Command::Kind::get_token;
    int64_t at_ms = 0;
    int64_t min_valid_ms = 0;
    bool repeated = false;  ///< the API has refused the token of the first try
  };

  void enter(const Task& task);
  void bury();
  void deliver_events();
  void take(const Event& event);
  void completed(const Event& event);
  void use(const Outcome& outcome, const Wish& wish);
  void start(Command command, Wish wish);
  void wish_again();

  World& world_;
  const int slot_, number_;
  const ProgramSettings settings_;
  ProcessDisk disk_;
  test::FixedRandom random_;
  std::shared_ptr<Client> client_;
  std::shared_ptr<Account> account_;

  bool alive_ = true, busy_ = false, stopping_ = false, loaded_ = false;
  std::vector<Task> deferred_;    // came while it was busy
  std::vector<Task> deliveries_;  // of events, at the end of the step that caused them
  std::map<uint64_t, std::pair<int64_t, Task>> timers_;
  std::map<OperationId, Wish> asked_;
  int32_t grant_state_ = 0;
  int64_t generation_ = 0;
  int64_t steps_ = 0, points_ = 0;
  int64_t hour_ = -1, steps_in_hour_ = 0;
  int ambush_ = 0;
  bool ambush_counts_ = false;
  Task strike_;
};

}  // namespace ecoauth::simulation
