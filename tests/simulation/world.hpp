// One account, the machine whose processes share it, the server, and the person who owns it.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "host.hpp"
#include "judge.hpp"
#include "network.hpp"
#include "process.hpp"
#include "server.hpp"
#include "timeline.hpp"

namespace ecoauth::simulation {

inline const std::string client_id(32, 'k');
inline const std::string account_name = "home";
inline const std::string store_folder = "/var/lib/ecoauth";

struct WorldSettings {
  uint64_t seed = 1;
  ServerSettings server;
  std::vector<ProgramSettings> programs;  ///< one for each process
  bool has_clock_battery = true;
  bool tells_boot_id = true;
  Chances chances;
  double interruptions = 0.002;  ///< of the points of a process, how many let others in
};

class World {
 public:
  explicit World(WorldSettings settings);
  ~World();
  World(const World&) = delete;
  World& operator=(const World&) = delete;

 private:
  const WorldSettings settings_;
  std::vector<std::shared_ptr<Process>> all_;  // before the timeline, whose tasks refer to them

 public:
  Timeline timeline;
  Host host;
  Server server;
  Network network;
  Judge judge;

  // The machine.
  void boot();
  /// The power goes, and comes back after a while (negative: not by itself). What was not synced is left to chance.
  void cut_power(int64_t off_ms);
  /// Everything is stopped in good order first.
  void reboot(int64_t off_ms);
  /// Sleeps here and now, even in the middle of a process's call.
  void sleep_through(int64_t span_ms);
  void suspend(int64_t span_ms);
  void when_awake(std::function<void()> task);
  int64_t awake_since_ms() const { return awake_since_ms_; }

  // Its processes.
  void start(int slot);
  void crash(int slot, int64_t pause_ms);
  void restart_in_good_order(int slot);
  /// The process that has this place at the moment.
  const std::shared_ptr<Process>& process(int slot) const { return processes_[static_cast<size_t>(slot)]; }
  const std::vector<std::shared_ptr<Process>>& processes() const { return processes_; }
  int slots() const { return static_cast<int>(processes_.size()); }
  void let_others_in(const Process& interrupted);

  // What surrounds them.
  void set_weather(Weather weather, int64_t span_ms);
  void set_trouble(DiskTrouble trouble, int64_t span_ms);
  void break_api(int64_t span_ms);
  void pin_shown(const std::string& pin);
  bool all_is_well() const;
  const std::string& token_file() const { return token_file_; }
  /// No more troubles from now on.
  void set_right();

  bool old_disk_comes_back = false;  ///< sabotage: after a power cut, as from a backup

 private:
  void care();
  void ask_network_for_time();
  bool anybody_busy() const;

  std::vector<std::shared_ptr<Process>> processes_;
  std::string token_file_;
  std::vector<std::function<void()>> when_awake_;
  int64_t awake_since_ms_ = 0;
  int interruptions_ = 0;
  int weather_number_ = 0, trouble_number_ = 0;
  int boots_ = 0;
  std::string backup_;
};

}  // namespace ecoauth::simulation
