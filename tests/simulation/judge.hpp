// Watches a simulated world: what must hold after every event, what was lost and whose fault it was, and what to count.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "client/values.hpp"
#include "protocol/record.hpp"

namespace ecoauth::simulation {

class Process;
class World;

/// Lost grants, by what ended them.
struct Losses {
  int64_t in_window = 0;     ///< between the first byte sent and the durable commit
  int64_t by_late_copy = 0;  ///< a copy of a request that the network made came after the commit
};

class Judge {
 public:
  explicit Judge(World& world) : world_(world) {}

  std::map<std::string, int64_t> counts;
  Losses losses;
  int64_t most_refreshes_in_an_hour = 0, most_refreshes_without_clock = 0, most_steps_in_an_hour = 0,
          most_requests_in_an_hour = 0;
  int64_t longest_wait_ms = 0;
  std::vector<int64_t> windows_ms;  ///< lengths of the exposure windows that closed well
  int64_t untrue_verdicts_excused_until_ms = -1;

  // Requests, by number.
  int request_sent(const Process& process, std::string_view body);
  int copy_arrives(int of);
  void handled(int request, const std::string& refresh_token);
  void answer_came(int request, std::string_view body);

  // What a process tells its host.
  void saved(const Process& process, int64_t generation);
  void generation_seen(const Process& process, int64_t generation);
  void state_told(const Process& process, int32_t state);
  void token_given(const Process& process, const Outcome& outcome);
  void error_told(Process& process, const Outcome& outcome, bool token_wanted, int64_t min_valid_ms);

  void process_began(const Process& process);
  void process_died(const Process& process);
  void power_cut();
  void after_step(const Process& process);
  /// Something has just gone wrong that a client cannot help.
  void not_well();
  /// Looks at what is on the disk: is the grant kept?
  void check_disk();
  /// At the end, when all has been well for a day: everybody has a token that works.
  void check_the_end();

  /// No living grant, and nobody has authorized again yet.
  bool lost() const { return lost_; }
  int64_t generation() const { return durable_generation_; }

 private:
  struct Request {
    int process = 0;
    int64_t sent_ms = 0, answered_ms = 0;
    bool copy = false, refresh = false;
    std::string credential;
    std::string successor;   ///< what the server gave for it
    bool under_way = true;   ///< its sender lives and waits for the answer
    bool in_memory = false;  ///< its sender lives and has the successor
    bool durable = false;
    bool hopeless = false;  ///< the answer never came whole
    bool cut = false;       ///< only its refresh token did: the refresh goes on at once, for the access token
  };
  struct Observer {
    int64_t generation = 0, at_start = 0;
    int32_t state = 0;
    int64_t hour = -1, steps = 0, requests = 0;
  };
  struct Span {
    int64_t from_ms, until_ms;
  };

  std::optional<Record> record_on_disk() const;
  bool on_its_way() const;
  void judge_loss(const std::vector<Secret>& candidates);
  /// Was there time enough, after so many `tries` with the token, for one more?
  bool could_have_been_kept(int64_t used_ms, int64_t tries) const;
  void count_refresh(int64_t answered_ms);

  World& world_;
  std::vector<Request> requests_;
  std::map<int, Observer> observers_;
  bool lost_ = true;
  bool untrue_verdict_stands_ = false;
  int64_t durable_generation_ = 0;
  int64_t no_clock_until_ms_ = -1;
  int64_t syncs_seen_ = 0;
  std::deque<int64_t> refreshed_ms_;  // within the last hour
  std::deque<Span> well_;             // the latest times in which all was well
  int64_t well_since_ms_ = 0;
};

}  // namespace ecoauth::simulation
