// How it ends.
#include <ecoauth/status.h>

#include <boost/test/unit_test.hpp>
#include <string>

#include "answers.hpp"
#include "machine_rig.hpp"

using namespace ecoauth;
using namespace ecoauth::test;
using Answer = Rig::StoreAnswer;

namespace {

constexpr int64_t s = 1000, min = 60 * s, h = 60 * min;
constexpr AnswerContext R = AnswerContext::refresh;

}  // namespace

BOOST_AUTO_TEST_SUITE(the_end)

BOOST_AUTO_TEST_CASE(nothing_is_started_and_nobody_waits) {
  for (Want want : {Want::load, Want::token, Want::refresh, Want::authorize, Want::sign_out})
    for (int stage = 0; stage < 7; ++stage)
      BOOST_TEST_CONTEXT("want " << static_cast<int>(want) << ", stage " << stage) {
        VirtualClock clock;
        Rig rig({}, record_with_grant(clock));
        rig.clock = clock;
        rig.clock.advance_ms(2 * h);
        const OperationId caller = rig.want(want);
        for (int i = 0; i < stage; ++i) {
          if (!rig.store.empty())
            rig.store_answers(Answer::good);
          else if (rig.net == Rig::Net::connecting)
            rig.connected();
        }
        const int sends = rig.sends;
        const bool under_way = rig.net == Rig::Net::sent;
        rig.quiesce();
        rig.go_on();
        BOOST_TEST(rig.sends == sends);
        if (under_way && rig.net == Rig::Net::sent) {
          rig.answers(rig.context == R ? renewed(2) : pin_answer("ABCD", "code-1"));
          rig.go_on();
          if (want != Want::authorize)
            BOOST_TEST(rig.disk->grant->generation == 2, "what was sent is finished and saved");
        }
        BOOST_TEST(rig.machine.idle());
        BOOST_TEST(!rig.waits(caller));
        BOOST_TEST(rig.wake_in_ms() == -1);
        BOOST_TEST(rig.ended(rig.want(Want::refresh)).result == ECOAUTH_ERROR_CANCELLED);
        BOOST_TEST(!rig.machine.holds_lock());
      }
}

BOOST_AUTO_TEST_CASE(waiting_is_over_at_once) {
  Rig locked = rig_with_grant();
  locked.clock.advance_ms(2 * h);
  locked.other_holds_lock = true;
  locked.want(Want::token);
  locked.go_on();
  locked.quiesce();
  BOOST_TEST(locked.machine.idle());

  Rig busy = rig_with_grant();
  busy.clock.advance_ms(2 * h);
  busy.want(Want::token);
  busy.quiesce();
  busy.store_answers(Answer::busy);
  BOOST_TEST(busy.machine.idle());

  Rig refused = rig_with_grant();
  refused.clock.advance_ms(2 * h);
  refused.want(Want::token);
  refused.served(renewed(2));
  refused.clock.advance_ms(2 * h);
  refused.want(Want::token);
  refused.go_on();
  refused.quiesce();
  refused.answers(error_answer(R, "invalid_grant"));
  refused.go_on();
  BOOST_TEST(refused.machine.idle(), "the older candidate is for the next process");
  BOOST_TEST((refused.disk->grant->state == GrantState::active), "who was not heard to the end is not charged");
  BOOST_TEST(refused.disk->intent.has_value());

  Rig backoff = rig_with_grant();
  backoff.clock.advance_ms(2 * h);
  backoff.want(Want::token);
  backoff.served(answer(R, 503, ""));
  BOOST_TEST((backoff.machine.step() == Step::backoff));
  backoff.quiesce();
  backoff.go_on();
  BOOST_TEST(backoff.machine.idle());
  BOOST_TEST(!backoff.machine.holds_lock());

  Rig polling;
  const OperationId login = polling.want(Want::authorize);
  polling.served(pin_answer("ABCD", "code-1"));
  polling.quiesce();
  BOOST_TEST(polling.ended(login).result == ECOAUTH_ERROR_CANCELLED);
  BOOST_TEST(polling.wake_in_ms() == -1);
  BOOST_TEST(polling.disk->pending.has_value());
}

BOOST_AUTO_TEST_CASE(an_unsaved_pair_is_saved_as_long_as_the_process_lives) {
  Rig rig = rig_with_grant();
  rig.clock.advance_ms(2 * h);
  rig.want(Want::token);
  rig.go_on();
  rig.answers(renewed(2));
  rig.store_answers(Answer::failed);
  rig.clock.advance_ms(s);
  rig.quiesce();
  BOOST_TEST(rig.machine.unsaved());
  BOOST_REQUIRE_MESSAGE(rig.store.size() == 1u, "tried at once: it may be the last chance");
  rig.store_answers(Answer::failed);
  BOOST_TEST(rig.wake_in_ms() == 5 * s);
  rig.ring();
  rig.go_on();
  BOOST_TEST(!rig.machine.unsaved());
  BOOST_TEST(rig.disk->grant->generation == 2);
  BOOST_TEST(rig.wake_in_ms() == -1);
}

BOOST_AUTO_TEST_CASE(a_cancelled_caller_disturbs_nobody) {
  Rig rig = rig_with_grant();
  rig.clock.advance_ms(2 * h);
  const OperationId first = rig.want(Want::token), second = rig.want(Want::token);
  rig.go_on();
  BOOST_TEST(rig.cancel(first));
  BOOST_TEST(!rig.cancel(first));
  BOOST_TEST(!rig.cancel(12345));
  rig.served(renewed(2));
  BOOST_TEST(rig.ended(second).result == ECOAUTH_OK);
  BOOST_TEST(rig.done.count(first) == 0u);

  Rig alone = rig_with_grant();
  alone.clock.advance_ms(2 * h);
  alone.cancel(alone.want(Want::token));
  alone.served(renewed(2));
  BOOST_TEST(alone.disk->grant->generation == 2, "the exchange is finished and saved");
}

BOOST_AUTO_TEST_SUITE_END()
