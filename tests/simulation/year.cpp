#include "year.hpp"

#include <algorithm>
#include <functional>

#include "world.hpp"

namespace ecoauth::simulation {
namespace {

class Year {
 public:
  explicit Year(const YearSettings& settings) : settings_(settings), world_(draw_world(settings)) {
    world_.timeline.log.verbose = settings.verbose;
    world_.host.syncs_are_lies = settings.sabotage == Sabotage::no_sync;
    world_.host.disk.locks_work = settings.sabotage != Sabotage::no_locks;
    world_.old_disk_comes_back = settings.sabotage == Sabotage::old_disk;
  }

  YearReport live() {
    YearReport report;
    try {
      world_.boot();
      draw_faults();
      world_.timeline.pass_until(year_ms);
      world_.set_right();
      world_.timeline.pass(26 * hour_ms);
      for (const auto& process : world_.processes())
        if (process) process->step([&] { process->ask(); });
      world_.timeline.pass(3 * minute_ms);
      world_.judge.check_the_end();
    } catch (const Violation& violation) {
      report.violation = violation.what();
      report.violated_at_ms = world_.timeline.now_ms();
      report.last_events = world_.timeline.log.latest();
    }
    Judge& judge = world_.judge;
    report.counts = judge.counts;
    report.losses = judge.losses;
    report.windows_ms = std::move(judge.windows_ms);
    report.most_refreshes_in_an_hour = judge.most_refreshes_in_an_hour;
    report.most_refreshes_without_clock = judge.most_refreshes_without_clock;
    report.most_steps_in_an_hour = judge.most_steps_in_an_hour;
    report.most_requests_in_an_hour = judge.most_requests_in_an_hour;
    report.longest_wait_ms = judge.longest_wait_ms;
    report.digest = world_.timeline.log.digest();
    return report;
  }

 private:
  static WorldSettings draw_world(const YearSettings& settings);
  void draw_faults();

  /// About so many times in the year, at any time.
  void often(int64_t about, std::function<void()> what) {
    Timeline& timeline = world_.timeline;
    const int64_t count = timeline.between(about / 2, about + (about + 1) / 2);
    for (int64_t i = 0; i < count; ++i) timeline.at(timeline.between(0, year_ms), what);
  }
  int any_slot() { return static_cast<int>(world_.timeline.between(0, world_.slots() - 1)); }
  int64_t pause_ms() { return world_.timeline.span_between(second_ms, 10 * minute_ms); }
  /// How long the machine stays off: minutes as a rule, sometimes weeks.
  int64_t off_ms() {
    Timeline& timeline = world_.timeline;
    return timeline.chance(0.1) ? timeline.span_between(hour_ms, 28 * day_ms)
                                : timeline.span_between(5 * second_ms, 10 * minute_ms);
  }
  /// At some point of the next refresh of some process, in the middle of whatever it does there.
  void in_a_refresh(std::function<void(int slot)> what) {
    const int slot = any_slot();
    const auto& process = world_.process(slot);
    if (process && process->alive())
      process->ambush(static_cast<int>(world_.timeline.between(1, 160)), true,
                      [slot, what = std::move(what)] { what(slot); });
  }
  void step_the_wall_clock();
  void refuse_for_hours();

