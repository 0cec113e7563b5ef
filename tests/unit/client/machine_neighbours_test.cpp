// What other processes, other programs and people do to the record of a process that goes on running.
#include <ecoauth/status.h>

#include <boost/test/unit_test.hpp>
#include <list>
#include <string>

#include "answers.hpp"
#include "machine_rig.hpp"

using namespace ecoauth;
using namespace ecoauth::test;

namespace {

constexpr int64_t min = 60000, h = 60 * min;
constexpr AnswerContext R = AnswerContext::refresh;

Rig loaded() {
  VirtualClock clock;
  Rig rig({}, record_with_grant(clock));
  rig.clock = clock;
  rig.want(Want::load);
  rig.go_on();
  rig.clock.advance_ms(2 * h);
  return rig;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(neighbours)

BOOST_AUTO_TEST_CASE(processes_that_try_once_each_come_to_a_verdict_too) {
  // A command-line tool that runs every few minutes: each of its tries is another connection.
  std::list<Rig> runs;
  runs.push_back(loaded());
  for (int64_t wait_ms : {0 * min, 1 * min, 5 * min, 15 * min}) {
    runs.push_back(runs.back().restarted());
    Rig& run = runs.back();
    run.clock.advance_ms(wait_ms);
    BOOST_TEST((!run.disk || run.disk->grant->state != GrantState::needs_reauthorization));
    run.want(Want::token);
    run.served(error_answer(R, "invalid_grant"));
  }
  BOOST_TEST((runs.back().disk->grant->state == GrantState::needs_reauthorization));
}

BOOST_AUTO_TEST_SUITE_END()
