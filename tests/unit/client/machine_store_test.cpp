// When the store says no, when others use it too, and when the record cannot be read.
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

/// A new token pair has come and could not be saved.
Rig unsaved(Answer how = Answer::failed) {
  Rig rig = rig_with_expired_token();
  rig.want(Want::token);
  rig.go_on();
  rig.answers(renewed(2));
  rig.store_answers(how);
  return rig;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(the_store)

BOOST_AUTO_TEST_CASE(no_mark_no_request) {
  Rig rig = rig_with_expired_token();
  const OperationId caller = rig.want(Want::token);
  rig.store_answers(Answer::good);
  rig.store_answers(Answer::good);
  rig.connected();
  rig.store_answers(Answer::failed);
  BOOST_TEST(rig.ended(caller).result == ECOAUTH_ERROR_STORE);
  BOOST_TEST(rig.sends == 0);
  BOOST_TEST((rig.net == Rig::Net::none));
  BOOST_TEST((rig.machine.flags() == ECOAUTH_FLAG_DEGRADED));
  for (int i = 0; i < 3; ++i) {
    BOOST_TEST(rig.wake_in_ms() == 5 * s);
    rig.ring();
    rig.store_answers(Answer::good);
    rig.store_answers(Answer::good);
    BOOST_TEST((rig.machine.flags() & ECOAUTH_FLAG_DEGRADED) != 0, "that it can be read proves nothing about writing");
    rig.store_answers(Answer::failed);
    BOOST_TEST(rig.connects == 1, "no connection in vain");
  }
  rig.ring();
  rig.served(renewed(2));
  BOOST_TEST(rig.machine.flags() == 0);
  BOOST_TEST(rig.disk->grant->generation == 2);
}

BOOST_AUTO_TEST_CASE(a_read_only_store_never_costs_the_living_token) {
  Rig rig = rig_with_grant();
  rig.clock.advance_ms(50 * min);
  BOOST_TEST(rig.ended(rig.want(Want::token)).result == ECOAUTH_OK);
  for (int i = 0; i < 20; ++i) {
    rig.store_answers(Answer::good);
    rig.store_answers(Answer::good);
    if (i == 0) rig.connected();
    rig.store_answers(Answer::failed);
    BOOST_TEST(rig.ended(rig.want(Want::token)).result == ECOAUTH_OK);
    rig.ring();
  }
  BOOST_TEST(rig.sends == 0);
  BOOST_TEST(rig.disk->seq == 7);
}

BOOST_AUTO_TEST_CASE(an_unsaved_pair_is_used_kept_and_saved_again) {
  for (Answer how : {Answer::failed, Answer::failed_but_written}) {
    Rig rig = unsaved(how);
    BOOST_TEST(rig.done.size() == 2u);
    BOOST_TEST(rig.done.rbegin()->second.result == ECOAUTH_UNSAVED_BUT_USABLE);
    BOOST_TEST(rig.count("unsaved") == 1);
    BOOST_TEST(rig.count("publish") == 2);
    BOOST_TEST((rig.machine.flags() & ECOAUTH_FLAG_UNSAVED) != 0);
    BOOST_TEST(rig.machine.holds_lock(), "nobody else may spend what only this process knows");
    BOOST_TEST(rig.ended(rig.want(Want::token)).result == ECOAUTH_UNSAVED_BUT_USABLE);
    for (int i = 0; i < 5; ++i) {
      BOOST_TEST(rig.wake_in_ms() == 5 * s);
      rig.ring();
      rig.store_answers(i % 2 ? Answer::good : Answer::failed);  // not even readable, at times
      if (i % 2) rig.store_answers(Answer::failed);
    }
    rig.ring();
    rig.go_on();
    BOOST_TEST(rig.machine.flags() == 0);
    BOOST_TEST(rig.count("token_saved") == 1);
    BOOST_TEST(!rig.machine.holds_lock());
    BOOST_TEST(rig.refresh_token() == "rt-2");
    BOOST_TEST(rig.disk->grant->access_token.reveal() == "at-2");
    BOOST_TEST(!rig.disk->intent.has_value());
    BOOST_TEST(rig.ended(rig.want(Want::token)).result == ECOAUTH_OK);
  }
}

BOOST_AUTO_TEST_CASE(every_save_saves_the_unsaved_pair_too) {
  Rig rig = unsaved();
  rig.want(Want::authorize);
  rig.served(pin_answer("ABCD", "code-1"));
  BOOST_TEST(rig.disk->grant->access_token.reveal() == "at-2");
  BOOST_TEST(rig.disk->pending.has_value());
  BOOST_TEST(!rig.machine.unsaved());
  BOOST_TEST(!rig.machine.holds_lock());
  BOOST_TEST(rig.count("token_saved") == 1);
}

BOOST_AUTO_TEST_CASE(an_unsaved_login) {
  Rig rig;
  const OperationId login = rig.want(Want::authorize);
  rig.served(pin_answer("ABCD", "code-1"));
  rig.ring();
  rig.go_on();
  rig.answers(token_answer(P, "at-1", "rt-1"));
  rig.store_answers(Answer::failed);
  BOOST_TEST(rig.ended(login).result == ECOAUTH_UNSAVED_BUT_USABLE);
  rig.ring();
  rig.go_on();
  BOOST_TEST(rig.disk->grant->access_token.reveal() == "at-1");
  BOOST_TEST(!rig.disk->pending.has_value(), "its code has been spent");
}

BOOST_AUTO_TEST_CASE(a_pin_that_cannot_be_saved_is_not_shown) {
  for (Answer how : {Answer::failed, Answer::conflict}) {
    Rig rig;
    OperationId login = rig.want(Want::authorize);
    rig.go_on();
    rig.answers(pin_answer("ABCD", "code-1"));
    rig.store_answers(how);
    if (how == Answer::conflict) rig.store_answers(Answer::failed);  // and the record cannot be read again
    BOOST_TEST(rig.ended(login).result == ECOAUTH_ERROR_STORE);
    BOOST_TEST(rig.count("pin") == 0);
    login = rig.want(Want::authorize);
    rig.go_on();
    BOOST_TEST(rig.connects == 2, "nor is it resumed");
  }
}

BOOST_AUTO_TEST_CASE(a_token_pair_survives_a_conflict_and_what_comes_after) {
  // The record has been written beside us; ours is put on top of it.
  Rig rig = unsaved(Answer::conflict);
  BOOST_TEST((rig.machine.step() == Step::rebasing));
  BOOST_TEST(rig.count("publish") == 1);
  rig.go_on();
  BOOST_TEST(rig.disk->grant->access_token.reveal() == "at-2");
  BOOST_TEST(!rig.machine.unsaved());

  // It cannot even be read again: the pair is kept, and flagged.
  Rig unreadable = unsaved(Answer::conflict);
  unreadable.store_answers(Answer::failed);
  BOOST_TEST(unreadable.machine.unsaved());
  BOOST_TEST(unreadable.refresh_token() == "rt-2");
  unreadable.ring();
  unreadable.go_on();
  BOOST_TEST(unreadable.disk->grant->access_token.reveal() == "at-2");

  // Again and again: in the end it is flagged.
  Rig stubborn = unsaved(Answer::conflict);
  for (int i = 0; i < 3; ++i) {
    stubborn.store_answers(Answer::good);
    stubborn.store_answers(Answer::conflict);
  }
  BOOST_TEST(stubborn.machine.unsaved());
  BOOST_TEST(stubborn.machine.last_error()->code == ECOAUTH_ERROR_STORE_LOCKED);
  stubborn.ring();
  stubborn.go_on();
  BOOST_TEST(stubborn.disk->grant->access_token.reveal() == "at-2");
}

BOOST_AUTO_TEST_CASE(two_pairs_of_one_generation_are_both_kept) {
  Rig rig = rig_with_expired_token();
  rig.want(Want::token);
  rig.go_on();
  auto theirs = std::make_shared<Record>(rig.disk->clone());
  theirs->seq += 1;
  theirs->intent.reset();
  theirs->grant->generation = 2;
  theirs->grant->access_token = Secret("at-theirs");
  theirs->grant->candidates.clear();
  for (const char* token : {"rt-theirs", "rt-1", "rt-0"}) theirs->grant->candidates.push_back(Secret(token));
  rig.other_process_writes(theirs);  // their lock did not exclude us
  rig.answers(renewed(2));
  rig.store_answers(Answer::good);  // which conflicts
  rig.go_on();
  const auto& candidates = rig.disk->grant->candidates;
  BOOST_REQUIRE(candidates.size() == 3u);
  BOOST_TEST(candidates[0].reveal() == "rt-theirs");
  BOOST_TEST(candidates[1].reveal() == "rt-2");
  BOOST_TEST(candidates[2].reveal() == "rt-1");
  BOOST_TEST(rig.waiting.empty());
}

BOOST_AUTO_TEST_CASE(a_verdict_that_cannot_be_saved_is_still_told) {
  Rig rig = rig_with_expired_token();
  OperationId caller = rig.want(Want::token);
  rig.go_on();
  rig.answers(error_answer(R, "invalid_grant"));
  rig.store_answers(Answer::failed);
  BOOST_TEST(rig.ended(caller).result == ECOAUTH_ERROR_SERVER);
  BOOST_TEST(rig.wake_in_ms() == min, "and its patience is kept");

  Rig declined;
  const OperationId login = declined.want(Want::authorize);
  declined.served(pin_answer("ABCD", "code-1"));
  declined.ring();
  declined.go_on();
  declined.answers(error_answer(P, "access_denied"));
  declined.store_answers(Answer::failed);
  BOOST_TEST(declined.ended(login).result == ECOAUTH_ERROR_DECLINED);
}

BOOST_AUTO_TEST_CASE(another_process_refreshes_first) {
  Rig rig = rig_with_expired_token();
  rig.other_holds_lock = true;
  const OperationId caller = rig.want(Want::token);
  rig.go_on();
  BOOST_TEST((rig.machine.step() == Step::waiting_for_lock));
  int looks = 0;
  for (int64_t waited_ms = 0; waited_ms < 2000; ++looks) {
    BOOST_TEST(rig.wake_in_ms() >= 5);
    BOOST_TEST(rig.wake_in_ms() <= 300);
    waited_ms += rig.wake_in_ms();
    rig.ring();
    rig.go_on();
  }
  BOOST_TEST(looks < 40);
  auto theirs = std::make_shared<Record>(rig.disk->clone());
  theirs->seq += 2;
  theirs->grant->generation = 2;
  theirs->grant->access_token = Secret("at-theirs");
  theirs->grant->obtained = rig.now().moment();
  rig.other_process_writes(theirs);
  rig.ring();
  rig.store_answers(Answer::good);
  BOOST_TEST(rig.ended(caller).result == ECOAUTH_OK, "without even waiting for their unlock");
  BOOST_TEST(rig.connects == 0);
  BOOST_TEST(rig.count("publish") == 2);
  BOOST_TEST(rig.count("token_saved") == 1);
}

BOOST_AUTO_TEST_CASE(a_lock_that_is_never_free) {
  Rig rig = rig_with_expired_token();
  rig.other_holds_lock = true;
  const int64_t start_ms = rig.clock.boot_ms();
  const OperationId caller = rig.want(Want::token);
  for (rig.go_on(); rig.waits(caller); rig.go_on()) rig.ring();
  BOOST_TEST(rig.ended(caller).result == ECOAUTH_ERROR_STORE_LOCKED);
  BOOST_TEST(rig.clock.boot_ms() - start_ms >= 60 * s);
  BOOST_TEST(rig.clock.boot_ms() - start_ms < 61 * s);
  BOOST_TEST(rig.machine.flags() == 0, "a busy store is not a broken one");
  rig.other_holds_lock = false;
  rig.ring();
  rig.served(renewed(2));
  BOOST_TEST(rig.refresh_token() == "rt-2");
}

BOOST_AUTO_TEST_CASE(a_record_that_cannot_be_read) {
  for (Want want : {Want::load, Want::token, Want::refresh, Want::authorize, Want::sign_out}) {
    VirtualClock clock;
    Rig rig({}, record_with_grant(clock));
    rig.clock = clock;
    const OperationId caller = rig.want(want);
    rig.store_answers(Answer::failed);
    BOOST_TEST(rig.ended(caller).result == ECOAUTH_ERROR_STORE);
    BOOST_TEST(rig.connects == 0);
    BOOST_TEST(!rig.machine.is_loaded());
    BOOST_TEST(rig.machine.flags() == ECOAUTH_FLAG_DEGRADED);
    BOOST_TEST(rig.wake_in_ms() == -1);
    const OperationId again = rig.want(Want::token);
    rig.go_on();
    BOOST_TEST(rig.ended(again).result == ECOAUTH_OK);
    BOOST_TEST(rig.machine.flags() == 0);
    BOOST_TEST(rig.disk->seq == 7);
  }
}

BOOST_AUTO_TEST_CASE(the_lock_cannot_be_had_or_the_record_not_read_again) {
  for (bool lock : {true, false}) {
    Rig rig = rig_with_expired_token();
    const OperationId caller = rig.want(Want::token);
    if (!lock) rig.store_answers(Answer::good);
    rig.store_answers(Answer::failed);
    BOOST_TEST(rig.ended(caller).result == ECOAUTH_ERROR_STORE);
    BOOST_TEST(rig.machine.flags() == ECOAUTH_FLAG_DEGRADED);
    BOOST_TEST(rig.connects == 0);
    rig.ring();
    rig.served(renewed(2));
    BOOST_TEST(rig.machine.flags() == 0);

    Rig polling;
    const OperationId login = polling.want(Want::authorize);
    polling.served(pin_answer("ABCD", "code-1"));
    polling.ring();
    if (!lock) polling.store_answers(Answer::good);
    polling.store_answers(Answer::failed);
    BOOST_TEST(polling.waits(login), "the PIN lives; so does the login");
    polling.ring();
    polling.served(token_answer(P, "at-1", "rt-1"));
    BOOST_TEST(polling.ended(login).result == ECOAUTH_OK);
  }
}

BOOST_AUTO_TEST_CASE(a_record_that_somebody_deleted_is_healed_from_memory) {
  Rig rig = rig_with_expired_token();
  rig.other_process_writes(nullptr);
  rig.want(Want::token);
  rig.served(renewed(2));
  BOOST_TEST(rig.disk->grant->access_token.reveal() == "at-2");
  BOOST_TEST(rig.disk->grant->candidates.size() == 2u);
}

BOOST_AUTO_TEST_CASE(signed_out_by_another_process) {
  Rig rig = rig_with_expired_token();
  auto tombstone = std::make_shared<Record>();
  tombstone->seq = 20;
  rig.other_process_writes(tombstone);
  const OperationId caller = rig.want(Want::token);
  rig.go_on();
  BOOST_TEST(rig.ended(caller).result == ECOAUTH_ERROR_NEEDS_AUTHORIZATION);
  BOOST_TEST(rig.connects == 0);
  BOOST_TEST(!rig.record().grant.has_value());
  BOOST_TEST(rig.count("publish") == 2);
  BOOST_TEST(!rig.disk->grant.has_value(), "and not resurrected");
  BOOST_TEST(rig.wake_in_ms() == -1);
}

BOOST_AUTO_TEST_CASE(signing_out) {
  Rig rig = rig_with_expired_token();
  OperationId leaving = rig.want(Want::sign_out);
  rig.go_on();
  BOOST_TEST(rig.ended(leaving).result == ECOAUTH_OK);
  BOOST_TEST(!rig.record().grant.has_value());
  BOOST_REQUIRE(rig.disk);
  BOOST_TEST(!rig.disk->grant.has_value(), "a record without a grant, for the others");
  BOOST_TEST(rig.count("publish") == 2);
  const OperationId caller = rig.want(Want::token);
  rig.go_on();
  BOOST_TEST(rig.ended(caller).result == ECOAUTH_ERROR_NEEDS_AUTHORIZATION);
  leaving = rig.want(Want::sign_out);
  rig.go_on();
  BOOST_TEST(rig.ended(leaving).result == ECOAUTH_ALREADY_DONE);

  Rig failing = rig_with_expired_token();
  leaving = failing.want(Want::sign_out);
  failing.store_answers(Answer::good);
  failing.store_answers(Answer::good);
  failing.store_answers(Answer::failed);
  BOOST_TEST(failing.ended(leaving).result == ECOAUTH_ERROR_STORE);
  BOOST_TEST(failing.refresh_token() == "rt-1");

  Rig pending;
  const OperationId login = pending.want(Want::authorize);
  pending.served(pin_answer("ABCD", "code-1"));
  leaving = pending.want(Want::sign_out);
  pending.go_on();
  BOOST_TEST(pending.ended(leaving).result == ECOAUTH_OK);
  BOOST_TEST(pending.ended(login).result == ECOAUTH_ERROR_CANCELLED);
  BOOST_TEST(pending.wake_in_ms() == -1);

  Rig held = unsaved();
  leaving = held.want(Want::sign_out);
  held.go_on();
  BOOST_TEST(held.ended(leaving).result == ECOAUTH_OK);
  BOOST_TEST(!held.machine.unsaved());
  BOOST_TEST(!held.machine.holds_lock());
}

BOOST_AUTO_TEST_SUITE_END()