  const YearSettings settings_;
  World world_;
};

WorldSettings Year::draw_world(const YearSettings& settings) {
  test::FixedRandom dice(settings.seed * 0x9e3779b97f4a7c15u + 7);
  auto one_of = [&](int percent) { return static_cast<int>(dice.below(100)) < percent; };
  WorldSettings world;
  world.seed = dice.next();
  world.server.policy = settings.variant.policy;
  world.server.grace_ms = settings.variant.short_grace ? minute_ms : 45 * day_ms;
  const size_t sizes[] = {40, 300, 1300};
  world.server.token_bytes = sizes[dice.below(3)];
  world.has_clock_battery = !one_of(30);
  world.tells_boot_id = !one_of(5);
  const int64_t intervals_min[] = {10, 30, 60, 120, 240, 480};
  const size_t processes = 1 + dice.below(4);
  for (size_t i = 0; i < processes; ++i) {
    ProgramSettings program;
    program.interval_ms = intervals_min[dice.below(6)] * minute_ms;
    program.keep_fresh = one_of(15) ? KeepFresh::always : KeepFresh::on_demand;
    program.min_valid_ms = one_of(20) ? 5 * minute_ms : 0;
    world.programs.push_back(program);
  }
  return world;
}

void Year::draw_faults() {
  Timeline& timeline = world_.timeline;
  World& world = world_;
  // Processes and the machine.
  often(20, [&] { world.crash(any_slot(), pause_ms()); });
  often(60, [&] { in_a_refresh([&](int slot) { world.crash(slot, pause_ms()); }); });
  often(20, [&] { world.restart_in_good_order(any_slot()); });
  often(6, [&] { world.cut_power(off_ms()); });
  often(16, [&] { in_a_refresh([&](int) { world.cut_power(off_ms()); }); });
  often(8, [&] { world.reboot(off_ms()); });
  often(timeline.chance(0.2) ? 150 : 4, [&] { world.suspend(timeline.span_between(minute_ms, 10 * hour_ms)); });
  often(8, [&] { in_a_refresh([&](int) { world.sleep_through(8 * hour_ms); }); });
  often(12, [&] { step_the_wall_clock(); });
  // The network and the server.
  for (Weather weather : {Weather::unreachable, Weather::silent, Weather::resets, Weather::html})
    often(8, [&, weather] { world.set_weather(weather, timeline.span_between(2 * minute_ms, 3 * day_ms)); });
  for (Weather weather : {Weather::invalid_grant, Weather::invalid_client})
    often(6, [&, weather] { world.set_weather(weather, timeline.between(1, 15) * minute_ms); });
  often(6, [&] { world.set_weather(Weather::throttled, timeline.span_between(minute_ms, 2 * hour_ms)); });
  if (timeline.chance(0.5)) often(1, [&] { refuse_for_hours(); });
  often(40, [&] {
    ++world.judge.counts["access tokens ended early"];
    world.server.kill_access_tokens();
  });
  often(2, [&] { world.break_api(timeline.between(10, 90) * minute_ms); });
  // The disk.
  for (int trouble = 1; trouble < disk_trouble_count; ++trouble)
    often(3, [&, trouble] {
      world.set_trouble(static_cast<DiskTrouble>(trouble), timeline.span_between(20 * second_ms, 2 * hour_ms));
    });
  often(10, [&] {
    in_a_refresh([&](int) {
      world.set_trouble(static_cast<DiskTrouble>(timeline.between(1, disk_trouble_count - 1)),
                        timeline.span_between(second_ms, 10 * minute_ms));
    });
  });
  // All processes at once.
  often(100, [&] {
    ++world.judge.counts["races"];
    for (const auto& process : world.processes())
      if (process)
        process->ask_for(timeline.chance(0.1) && world.network.weather != Weather::invalid_grant
                             ? Command::Kind::refresh
                             : Command::Kind::get_token);
  });
  if (settings_.sabotage == Sabotage::revoked) often(3, [&] { world.server.end_grant(timeline.now_ms()); });
}

void Year::step_the_wall_clock() {
  if (!world_.host.on()) return;
  static constexpr int64_t steps_ms[] = {-50 * year_ms, -hour_ms, hour_ms, 10 * year_ms};
  const int64_t by_ms = steps_ms[world_.timeline.dice().below(4)];
  ++world_.judge.counts["steps of the wall clock"];
  world_.timeline.note("the wall clock is stepped by ", by_ms);
  world_.host.step_wall_ms(by_ms);
  world_.timeline.after(world_.timeline.span_between(minute_ms, 5 * day_ms), [this] {
    world_.timeline.note("the wall clock is set right");
    world_.host.set_right();
  });
}

void Year::refuse_for_hours() {
  if (world_.network.weather != Weather::fine) return;
  const int64_t span_ms = world_.timeline.span_between(hour_ms, 12 * hour_ms);
  world_.set_weather(Weather::invalid_grant, span_ms);
  world_.judge.untrue_verdicts_excused_until_ms = world_.timeline.now_ms() + span_ms;
}

}  // namespace

const std::vector<Variant>& variants() {
  static const std::vector<Variant> all = {
      {Policy::reusable, false},   {Policy::strict, false},     {Policy::strict_family, false}, {Policy::grace, false},
      {Policy::grace_last, false}, {Policy::until_used, false}, {Policy::idempotent, false},    {Policy::grace, true},
      {Policy::grace_last, true},  {Policy::idempotent, true},
  };
  return all;
}

YearReport live_through_a_year(const YearSettings& settings) { return Year(settings).live(); }

}  // namespace ecoauth::simulation
