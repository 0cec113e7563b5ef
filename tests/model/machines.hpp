// The same server, record, lock and faults as in protocol.hpp, but each process is a real StateMachine, on one clock.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "client/state_machine.hpp"
#include "explore.hpp"
#include "protocol.hpp"
#include "support/virtual_clock.hpp"

namespace ecoauth::model {

constexpr int64_t for_ever_ms = int64_t{1} << 50;

struct MachineSetting {
  Policy policy = Policy::reusable;
  int processes = 2;
  int expiries = 2;
  bool exclusive = true;
  /// Callers come when the advisory point has passed, and the access token lives.
  bool early = false;
  int64_t grace_ms = 300000;
  int64_t lifetime_ms = 3600000;
  /// How often, once all are content, the API rejects the newest token; any process may hear of it.
  uint8_t rejections = 0;
};

/// What there is beside the processes: plain values.
struct Surroundings {
  struct Late {
    uint8_t token;
    int64_t until_ms;
  };
  Faults left_;
  int expiries_ = 0;
  int rejections_ = 0;
  test::VirtualClock clock_;
  Server server_;
  int64_t used_ms_[Server::most_tokens] = {};
  std::shared_ptr<const Record> disk_;
  int holder_ = -1;  // of the lock
  std::vector<Late> late_;
};

class Machines : private Surroundings {
 public:
  Machines(const MachineSetting& setting, const Faults& faults);

  uint64_t hash() const;
  Verdict verdict() const;
  int refreshes() const { return server_.refreshes; }
  using Emit = std::function<void(Event, Machines)>;
  void successors(const Emit& emit) const;

 private:
  /// Without processes.
  explicit Machines(const MachineSetting& setting);

  enum class Net : uint8_t { none, sent, silent };
  struct Task {
    Action::Kind kind;
    std::shared_ptr<const Record> record;  // save
  };
  struct Process {
    std::unique_ptr<StateMachine> machine = std::make_unique<StateMachine>(StateMachine::Settings());
    std::deque<Task> tasks;
    Net net = Net::none;
    uint8_t shown = no_token;
    int64_t silent_until_ms = 0;
    bool needs = false;  // a token
    bool waits = false;  // asked for it
    int64_t ask_at_ms = 0;
    bool down = false;
    int64_t up_at_ms = 0;
    // What the machine knows and does not show, for hash().
    int ambiguous = 0;
    int refused = 0;
    int64_t refreshed_ms = -1;
    int64_t began_ms = 0;
  };

  static Process copy_of(const Process& process);
  static uint8_t token_of(const Secret& refresh_token);
  Machines clone() const;
  Now now() const { return {clock_.boot_ms(), clock_.wall_ms(), clock_.boot_id(), 0.5}; }
  bool idle(const Process& process) const;
  bool everybody_idle() const;
  bool accepted() const;
  bool content() const;
  int64_t next_ms() const;  // -1: nothing will happen by itself for hours
  void successors_of(int process, bool& busy, const Emit& emit) const;

  void want(Process& process, Want want);
  // Each is one event.
  void start(Process& process);
  void ask(Process& process);
  enum class Outcome { good, failed, failed_but_written };
  void do_task(Process& process, Outcome outcome);
  void serve(Process& process);
  void fall_silent(Process& process);
  void crash(Process& process);
  void advance_to(int64_t at_ms);
  void tick();
  void expire();
  void reject(Process& process);

  uint8_t present(uint8_t token);
  void pump(Process& process);
  void perform(Process& process, Action& action);
  void hash_record(Hash& hash, const Record* record) const;

  MachineSetting setting_;
  std::vector<Process> processes_;
};

}  // namespace ecoauth::model
