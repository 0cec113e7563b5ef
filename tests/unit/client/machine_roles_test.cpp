// Owners and followers of one record.
#include <ecoauth/status.h>

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <string>

#include "answers.hpp"
#include "machine_rig.hpp"

using namespace ecoauth;
using namespace ecoauth::test;
using Answer = Rig::StoreAnswer;

namespace {

constexpr int64_t s = 1000, min = 60 * s, h = 60 * min;
constexpr AnswerContext R = AnswerContext::refresh, P = AnswerContext::poll;

}  // namespace

BOOST_AUTO_TEST_SUITE(followers)

BOOST_AUTO_TEST_CASE(follow_the_store_and_refresh_nothing) {
  Rig rig = rig_with_grant(Role::follower);
  BOOST_TEST(rig.ended(rig.want(Want::token)).result == ECOAUTH_OK);
  BOOST_TEST(rig.wake_in_ms() == -1);
  rig.clock.advance_ms(2 * h);
  refreshed_by_the_owner(rig, 2);
  const OperationId caller = rig.want(Want::token);
  BOOST_TEST(rig.waits(caller));
  rig.go_on();
  BOOST_TEST(rig.ended(caller).result == ECOAUTH_OK);
  BOOST_TEST(rig.record().grant->generation == 2);
  BOOST_TEST(rig.connects == 0);
}

BOOST_AUTO_TEST_CASE(look_once_for_each_caller) {
  Rig rig = rig_with_grant(Role::follower);
  rig.clock.advance_ms(2 * h);
  for (Want want : {Want::token, Want::refresh}) {
    const OperationId caller = rig.want(want);
    BOOST_REQUIRE(rig.store.size() == 1u);
    rig.clock.advance_ms(7);  // reading takes its time
    rig.store_answers(Answer::good);
    BOOST_TEST(rig.store.empty());
    BOOST_TEST(rig.ended(caller).result == ECOAUTH_ERROR_WRONG_STATE);
    BOOST_TEST(rig.ended(caller).error->action == ECOAUTH_ACTION_RETRY);
    BOOST_TEST(rig.ended(caller).error->retry_after_ms == 5 * s);
    BOOST_TEST(rig.wake_in_ms() == -1);
    rig.clock.advance_ms(1);
  }
}

BOOST_AUTO_TEST_CASE(serve_what_lives_when_the_store_does_not) {
  Rig rig = rig_with_grant(Role::follower);
  rig.clock.advance_ms(h - min);
  const OperationId usable = rig.want(Want::token);
  rig.store_answers(Answer::failed);
  BOOST_TEST(rig.ended(usable).result == ECOAUTH_OK);
  rig.clock.advance_ms(2 * min);
  const OperationId caller = rig.want(Want::token);
  rig.store_answers(Answer::failed);
  BOOST_TEST(rig.ended(caller).result == ECOAUTH_ERROR_STORE);
  BOOST_TEST(rig.machine.flags() == ECOAUTH_FLAG_DEGRADED);
}

BOOST_AUTO_TEST_CASE(look_for_a_newer_token_when_theirs_is_refused) {
  Rig rig = rig_with_grant(Role::follower);
  BOOST_TEST(rig.rejected(1));
  BOOST_TEST(rig.wake_in_ms() == -1);
  OperationId caller = rig.want(Want::token);
  rig.go_on();
  BOOST_TEST(rig.ended(caller).result == ECOAUTH_ERROR_WRONG_STATE);
  refreshed_by_the_owner(rig, 2);
  rig.clock.advance_ms(1);
  caller = rig.want(Want::token);
  rig.go_on();
  BOOST_TEST(rig.ended(caller).result == ECOAUTH_OK);
}

