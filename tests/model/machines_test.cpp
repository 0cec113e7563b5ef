// The real state machines, two or three of them, driven through the events of the model: they lose what the model's
// full protocol loses, and nothing else.
#include "machines.hpp"

#include <boost/test/unit_test.hpp>
#include <string>

#include "every_policy.hpp"

using namespace ecoauth::model;

namespace {

Walked check(const std::string& row, const MachineSetting& setting, const Faults& faults, Policies expected) {
  const Walked walked = walk_every_policy<Machines>(row, setting, faults, expected);
  BOOST_TEST_MESSAGE(row << ", state machines: " << text_of(walked));
  return walked;
}

constexpr int64_t s = 1000;

/// Between two expiries the grace time goes by, in an hour or, where the row is about "inside any grace", never.
MachineSetting inside_any_grace() {
  MachineSetting setting;
  setting.grace_ms = for_ever_ms;
  return setting;
}

/// The shortest grace time that servers are known to have.
MachineSetting short_grace() {
  MachineSetting setting;
  setting.grace_ms = 30 * s;
  return setting;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(machines)

BOOST_AUTO_TEST_CASE(no_fault) {
  MachineSetting three;
  three.processes = 3;
  three.expiries = 1;
  const Walked once = check("no fault, three processes", three, {}, none);
  BOOST_TEST(once.fewest_refreshes == 1);
  BOOST_TEST(once.most_refreshes == 1);
  three.expiries = 3;
  const Walked thrice = check("no fault, three processes, three expiries", three, {}, none);
  BOOST_TEST(thrice.fewest_refreshes == 1);
  BOOST_TEST(thrice.most_refreshes == 3);
}

BOOST_AUTO_TEST_CASE(save_fails_twice) {
  Faults faults;
  faults.failing_saves = 2;
  const Walked walked = check("save fails twice", MachineSetting(), faults, none);
  BOOST_TEST(walked.most_refreshes == 2, "two expiries, two refreshes: what is not saved is kept, not fetched again");
}

BOOST_AUTO_TEST_CASE(request_lost) {
  Faults faults;
  faults.requests_lost = 2;
  check("request lost", short_grace(), faults, none);
}

BOOST_AUTO_TEST_CASE(crashes_and_lost_answers_inside_the_grace_time) {
  Faults crashes, answer, both;
  crashes.crashes = both.crashes = 2;
  answer.answers_lost = both.answers_lost = 1;
  for (const bool early : {false, true}) {
    MachineSetting setting = inside_any_grace(), at_worst = short_grace();
    setting.early = at_worst.early = early;
    const std::string when = early ? ", early refresh" : "";
    check("crash x2" + when, setting, crashes, strict_ones);
    check("answer lost" + when, setting, answer, strict_ones);
    check("crash x2 and answer lost" + when, setting, both, strict_ones);
    // Found out by a time-out of 20 s, or by starting again 5 s later, and still in time.
    crashes.crashes = 1;
    check("crash, 30 s of grace" + when, at_worst, crashes, strict_ones);
    check("answer lost, 30 s of grace" + when, at_worst, answer, strict_ones);
    crashes.crashes = 2;
  }
}

BOOST_AUTO_TEST_CASE(an_intent_brings_the_next_process_back_in_time) {
  MachineSetting alone = short_grace();
  alone.early = true;
  alone.processes = 1;
  Faults faults;
  faults.crashes = 1;
  check("crash in an early refresh, 30 s of grace", alone, faults, strict_ones);
}

BOOST_AUTO_TEST_CASE(answer_lost_and_grace_over) {
  Faults faults;
  faults.answers_lost = faults.grace_ends = 1;
  check("answer lost and grace over", MachineSetting(), faults, strict_ones | grace_ones);
}

BOOST_AUTO_TEST_CASE(late_duplicate) {
  Faults faults;
  faults.late_copies = 1;
  check("late duplicate", inside_any_grace(), faults, strict_ones);
  // The API rejects the new token at once: without the gap, the next refresh would run into the late copy.
  MachineSetting rejected = inside_any_grace();
  rejected.expiries = 1;
  rejected.rejections = 2;
  check("late duplicate, token rejected", rejected, faults, strict_ones);
  // Where a replay kills the newest token, that shows at the next refresh: an hour later, when grace is over for the
  // predecessor, too. Nobody could know.
  check("late duplicate and grace over", MachineSetting(), faults, strict_ones | grace_last_ones);
}

BOOST_AUTO_TEST_CASE(lock_not_exclusive) {
  MachineSetting open;
  open.exclusive = false;
  check("lock not exclusive", open, {}, only(Policy::strict_family));
}

BOOST_AUTO_TEST_CASE(mixed_faults) {
  Faults faults;
  faults.crashes = faults.answers_lost = faults.late_copies = faults.failing_saves = 1;
  MachineSetting one_expiry = inside_any_grace();
  one_expiry.expiries = 1;
  check("mixed faults", one_expiry, faults, strict_ones);
  MachineSetting three = one_expiry;
  three.processes = 3;
  Faults fewer;
  fewer.crashes = fewer.answers_lost = 1;
  check("mixed faults, three processes", three, fewer, strict_ones);
  MachineSetting open = inside_any_grace();
  open.exclusive = false;
  check("mixed faults, lock not exclusive", open, fewer, strict_ones);
}

BOOST_AUTO_TEST_SUITE_END()
