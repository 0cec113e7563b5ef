#include "client/now.hpp"

#include <boost/test/unit_test.hpp>

#include "support/virtual_clock.hpp"

using namespace ecoauth;

namespace {
Now now_of(const test::VirtualClock& clock) { return {clock.boot_ms(), clock.wall_ms(), clock.boot_id(), 0.5}; }
}  // namespace

BOOST_AUTO_TEST_SUITE(elapsed)

BOOST_AUTO_TEST_CASE(within_a_boot_the_wall_clock_has_no_say) {
  test::VirtualClock clock;
  const Moment then = now_of(clock).moment();
  clock.advance_ms(5000);
  for (int64_t step_ms : {int64_t{0}, int64_t{-3600000}, int64_t{3600000}, int64_t{50} * 365 * 86400 * 1000,
                          int64_t{-50} * 365 * 86400 * 1000}) {
    clock.step_wall_ms(step_ms);
    BOOST_TEST(elapsed_ms(then, now_of(clock)) == 5000);
    clock.step_wall_ms(-step_ms);
  }
}

BOOST_AUTO_TEST_CASE(suspend_counts) {
  test::VirtualClock clock;
  const Moment then = now_of(clock).moment();
  clock.advance_ms(8 * 3600000);
  BOOST_TEST(elapsed_ms(then, now_of(clock)) == 8 * 3600000);
}

BOOST_AUTO_TEST_CASE(across_boots_a_plausible_wall_clock_tells) {
  test::VirtualClock clock;
  const Moment then = now_of(clock).moment();
  clock.reboot(60000);
  BOOST_TEST(elapsed_ms(then, now_of(clock)) == 60000);
  clock.step_wall_ms(-60001);
  BOOST_TEST(elapsed_ms(then, now_of(clock)) == -1, "behind the record");
  clock.set_wall_ms(0);
  BOOST_TEST(elapsed_ms(then, now_of(clock)) == -1, "no battery: 1970");
  const Moment in_1970 = now_of(clock).moment();
  clock.reboot(1000);
  BOOST_TEST(elapsed_ms(in_1970, now_of(clock)) == -1, "before this library was built, whatever the record says");
}

BOOST_AUTO_TEST_CASE(without_boot_ids_only_the_wall_clock_is_left) {
  test::VirtualClock clock;
  clock.forget_boot_id();
  const Moment then = now_of(clock).moment();
  clock.advance_ms(5000);
  BOOST_TEST(elapsed_ms(then, now_of(clock)) == 5000);
  clock.step_wall_ms(-6000);
  BOOST_TEST(elapsed_ms(then, now_of(clock)) == -1);
}

BOOST_AUTO_TEST_SUITE_END()
