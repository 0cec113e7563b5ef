#include "world.hpp"

#include <algorithm>
#include <utility>

namespace ecoauth::simulation {
namespace {

std::string token_file_of_account() {
  const Identity identity{account_name, Origin{"https", "api.ecobee.com", 443}.text(),
                          fingerprint_of_client_id(Secret(client_id))};
  return store_folder + "/" + store_key(identity) + ".ecoauth";
}

}  // namespace

World::World(WorldSettings settings)
    : settings_(std::move(settings)),
      timeline(settings_.seed),
      host(timeline, settings_.has_clock_battery, settings_.tells_boot_id),
      server(settings_.server),
      network(*this, settings_.chances),
      judge(*this),
      processes_(settings_.programs.size()),
      token_file_(token_file_of_account()) {
  timeline.after(minute_ms, [this] { care(); });
}

World::~World() {
  // Everything of them that is still referred to from somewhere must not touch the disk any more.
  for (const auto& process : all_) process->die();
}

// ---- the machine

void World::boot() {
  host.switch_on();
  awake_since_ms_ = timeline.now_ms();
  ++judge.counts["boots"];
  timeline.note("boots", host.clock_is_right() ? "" : ", the wall clock is wrong");
  ++boots_;
  for (int slot = 0; slot < slots(); ++slot)
    timeline.after(timeline.between(0, 20 * second_ms), [this, slot, boots = boots_] {
      if (boots == boots_) start(slot);
    });
  if (!host.clock_is_right()) timeline.after(timeline.between(5, 120) * second_ms, [this] { ask_network_for_time(); });
}

void World::ask_network_for_time() {
  if (!host.on() || host.clock_is_right()) return;
  if (network.reaches_api()) {
    timeline.note("the wall clock is set right");
    host.set_right();
  } else {
    timeline.after(minute_ms, [this] { ask_network_for_time(); });
  }
}

void World::cut_power(int64_t off_ms) {
  if (!host.on()) return;
  ++judge.counts["power cuts"];
  timeline.note("the power is cut for ", off_ms);
  std::vector<size_t> outcomes = host.disk.doubts();
  for (size_t& outcome : outcomes) outcome = timeline.dice().below(outcome);
  for (auto& process : processes_)
    if (process) process->die();
  host.switch_off(outcomes);
  when_awake_.clear();
  if (std::string* file = host.disk.bytes_of(token_file_); file && old_disk_comes_back) {
    if (!backup_.empty()) *file = backup_;
    backup_ = *file;
  }
  judge.power_cut();
  if (off_ms >= 0)
    timeline.after(off_ms, [this] {
      if (!host.on()) boot();
    });
}

void World::reboot(int64_t off_ms) {
  if (!host.on() || host.asleep) return;
  timeline.note("goes down for ", off_ms);
  for (auto& process : processes_)
    if (process && process->alive()) process->stop();
  timeline.after(10 * second_ms, [this, off_ms] {
    if (!host.on()) return;
    ++judge.counts["shutdowns in good order"];
    for (auto& process : processes_)
      if (process) process->die();
    std::vector<size_t> outcomes = host.disk.doubts();
    for (size_t& outcome : outcomes) --outcome;  // the newest of everything
    host.switch_off(outcomes);
    when_awake_.clear();
    judge.not_well();
    timeline.after(off_ms, [this] {
      if (!host.on()) boot();
    });
  });
}

void World::sleep_through(int64_t span_ms) {
  if (!host.on() || host.asleep) return;
  ++judge.counts["suspends"];
  timeline.note("sleeps for ", span_ms);
  host.asleep = true;
  judge.not_well();
  timeline.pass(span_ms);
  if (!host.on()) return;
  host.asleep = false;
  awake_since_ms_ = timeline.now_ms();
  judge.not_well();
  timeline.note("wakes");
  for (auto& task : std::exchange(when_awake_, {})) timeline.after(timeline.between(0, 300), std::move(task));
}

void World::suspend(int64_t span_ms) {
  // A task of the timeline; what is busy in the middle of a call is so because of an interruption, which is short.
  if (anybody_busy())
    timeline.after(second_ms, [this, span_ms] { suspend(span_ms); });
  else
    sleep_through(span_ms);
}

void World::when_awake(std::function<void()> task) { when_awake_.push_back(std::move(task)); }

bool World::anybody_busy() const {
  return std::any_of(processes_.begin(), processes_.end(),
                     [](const auto& process) { return process && process->busy(); });
}

// ---- processes

void World::start(int slot) {
  if (!host.on()) return;
  if (host.asleep) {
    when_awake([this, slot] { start(slot); });
    return;
  }
  auto& place = processes_[static_cast<size_t>(slot)];
  if (place && place->alive()) {
    if (place->stopping()) timeline.after(2 * second_ms, [this, slot] { start(slot); });
    return;
  }
  const int number = static_cast<int>(all_.size());
  place = std::make_shared<Process>(*this, slot, number, settings_.programs[static_cast<size_t>(slot)]);
  all_.push_back(place);
  ++judge.counts["processes started"];
  timeline.note("p", number, " starts");
  judge.process_began(*place);
  place->begin();
}

void World::crash(int slot, int64_t pause_ms) {
  auto& process = processes_[static_cast<size_t>(slot)];
  if (!process || !process->alive()) return;
  ++judge.counts["crashes"];
  timeline.note("p", process->number(), " is killed");
  process->die();
  timeline.after(pause_ms, [this, slot] { start(slot); });
}

void World::restart_in_good_order(int slot) {
  auto& process = processes_[static_cast<size_t>(slot)];
  if (!process || !process->alive() || host.asleep) return;
  ++judge.counts["restarts in good order"];
  timeline.note("p", process->number(), " is stopped");
  process->stop();
  timeline.after(10 * second_ms, [this, slot] { start(slot); });
}

void World::let_others_in(const Process&) {
  if (interruptions_ >= 3 || !timeline.chance(settings_.interruptions)) return;
  ++interruptions_;
  timeline.pass(timeline.between(0, 50));
  --interruptions_;
}

// ---- what surrounds them

void World::set_weather(Weather weather, int64_t span_ms) {
  if (network.weather != Weather::fine) return;
  ++judge.counts[std::string("outages: ") + name_of(weather)];
  timeline.note("weather: ", name_of(weather), " for ", span_ms);
  network.weather = weather;
  judge.not_well();
  timeline.after(span_ms, [this, number = ++weather_number_] {
    if (number != weather_number_) return;
    timeline.note("fine weather");
    network.weather = Weather::fine;
    judge.not_well();
  });
}

void World::set_trouble(DiskTrouble trouble, int64_t span_ms) {
  if (host.trouble != DiskTrouble::none) return;
  ++judge.counts[std::string("disk troubles: ") + name_of(trouble)];
  timeline.note("disk: ", name_of(trouble), " for ", span_ms);
  host.trouble = trouble;
  judge.not_well();
  timeline.after(span_ms, [this, number = ++trouble_number_] {
    if (number != trouble_number_) return;
    timeline.note("the disk is well");
    host.trouble = DiskTrouble::none;
    judge.not_well();
  });
}

void World::break_api(int64_t span_ms) {
  ++judge.counts["times the API refused every token"];
  timeline.note("the API refuses every token for ", span_ms);
  network.api_broken = true;
  network.api_broken_until_ms = timeline.now_ms() + span_ms;
  timeline.after(span_ms, [this] { network.api_broken = false; });
}

void World::set_right() {
  timeline.note("all troubles end");
  network.chances() = {0, 0, 0, 0, 0};
  network.weather = Weather::fine;
  network.api_broken = false;
  host.trouble = DiskTrouble::none;
  ++weather_number_;
  ++trouble_number_;
  judge.not_well();
  if (!host.on()) boot();
}

void World::pin_shown(const std::string& pin) {
  timeline.after(timeline.between(20, 180) * second_ms, [this, pin] {
    ++judge.counts["PINs approved"];
    server.approve(pin);
  });
}

void World::care() {
  timeline.after(10 * minute_ms, [this] { care(); });
  if (!judge.lost() || !all_is_well()) return;
  for (const auto& process : processes_)
    if (process && process->alive() && process->authorizing()) return;
  for (const auto& process : processes_) {
    if (!process || !process->alive() || process->stopping()) continue;
    ++judge.counts["authorizations begun by a person"];
    process->ask_for(Command::Kind::authorize_pin);
    return;
  }
}

bool World::all_is_well() const {
  const bool all_run = std::all_of(processes_.begin(), processes_.end(), [](const auto& process) {
    return process && process->alive() && !process->stopping();
  });
  return all_run && host.on() && !host.asleep && host.trouble == DiskTrouble::none && network.weather == Weather::fine;
}

}  // namespace ecoauth::simulation
