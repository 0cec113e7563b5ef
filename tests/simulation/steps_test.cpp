// The wall clock is stepped, or the machine sleeps, at every single step of a refresh: nothing is lost, nothing storms,
// and no refresh is made that would not have been made anyway.
#include <boost/test/unit_test.hpp>
#include <functional>

#include "calm_world.hpp"

using namespace ecoauth::simulation;

namespace {

using Strike = std::function<void(World&)>;

struct Lived {
  int64_t refreshes = 0, requests = 0, lost = 0;
};

/// Half a day, with `strike` at the `point`-th point of the third refresh; 0: never.
Lived live(Policy policy, int point, const Strike& strike) {
  World world(calm(policy));
  world.boot();
  live_until_refreshes(world, 2);
  bool struck = point == 0;
  if (!struck)
    world.process(0)->ambush(point, true, [&] {
      struck = true;
      strike(world);
    });
  world.timeline.pass(12 * hour_ms);
  BOOST_TEST_REQUIRE(struck, "point " << point << " was not reached");
  if (const auto& process = world.process(0)) process->step([&] { process->ask(); });
  world.timeline.pass(3 * minute_ms);
  world.judge.check_the_end();
  BOOST_TEST_REQUIRE(world.judge.most_refreshes_in_an_hour <= 3);
  BOOST_TEST_REQUIRE(world.judge.most_requests_in_an_hour <= 6);
  return {world.judge.counts["refreshes"], world.judge.counts["refresh requests"],
          world.judge.losses.in_window + world.judge.losses.by_late_copy};
}

int points_of_a_refresh() {
  World world(calm(Policy::grace));
  world.boot();
  live_until_refreshes(world, 2);
  int64_t first = 0;
  world.process(0)->ambush(1, true, [&] { first = world.process(0)->points(); });
  live_until_refreshes(world, 3);
  world.timeline.pass(second_ms);  // the lock is let go of, too
  BOOST_REQUIRE(first > 0);
  return static_cast<int>(world.process(0)->points() - first + 1);
}

/// At every point; `slack` is how many refreshes more or fewer there may be than without.
int at_every_point(Policy policy, const Strike& strike, int64_t fewer, int64_t more) {
  const int points = points_of_a_refresh();
  const Lived undisturbed = live(policy, 0, {});
  BOOST_REQUIRE(undisturbed.refreshes > 10);
  for (int point = 1; point <= points; ++point) {
    BOOST_TEST_CONTEXT(name_of(policy) << ", point " << point) {
      const Lived lived = live(policy, point, strike);
      BOOST_TEST_REQUIRE(lived.lost == 0);
      BOOST_TEST_REQUIRE(lived.refreshes >= undisturbed.refreshes - fewer);
      BOOST_TEST_REQUIRE(lived.refreshes <= undisturbed.refreshes + more);
      BOOST_TEST_REQUIRE(lived.requests <= undisturbed.requests + more + 2);
    }
  }
  return points;
}

constexpr int64_t steps_ms[] = {-50 * year_ms, -hour_ms, hour_ms, 10 * year_ms};

}  // namespace

BOOST_AUTO_TEST_SUITE(at_every_step_of_a_refresh)

BOOST_AUTO_TEST_CASE(the_wall_clock_is_stepped) {
  for (Policy policy : {Policy::strict_family, Policy::grace})
    for (int64_t by_ms : steps_ms) {
      const int points = at_every_point(
          policy, [&](World& world) { world.host.step_wall_ms(by_ms); }, 0, 0);
      BOOST_TEST_MESSAGE(name_of(policy) << ", step of " << by_ms / hour_ms << " h: " << points << " points");
      BOOST_TEST(points > 50);
    }
}

BOOST_AUTO_TEST_CASE(the_wall_clock_is_stepped_and_the_machine_starts_anew_with_it) {
  // In another boot the wall clock is all there is. A token may be taken for dead, or be tried until it is refused.
  for (int64_t by_ms : steps_ms)
    at_every_point(
        Policy::grace,
        [&](World& world) {
          world.host.step_wall_ms(by_ms);
          world.cut_power(20 * second_ms);
        },
        2, 3);
}

BOOST_AUTO_TEST_CASE(the_machine_sleeps_for_eight_hours) {
  for (Policy policy : {Policy::grace_last, Policy::until_used, Policy::idempotent})
    at_every_point(
        policy, [](World& world) { world.sleep_through(8 * hour_ms); }, 12, 1);
}

BOOST_AUTO_TEST_SUITE_END()
