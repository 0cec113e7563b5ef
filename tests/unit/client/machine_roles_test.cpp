// Followers, refused access tokens, revocation, and the end.
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

constexpr int64_t s = 1000, min = 60 * s, h = 60 * min, d = 24 * h;
constexpr AnswerContext R = AnswerContext::refresh, P = AnswerContext::poll;
using Transfer = RawAnswer::Transfer;

Rig loaded(Role role = Role::owner, int64_t lifetime_ms = h) {
  StateMachine::Settings settings;
  settings.role = role;
  VirtualClock clock;
  Rig rig(settings, record_with_grant(clock, lifetime_ms));
  rig.clock = clock;
  rig.want(Want::load);
  rig.go_on();
  return rig;
}

Classified renewed(int generation, int64_t expires_in_s = 3600) {
  return token_answer(R, "at-" + std::to_string(generation), "rt-" + std::to_string(generation), expires_in_s);
}

void refreshed_by_the_owner(Rig& rig, int64_t generation) {
  auto theirs = std::make_shared<Record>(rig.disk->clone());
  theirs->seq += 2;
  theirs->grant->generation = generation;
  theirs->grant->access_token = Secret("at-" + std::to_string(generation));
  theirs->grant->obtained = rig.now().moment();
  theirs->grant->state = GrantState::active;
  theirs->grant->reason.clear();
  theirs->grant->refusals.clear();
  for (int64_t made = rig.disk->grant->generation; made < generation; ++made)
    note_refresh(theirs->grant->refreshes, rig.now());
  rig.other_process_writes(theirs);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(followers)

BOOST_AUTO_TEST_CASE(follow_the_store_and_refresh_nothing) {
  Rig rig = loaded(Role::follower);
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
  Rig rig = loaded(Role::follower);
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
  Rig rig = loaded(Role::follower);
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
  Rig rig = loaded(Role::follower);
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
  Rig rig = loaded(Role::follower);
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
  Rig rig = loaded();
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
  Rig rig = loaded();
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
  Rig rig = loaded();
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
  Rig rig = loaded();
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
  Rig rig = loaded();
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
  Rig rig = loaded();
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
  Rig rig = loaded();
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

BOOST_AUTO_TEST_SUITE(refused_access_tokens)

BOOST_AUTO_TEST_CASE(the_newest_is_refreshed_before_it_is_handed_out_again) {
  Rig rig = loaded();
  BOOST_TEST(rig.rejected(1));
  BOOST_TEST(rig.count("publish") == 2, "hot paths stop using it");
  const OperationId caller = rig.want(Want::token);
  BOOST_TEST(rig.waits(caller));
  rig.go_on();
  BOOST_TEST(!rig.rejected(7));
  BOOST_TEST(rig.rejected(1), "told twice, done once");
  rig.answers(renewed(2));
  rig.go_on();
  BOOST_TEST(rig.ended(caller).result == ECOAUTH_OK);
  BOOST_TEST(rig.sends == 1);
  BOOST_TEST(!rig.rejected(1), "a newer one is there: no refresh");
  BOOST_TEST(rig.machine.idle());
}

BOOST_AUTO_TEST_CASE(sixteen_callers_one_refresh) {
  Rig rig = loaded();
  for (int i = 0; i < 16; ++i) BOOST_TEST(rig.rejected(1));
  rig.served(renewed(2));
  for (int i = 0; i < 16; ++i) BOOST_TEST(!rig.rejected(1));
  BOOST_TEST(rig.sends == 1);
}

BOOST_AUTO_TEST_CASE(two_keepers_do_not_play_ping_pong) {
  // The other keeper's refresh kills our token; ours would kill theirs.
  Rig rig = loaded();
  refreshed_by_the_owner(rig, 2);
  rig.rejected(1);
  rig.go_on();
  BOOST_TEST(rig.connects == 0, "the record has a newer one");
  BOOST_TEST(rig.record().grant->generation == 2);

  // Without a shared record: at most one refresh in a minute, six in an hour.
  Rig apart = loaded();
  const int64_t start_ms = apart.clock.boot_ms();
  for (int generation = 2; apart.clock.boot_ms() < start_ms + h;) {
    apart.rejected(apart.record().grant->generation);
    apart.go_on();
    if (apart.net == Rig::Net::sent)
      apart.served(renewed(generation++));
    else
      apart.ring();
  }
  BOOST_TEST(apart.sends <= 7);
}

BOOST_AUTO_TEST_CASE(short_lived_tokens_that_are_refused_at_once_cause_no_storm) {
  Rig rig = loaded(Role::owner, 100 * s);
  const int64_t start_ms = rig.clock.boot_ms();
  for (int generation = 2; rig.clock.boot_ms() < start_ms + min;) {
    rig.rejected(rig.record().grant->generation);
    rig.go_on();
    if (rig.net == Rig::Net::sent)
      rig.served(renewed(generation++, 100));
    else
      rig.ring();
  }
  BOOST_TEST(rig.sends <= 61);
}

BOOST_AUTO_TEST_CASE(without_a_network_it_waits_longer_and_longer) {
  Rig rig = loaded();
  rig.dice = 0.99;
  const int64_t start_ms = rig.clock.boot_ms();
  rig.rejected(1);
  while (rig.clock.boot_ms() < start_ms + h) {
    rig.store_answers(Answer::good);
    rig.store_answers(Answer::good);
    rig.answers(no_answer(R, Transfer::not_sent));
    rig.ring();
  }
  BOOST_TEST(rig.connects < 25);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(revocation)

BOOST_AUTO_TEST_CASE(is_believed_but_probed) {
  Rig rig = loaded();
  rig.revoked();
  rig.go_on();
  BOOST_TEST((rig.disk->grant->state == GrantState::needs_reauthorization));
  BOOST_TEST(rig.disk->grant->reason == "REVOKED");
  BOOST_TEST(rig.refresh_token() == "rt-1", "kept");
  BOOST_TEST(rig.wake_in_ms() == 24 * h);
  const int64_t seq = rig.disk->seq;
  rig.revoked();
  rig.go_on();
  BOOST_TEST(rig.disk->seq == seq, "said twice, written once");
  rig.clock.advance_ms(2 * h);
  const OperationId caller = rig.want(Want::token);
  rig.go_on();
  BOOST_TEST(rig.ended(caller).result == ECOAUTH_ERROR_REVOKED);
  BOOST_TEST(rig.ended(caller).error->action == ECOAUTH_ACTION_REAUTHORIZE);
  rig.ring();
  rig.served(error_answer(R, "invalid_grant"));
  BOOST_TEST((rig.state() == GrantState::needs_reauthorization));
  BOOST_TEST(rig.disk->grant->reason == "REVOKED");
  BOOST_TEST(rig.wake_in_ms() == 24 * h);
  rig.ring();
  rig.served(renewed(2));
  BOOST_TEST((rig.state() == GrantState::active), "the API was wrong");
}

BOOST_AUTO_TEST_CASE(means_the_grant_of_which_it_was_said) {
  Rig rig = loaded();
  const OperationId login = rig.want(Want::authorize);
  rig.served(pin_answer("ABCD", "code-1"));
  rig.ring();
  rig.go_on();
  rig.revoked();  // while the answer with a new grant is under way
  rig.served(token_answer(P, "at-new", "rt-new"));
  BOOST_TEST(rig.ended(login).result == ECOAUTH_OK);
  BOOST_TEST((rig.state() == GrantState::active));

  Rig nothing;
  nothing.want(Want::load);
  nothing.go_on();
  nothing.revoked();
  nothing.want(Want::authorize);
  nothing.served(pin_answer("ABCD", "code-1"));
  nothing.ring();
  nothing.served(token_answer(P, "at-new", "rt-new"));
  BOOST_TEST((nothing.state() == GrantState::active));
}

// At leisure alone: a job reads the record itself, and an unsaved pair is not to be read over.
BOOST_AUTO_TEST_CASE(looking_again_sees_what_others_did_and_disturbs_nothing) {
  Rig rig = loaded();
  refreshed_by_the_owner(rig, 2);
  rig.look_again();
  rig.go_on();
  BOOST_TEST(rig.record().grant->generation == 2);
  BOOST_TEST(rig.count("token_saved") == 1);
  BOOST_TEST(rig.connects == 0);
  rig.clock.advance_ms(2 * h);
  const OperationId caller = rig.want(Want::token);
  for (int stage = 0; rig.net != Rig::Net::sent; ++stage) {
    const size_t asked = rig.store.size();
    rig.look_again();
    BOOST_TEST(rig.store.size() == asked, "stage " << stage);
    if (!rig.store.empty())
      rig.store_answers(Answer::good);
    else
      rig.connected();
  }
  rig.answers(renewed(3));
  rig.store_answers(Answer::failed);
  BOOST_TEST(rig.ended(caller).result == ECOAUTH_UNSAVED_BUT_USABLE);
  rig.look_again();
  BOOST_TEST(rig.store.empty());
  rig.quiesce();
  rig.go_on();
  BOOST_TEST(!rig.machine.unsaved());
  rig.look_again();
  BOOST_TEST(rig.store.empty());
}

BOOST_AUTO_TEST_SUITE_END()

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
  Rig locked = loaded();
  locked.clock.advance_ms(2 * h);
  locked.other_holds_lock = true;
  locked.want(Want::token);
  locked.go_on();
  locked.quiesce();
  BOOST_TEST(locked.machine.idle());

  Rig busy = loaded();
  busy.clock.advance_ms(2 * h);
  busy.want(Want::token);
  busy.quiesce();
  busy.store_answers(Answer::busy);
  BOOST_TEST(busy.machine.idle());

  Rig refused = loaded();
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

  Rig backoff = loaded();
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
  Rig rig = loaded();
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
  Rig rig = loaded();
  rig.clock.advance_ms(2 * h);
  const OperationId first = rig.want(Want::token), second = rig.want(Want::token);
  rig.go_on();
  BOOST_TEST(rig.cancel(first));
  BOOST_TEST(!rig.cancel(first));
  BOOST_TEST(!rig.cancel(12345));
  rig.served(renewed(2));
  BOOST_TEST(rig.ended(second).result == ECOAUTH_OK);
  BOOST_TEST(rig.done.count(first) == 0u);

  Rig alone = loaded();
  alone.clock.advance_ms(2 * h);
  alone.cancel(alone.want(Want::token));
  alone.served(renewed(2));
  BOOST_TEST(alone.disk->grant->generation == 2, "the exchange is finished and saved");
}

BOOST_AUTO_TEST_SUITE_END()
