// What other processes, other programs and people do to the record of a process that goes on running.
#include <ecoauth/status.h>

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <list>
#include <string>

#include "answers.hpp"
#include "machine_rig.hpp"

using namespace ecoauth;
using namespace ecoauth::test;
using Answer = Rig::StoreAnswer;

namespace {

constexpr int64_t s = 1000, min = 60 * s, h = 60 * min;
constexpr AnswerContext R = AnswerContext::refresh, P = AnswerContext::poll;

void refresh(Rig& rig, int generation) {
  rig.want(Want::refresh);
  rig.served(renewed(generation));
  BOOST_REQUIRE(rig.disk->grant->generation == generation);
  rig.clock.advance_ms(2 * h);
}

void put_back(Rig& rig, const std::shared_ptr<const Record>& copy) {
  rig.other_process_writes(copy);
  rig.old_copy = true;
}

/// Another process signs out and authorizes again: the record begins anew, and so do its numbers.
void authorized_anew(Rig& rig) {
  auto theirs = record_with_grant(rig.clock);
  theirs->seq = 3;
  theirs->grant->access_token = Secret("at-anew");
  theirs->grant->candidates.front() = Secret("rt-anew");
  rig.other_process_writes(theirs);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(neighbours)

BOOST_DATA_TEST_CASE(a_login_elsewhere_after_signing_out_ends_patience_and_verdicts,
                     boost::unit_test::data::make<int>({1, 5}), generation) {
  Rig rig = rig_with_expired_token();
  for (int newer = 2; newer <= generation; ++newer) refresh(rig, newer);
  rig.want(Want::token);
  for (int refusals = 0; refusals < 6; ++refusals) {
    rig.go_on();
    while (rig.net == Rig::Net::sent) rig.served(error_answer(R, "invalid_grant"));
    if (refusals < 5) rig.ring();
  }
  BOOST_TEST((rig.state() == GrantState::needs_reauthorization));

  authorized_anew(rig);
  rig.clock.advance_ms(s);
  OperationId caller = rig.want(Want::token);
  const int published = rig.count("publish");
  rig.go_on();
  BOOST_TEST(rig.ended(caller).result == ECOAUTH_OK);
  BOOST_TEST(rig.count("publish") == published + 1, "hot paths hear of it");
  BOOST_TEST(!rig.machine.last_error().has_value());
  rig.clock.advance_ms(59 * min);
  caller = rig.want(Want::token);
  rig.go_on();
  BOOST_TEST(rig.credential == "rt-anew", "it is refreshed like any other");
  BOOST_REQUIRE((rig.net == Rig::Net::sent));
  rig.answers(renewed(2));
  rig.go_on();
  BOOST_TEST(rig.ended(caller).result == ECOAUTH_OK);
}

BOOST_AUTO_TEST_CASE(a_login_elsewhere_is_not_what_was_rejected_before) {
  Rig rig = rig_with_expired_token();
  BOOST_TEST(rig.rejected(1));
  authorized_anew(rig);
  rig.go_on();
  const OperationId caller = rig.want(Want::token);
  BOOST_TEST(rig.ended(caller).result == ECOAUTH_OK);
}

BOOST_AUTO_TEST_CASE(a_login_elsewhere_that_is_found_under_the_lock_is_not_refreshed_at_once) {
  Rig rig = rig_with_expired_token();
  const OperationId caller = rig.want(Want::token);
  rig.store_answers(Answer::good);  // lock
  authorized_anew(rig);
  rig.go_on();
  BOOST_TEST(rig.ended(caller).result == ECOAUTH_OK);
  BOOST_TEST(rig.connects == 0);
}

BOOST_AUTO_TEST_CASE(a_login_elsewhere_answers_a_pin_though_its_number_is_the_same) {
  Rig rig = rig_with_expired_token();
  const OperationId login = rig.want(Want::authorize);
  rig.served(pin_answer("ABCD", "code-1"));
  authorized_anew(rig);
  rig.ring();
  rig.go_on();
  BOOST_TEST(rig.ended(login).result == ECOAUTH_OK);
}

BOOST_AUTO_TEST_CASE(an_old_copy_that_is_put_back_does_not_make_memory_forget) {
  Rig rig = rig_with_expired_token();
  const auto copy = rig.disk;
  refresh(rig, 2);
  refresh(rig, 3);
  put_back(rig, copy);
  OperationId caller = rig.want(Want::token);
  rig.go_on();
  BOOST_TEST(rig.credential == "rt-3", "the newest of all");
  rig.answers(renewed(4));
  rig.go_on();
  BOOST_TEST(rig.ended(caller).result == ECOAUTH_OK);
  BOOST_TEST(rig.disk->grant->generation == 4);
  BOOST_TEST(rig.disk->seq > copy->seq);

  // A process that knows no better takes what there is.
  rig.other_process_writes(copy);
  Rig fresh = rig.restarted();
  fresh.want(Want::load);
  fresh.go_on();
  BOOST_TEST(fresh.refresh_token() == "rt-1");
}

BOOST_AUTO_TEST_CASE(a_login_on_another_machine_whose_clock_is_slow_is_no_old_copy) {
  for (const int64_t slow_ms : {3 * h, 48 * h}) {
    Rig rig = rig_with_expired_token();
    refresh(rig, 2);
    auto theirs = record_with_grant(rig.clock);
    theirs->seq = 3;
    theirs->grant->obtained.boot_id = "of another machine";
    theirs->grant->obtained.wall_ms -= slow_ms;
    theirs->grant->candidates.front() = Secret("rt-there");
    put_back(rig, theirs);
    rig.look_again();
    rig.go_on();
    BOOST_TEST(rig.refresh_token() == (slow_ms < 24 * h ? "rt-there" : "rt-2"), "a clock is not wrong by days");
  }
}

BOOST_AUTO_TEST_CASE(what_only_memory_knows_is_saved_as_soon_as_that_is_seen) {
  // Not only with the next refresh: the process may end before.
  for (const bool deleted : {true, false}) {
    Rig rig = rig_with_expired_token();
    const auto copy = rig.disk;
    refresh(rig, 2);
    rig.want(Want::refresh);
    rig.served(renewed(3));
    put_back(rig, deleted ? nullptr : copy);
    rig.look_again();
    rig.go_on();
    BOOST_REQUIRE(rig.disk);
    BOOST_TEST(rig.disk->grant->candidates.front().reveal() == "rt-3");
    BOOST_TEST(rig.disk->grant->access_token.reveal() == "at-3");
    BOOST_TEST(rig.sends == 2, "and nothing is sent for it");
    const int64_t seq = rig.disk->seq;
    rig.look_again();
    rig.go_on();
    BOOST_TEST(rig.disk->seq == seq, "once");

    Rig full = rig.clone();
    put_back(full, deleted ? nullptr : copy);
    full.look_again();
    while (!full.store.empty())
      full.store_answers(full.store.front().kind == Action::Kind::save ? Answer::failed : Answer::good);
    BOOST_TEST(full.refresh_token() == "rt-3");
    BOOST_TEST(full.machine.idle());
    full.look_again();
    full.go_on();
    BOOST_TEST(full.disk->grant->candidates.front().reveal() == "rt-3");
  }
}

BOOST_AUTO_TEST_CASE(signing_out_over_a_conflict_signs_out) {
  Rig rig = rig_with_expired_token();
  const OperationId leaving = rig.want(Want::sign_out);
  for (int i = 0; i < 3; ++i) rig.store_answers(Answer::good);  // lock, load, erase
  authorized_anew(rig);                                         // beside us: somebody does not heed the lock
  rig.go_on();
  BOOST_TEST(rig.ended(leaving).result == ECOAUTH_OK);
  BOOST_REQUIRE(rig.disk);
  BOOST_TEST(!rig.disk->grant.has_value(), "as was said");
  BOOST_TEST(!rig.record().grant.has_value());
}

BOOST_AUTO_TEST_CASE(a_pin_that_another_process_has_replaced_is_over_and_theirs_is_left_alone) {
  Rig rig;
  const OperationId login = rig.want(Want::authorize);
  rig.served(pin_answer("ABCD", "code-1"));
  auto theirs = std::make_shared<Record>(rig.disk->clone());
  ++theirs->seq;
  theirs->pending->scope = "smartWrite";
  theirs->pending->pin = Secret("WXYZ");
  theirs->pending->code = Secret("code-2");
  rig.other_process_writes(theirs);
  const int sends = rig.sends;
  rig.ring();
  rig.go_on();
  BOOST_TEST(rig.sends == sends, "their code is theirs to poll with");
  BOOST_TEST(rig.ended(login).result == ECOAUTH_ERROR_PIN_EXPIRED);
  BOOST_REQUIRE(rig.disk->pending.has_value());
  BOOST_TEST(rig.disk->pending->code.reveal() == "code-2");
}

BOOST_AUTO_TEST_CASE(processes_that_try_once_each_come_to_a_verdict_too) {
  // A command-line tool that runs every few minutes: each of its tries is another connection.
  std::list<Rig> runs;
  runs.push_back(rig_with_expired_token());
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