BOOST_AUTO_TEST_CASE(leave_intents_and_revocations_to_the_owner) {
  Rig rig = rig_with_grant(Role::follower);
  rig.revoked();
  rig.go_on();
  BOOST_TEST(rig.disk->seq == 7);
  auto left_behind = std::make_shared<Record>(rig.disk->clone());
  left_behind->intent = Intent{1, rig.now().moment()};
  rig.other_process_writes(left_behind);
  rig.clock.advance_ms(2 * h);
  rig.want(Want::token);
  rig.go_on();
  BOOST_TEST(rig.connects == 0);
  BOOST_TEST(rig.wake_in_ms() == -1);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(owners_beside_others)

BOOST_AUTO_TEST_CASE(see_what_another_process_has_authorized) {
  Rig rig;
  OperationId caller = rig.want(Want::token);
  rig.go_on();
  BOOST_TEST(rig.ended(caller).result == ECOAUTH_ERROR_NEEDS_AUTHORIZATION);
  rig.other_process_writes(record_with_grant(rig.clock, h));
  rig.clock.advance_ms(min);
  caller = rig.want(Want::token);
  rig.go_on();
  BOOST_TEST(rig.ended(caller).result == ECOAUTH_OK);
  BOOST_TEST(rig.connects == 0);
}

BOOST_DATA_TEST_CASE(are_as_patient_as_the_one_that_was_refused, boost::unit_test::data::make<int64_t>({1, 2}),
                     generation) {
  // A quarter of an hour of refusals that are not true: asked by two processes they must not become a verdict.
  Rig rig = rig_with_grant();
  rig.clock.advance_ms(2 * h);
  auto theirs = std::make_shared<Record>(rig.disk->clone());
  ++theirs->seq;
  theirs->grant->state = GrantState::suspect;
  theirs->grant->generation = generation;  // perhaps they have also refreshed before
  for (int64_t ago : {11 * min, 10 * min, 5 * min}) {
    Moment at = rig.now().moment();
    at.boot_ms -= ago;
    theirs->grant->refusals.push_back({at, ago});
  }
  rig.other_process_writes(theirs);
  OperationId caller = rig.want(Want::token);
  rig.go_on();
  BOOST_TEST(rig.ended(caller).result == ECOAUTH_ERROR_SERVER);
  BOOST_TEST(rig.sends == 0);
  BOOST_TEST(rig.lock_is_free());
  BOOST_TEST((rig.disk->grant->state == GrantState::suspect));
  BOOST_TEST(rig.wake_in_ms() == 10 * min);
  caller = rig.want(Want::refresh);
  rig.go_on();
  BOOST_TEST(rig.sends == 1, "who asks in so many words need not be patient");
  rig.served(renewed(3));
  BOOST_TEST(rig.ended(caller).result == ECOAUTH_OK);
}

BOOST_AUTO_TEST_CASE(count_what_the_others_have_refreshed) {
  // Nobody accepts new tokens, and another process has refreshed five times because of it.
  Rig rig = rig_with_grant();
  for (int64_t generation = 2; generation <= 6; ++generation) {
    rig.clock.advance_ms(4 * min);
    refreshed_by_the_owner(rig, generation);
  }
  rig.clock.advance_ms(2 * min);
  BOOST_TEST(rig.rejected(1));
  rig.go_on();
  BOOST_TEST(rig.record().grant->generation == 6);
  BOOST_TEST(rig.sends == 0);
  BOOST_TEST(rig.rejected(6));
  rig.served(renewed(7));
  BOOST_TEST(rig.rejected(7));
  rig.clock.advance_ms(min);
  const OperationId caller = rig.want(Want::token);
  rig.go_on();
  BOOST_TEST(rig.ended(caller).result == ECOAUTH_ERROR_RATE_LIMITED);
  BOOST_TEST(rig.wake_in_ms() == h - 19 * min, "as soon as the first of the six is an hour old");
  BOOST_TEST(rig.sends == 1);
}

BOOST_AUTO_TEST_CASE(try_the_newest_token_again_while_no_other_is_to_be_had) {
  // Nobody accepts new tokens for six minutes, and then everybody does.
  Rig rig = rig_with_grant();
  for (int64_t generation = 2; generation <= 7; ++generation) {
    rig.clock.advance_ms(min);
    refreshed_by_the_owner(rig, generation);
  }
  rig.rejected(1);
  rig.go_on();
  BOOST_TEST(rig.rejected(7));
  for (int times = 0; times < 3; ++times) {
    OperationId caller = rig.want(Want::token);
    rig.go_on();
    BOOST_TEST(rig.ended(caller).result == ECOAUTH_ERROR_RATE_LIMITED);
    BOOST_TEST(rig.ended(caller).error->retry_after_ms == 2 * min);
    rig.clock.advance_ms(2 * min);
    caller = rig.want(Want::token);
    rig.go_on();
    BOOST_TEST(rig.ended(caller).result == ECOAUTH_OK, "perhaps it is well again");
    BOOST_TEST(rig.rejected(7), "it is not");
  }
  rig.clock.advance_ms(h - 6 * min - 5 * min);
  const OperationId caller = rig.want(Want::token);
  rig.served(renewed(8));
  BOOST_TEST(rig.ended(caller).result == ECOAUTH_OK);
  BOOST_TEST(rig.sends == 1, "a new one, as soon as may be");
}

BOOST_AUTO_TEST_CASE(count_what_was_refreshed_before_they_began) {
  // Of a program that ends and starts again, or of one that is started for each request.
  Rig rig = rig_with_grant();
  for (int64_t generation = 2; generation <= 7; ++generation) {
    rig.clock.advance_ms(2 * min);
    refreshed_by_the_owner(rig, generation);
  }
  rig.clock.advance_ms(2 * min);
  Rig next = rig.restarted();
  const OperationId caller = next.want(Want::refresh);
  next.go_on();
  BOOST_TEST(next.ended(caller).result == ECOAUTH_ERROR_RATE_LIMITED);
  BOOST_TEST(next.sends == 0);
  next.clock.advance_ms(h - 12 * min);
  const OperationId later = next.want(Want::refresh);
  next.served(renewed(8));
  BOOST_TEST(next.ended(later).result == ECOAUTH_OK);
  BOOST_TEST(next.disk->grant->refreshes.size() == 6u);
}

BOOST_AUTO_TEST_CASE(count_what_no_clock_can_tell_from_when_they_see_it) {
  Rig rig = rig_with_grant();
  rig.clock.forget_boot_id();
  rig.clock.step_wall_ms(-50 * 365 * 24 * h);
  rig.clock.advance_ms(20 * min);
  refreshed_by_the_owner(rig, 2);
  rig.clock.step_wall_ms(-h);
  OperationId caller = rig.want(Want::refresh);
  rig.go_on();
  BOOST_TEST(rig.ended(caller).result == ECOAUTH_OK);
  BOOST_TEST(rig.record().grant->generation == 2);
  caller = rig.want(Want::refresh);
  rig.go_on();
  BOOST_TEST(rig.ended(caller).result == ECOAUTH_ERROR_RATE_LIMITED);
  rig.clock.advance_ms(min);
  caller = rig.want(Want::refresh);
  rig.served(renewed(3));
  BOOST_TEST(rig.ended(caller).result == ECOAUTH_OK);
  BOOST_TEST(rig.sends == 1);
}

BOOST_AUTO_TEST_CASE(count_what_was_refreshed_before_a_login) {
  Rig rig = rig_with_grant();
  for (int64_t generation = 2; generation <= 7; ++generation) {
    rig.clock.advance_ms(2 * min);
    refreshed_by_the_owner(rig, generation);
  }
  const OperationId login = rig.want(Want::authorize);
  rig.served(pin_answer("ABCD", "code-1"));
  rig.ring();
  rig.served(token_answer(P, "at-new", "rt-new"));
  BOOST_TEST(rig.ended(login).result == ECOAUTH_OK);
  rig.clock.advance_ms(min);
  const OperationId caller = rig.want(Want::refresh);
  rig.go_on();
  BOOST_TEST(rig.ended(caller).result == ECOAUTH_ERROR_RATE_LIMITED);
  BOOST_TEST(rig.disk->grant->refreshes.size() == 6u, "and the login is none");
}

BOOST_AUTO_TEST_CASE(see_what_another_process_has_refreshed_while_they_may_not_try) {
  Rig rig = rig_with_grant();
  rig.clock.advance_ms(2 * h);
  OperationId caller = rig.want(Want::token);
  rig.served(error_answer(R, "invalid_grant"));
  BOOST_TEST(rig.ended(caller).result == ECOAUTH_ERROR_SERVER);
  rig.clock.advance_ms(s);
  refreshed_by_the_owner(rig, 2);
  caller = rig.want(Want::token);
  rig.go_on();
  BOOST_TEST(rig.ended(caller).result == ECOAUTH_OK);
  BOOST_TEST(rig.record().grant->generation == 2);
  BOOST_TEST(rig.sends == 1);
}

BOOST_AUTO_TEST_SUITE_END()
