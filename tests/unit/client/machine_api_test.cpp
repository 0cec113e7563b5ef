// What the API says of tokens.
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
constexpr AnswerContext R = AnswerContext::refresh, P = AnswerContext::poll;
using Transfer = RawAnswer::Transfer;

}  // namespace

BOOST_AUTO_TEST_SUITE(refused_access_tokens)

BOOST_AUTO_TEST_CASE(the_newest_is_refreshed_before_it_is_handed_out_again) {
  Rig rig = rig_with_grant();
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
  Rig rig = rig_with_grant();
  for (int i = 0; i < 16; ++i) BOOST_TEST(rig.rejected(1));
  rig.served(renewed(2));
  for (int i = 0; i < 16; ++i) BOOST_TEST(!rig.rejected(1));
  BOOST_TEST(rig.sends == 1);
}

BOOST_AUTO_TEST_CASE(two_keepers_do_not_play_ping_pong) {
  // The other keeper's refresh kills our token; ours would kill theirs.
  Rig rig = rig_with_grant();
  refreshed_by_the_owner(rig, 2);
  rig.rejected(1);
  rig.go_on();
  BOOST_TEST(rig.connects == 0, "the record has a newer one");
  BOOST_TEST(rig.record().grant->generation == 2);

  // Without a shared record: at most one refresh in a minute, six in an hour.
  Rig apart = rig_with_grant();
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
  Rig rig = rig_with_grant(Role::owner, 100 * s);
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
  Rig rig = rig_with_grant();
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
  Rig rig = rig_with_grant();
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
  Rig rig = rig_with_grant();
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
  Rig rig = rig_with_grant();
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
