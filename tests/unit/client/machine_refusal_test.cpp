// Refreshes that fail, row by row of design.md 4.
#include <ecoauth/status.h>

#include <boost/test/unit_test.hpp>
#include <string>
#include <utility>
#include <vector>

#include "answers.hpp"
#include "machine_rig.hpp"

using namespace ecoauth;
using namespace ecoauth::test;

namespace {

constexpr int64_t s = 1000, min = 60 * s, h = 60 * min, d = 24 * h;
constexpr AnswerContext R = AnswerContext::refresh;
using Transfer = RawAnswer::Transfer;

/// A grant whose access token has expired, read and at rest.
Rig expired(StateMachine::Settings settings = {}) {
  VirtualClock clock;
  Rig rig(std::move(settings), record_with_grant(clock));
  rig.clock = clock;
  rig.want(Want::load);
  rig.go_on();
  rig.clock.advance_ms(2 * h);
  return rig;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(failing_refreshes)

BOOST_AUTO_TEST_CASE(lost_answers_are_asked_for_again_promptly_with_the_same_token) {
  for (const bool lost : {true, false}) {
    Rig rig = expired();
    const OperationId caller = rig.want(Want::token);
    const auto fails = [&] { return lost ? no_answer(R, Transfer::ambiguous) : answer(R, 502, "<html>"); };
    for (int64_t wait_s : {2, 5}) {
      rig.go_on();
      BOOST_TEST(rig.credential == "rt-1");
      rig.answers(fails());
      BOOST_TEST((rig.machine.step() == Step::backoff), "the lock is kept");
      BOOST_TEST(rig.wake_in_ms() == wait_s * s);
      BOOST_TEST((rig.machine.flags() & ECOAUTH_FLAG_AMBIGUOUS) != 0);
      BOOST_TEST(rig.waits(caller));
      rig.ring();
    }
    rig.go_on();
    rig.answers(fails());
    rig.go_on();
    BOOST_TEST(rig.ended(caller).result == (lost ? ECOAUTH_ERROR_NETWORK : ECOAUTH_ERROR_SERVER));
    BOOST_TEST(rig.machine.idle());
    BOOST_TEST(rig.disk->intent.has_value());
    for (int64_t wait_s : {12, 30, 60, 120, 300, 300}) {
      BOOST_TEST(rig.wake_in_ms() == wait_s * s, "for ever, without anybody asking");
      rig.ring();
      rig.go_on();
      BOOST_TEST(rig.credential == "rt-1");
      rig.answers(fails());
      rig.go_on();
    }
    rig.ring();
    rig.served(renewed(2));
    BOOST_TEST(rig.machine.flags() == 0);
    BOOST_TEST(rig.sends == 10);
    BOOST_TEST((rig.state() == GrantState::active));
  }
}

BOOST_AUTO_TEST_CASE(what_was_never_sent_is_free) {
  Rig rig = expired();
  rig.dice = 0.999;
  const OperationId caller = rig.want(Want::token);
  rig.store_answers(Rig::StoreAnswer::good);  // lock
  rig.store_answers(Rig::StoreAnswer::good);  // load
  const int64_t seq = rig.disk->seq;
  rig.answers(no_answer(R, Transfer::not_sent));
  BOOST_TEST(rig.ended(caller).result == ECOAUTH_ERROR_NETWORK);
  BOOST_TEST(rig.disk->seq == seq, "nothing was written");
  BOOST_TEST(rig.machine.flags() == 0);
  int64_t longest_ms = 0;
  for (int i = 0; i < 15; ++i) {
    BOOST_TEST(rig.wake_in_ms() >= 1 * s - 1);
    BOOST_TEST(rig.wake_in_ms() <= 5 * min);
    longest_ms = std::max(longest_ms, rig.wake_in_ms());
    rig.ring();
    rig.store_answers(Rig::StoreAnswer::good);
    rig.store_answers(Rig::StoreAnswer::good);
    rig.answers(no_answer(R, Transfer::not_sent));
  }
  BOOST_TEST(longest_ms > 4 * min);
  BOOST_TEST(rig.disk->seq == seq);
}

BOOST_AUTO_TEST_CASE(a_connection_that_dies_while_the_mark_is_written) {
  Rig rig = expired();
  const OperationId caller = rig.want(Want::token);
  rig.store_answers(Rig::StoreAnswer::good);
  rig.store_answers(Rig::StoreAnswer::good);
  rig.connected();
  BOOST_TEST((rig.machine.step() == Step::marking));
  rig.answers(no_answer(R, Transfer::not_sent));
  BOOST_TEST(rig.ended(caller).result == ECOAUTH_ERROR_NETWORK);
  rig.go_on();
  BOOST_TEST(rig.machine.idle());
  rig.ring();
  rig.served(renewed(2));
  BOOST_TEST(rig.machine.flags() == 0);
}

BOOST_AUTO_TEST_CASE(a_wrong_clock) {
  Rig rig = expired();
  const OperationId caller = rig.want(Want::token);
  rig.store_answers(Rig::StoreAnswer::good);
  rig.store_answers(Rig::StoreAnswer::good);
  rig.answers(no_answer(R, Transfer::not_sent, RawAnswer::Trouble::certificate_time));
  BOOST_TEST(rig.ended(caller).result == ECOAUTH_ERROR_CLOCK);
  BOOST_TEST((rig.machine.flags() & ECOAUTH_FLAG_CLOCK_SUSPECT) != 0);
  BOOST_TEST(rig.wake_in_ms() == 30 * s);
  rig.ring();
  rig.served(renewed(2));
  BOOST_TEST(rig.machine.flags() == 0);
}

BOOST_AUTO_TEST_CASE(a_refusal_is_a_charge_and_only_many_are_a_verdict) {
  Rig rig = expired();
  OperationId caller = rig.want(Want::token);
  rig.served(error_answer(R, "invalid_grant"));
  BOOST_TEST(rig.ended(caller).result == ECOAUTH_ERROR_SERVER);
  BOOST_TEST(rig.ended(caller).error->action == ECOAUTH_ACTION_RETRY);
  BOOST_TEST(rig.ended(caller).error->oauth_error == "invalid_grant");
  BOOST_TEST(rig.ended(caller).error->retry_after_ms == min);
  BOOST_TEST((rig.disk->grant->state == GrantState::suspect));
  BOOST_TEST(rig.refresh_token() == "rt-1");
  BOOST_TEST(!rig.disk->intent.has_value());

  caller = rig.want(Want::token);
  rig.go_on();
  BOOST_TEST(rig.ended(caller).result == ECOAUTH_ERROR_SERVER, "nothing is asked before its time");
  BOOST_TEST(rig.sends == 1);

  int minutes_passed = 0;
  for (int64_t wait_min : {1, 5}) {
    BOOST_TEST(rig.wake_in_ms() == wait_min * min);
    rig.ring();
    rig.served(error_answer(R, "invalid_grant"));
    minutes_passed += static_cast<int>(wait_min);
    BOOST_TEST((rig.disk->grant->state == GrantState::suspect),
               "three refusals, but only " << minutes_passed << " minutes");
  }
  BOOST_TEST(rig.wake_in_ms() == 15 * min);
  rig.ring();
  rig.served(error_answer(R, "invalid_grant"));
  BOOST_TEST((rig.disk->grant->state == GrantState::needs_reauthorization));
  BOOST_TEST(rig.disk->grant->reason == "NEEDS_AUTHORIZATION");
  BOOST_TEST(rig.refresh_token() == "rt-1", "kept");
  caller = rig.want(Want::token);
  rig.go_on();
  BOOST_TEST(rig.ended(caller).result == ECOAUTH_ERROR_NEEDS_AUTHORIZATION);
  BOOST_TEST(rig.ended(caller).error->action == ECOAUTH_ACTION_REAUTHORIZE);
  BOOST_TEST(rig.ended(caller).error->retry_after_ms == h);

  for (int i = 0; i < 25; ++i) {
    BOOST_TEST(rig.wake_in_ms() == h);
    rig.ring();
    rig.served(error_answer(R, "invalid_grant"));
    BOOST_TEST((rig.disk->grant->state == GrantState::needs_reauthorization));
    BOOST_TEST(rig.disk->grant->refusals.size() <= 8u);
  }
  for (int i = 0; i < 7; ++i) {
    BOOST_TEST(rig.wake_in_ms() == d);
    rig.ring();
    rig.served(error_answer(R, "invalid_grant"));
  }
  rig.ring();
  rig.served(renewed(2));
  BOOST_TEST((rig.disk->grant->state == GrantState::active), "an outage of the server heals by itself");
  BOOST_TEST(rig.disk->grant->refusals.empty());
  BOOST_TEST(rig.disk->grant->reason == "");
}

BOOST_AUTO_TEST_CASE(refusals_survive_a_restart) {
  Rig first = expired();
  first.want(Want::token);
  first.served(error_answer(R, "invalid_grant"));
  first.clock.advance_ms(20 * s);
  Rig second = first.restarted();
  second.want(Want::load);
  second.go_on();
  BOOST_TEST((second.state() == GrantState::suspect));
  BOOST_TEST(second.wake_in_ms() == 40 * s);
  const OperationId caller = second.want(Want::token);
  BOOST_TEST(second.ended(caller).result == ECOAUTH_ERROR_SERVER);
  BOOST_TEST(second.ended(caller).error->action == ECOAUTH_ACTION_RETRY);
  BOOST_TEST(second.connects == 0);
  second.ring();
  second.served(error_answer(R, "invalid_grant"));
  BOOST_TEST(second.disk->grant->refusals.size() == 2u);
  BOOST_TEST(second.wake_in_ms() == 5 * min);
}

BOOST_AUTO_TEST_CASE(the_older_candidate_is_tried_when_the_newer_is_refused) {
  Rig rig = expired();
  rig.want(Want::token);
  rig.served(renewed(2));
  rig.clock.advance_ms(2 * h);
  const OperationId caller = rig.want(Want::token);
  rig.served(error_answer(R, "invalid_grant"));
  BOOST_TEST((rig.net == Rig::Net::sent));
  BOOST_TEST(rig.credential == "rt-1");
  BOOST_TEST(rig.waits(caller));
  rig.served(renewed(3));
  BOOST_TEST(rig.ended(caller).result == ECOAUTH_OK);
  BOOST_TEST(rig.refresh_token() == "rt-3");
  BOOST_TEST((rig.state() == GrantState::active));

  rig.clock.advance_ms(2 * h);
  rig.want(Want::token);
  rig.served(error_answer(R, "invalid_grant"));
  rig.served(error_answer(R, "invalid_grant"));
  BOOST_TEST((rig.state() == GrantState::suspect), "both refused is one refusal");
  BOOST_TEST(rig.disk->grant->refusals.size() == 1u);
  BOOST_TEST(rig.disk->grant->candidates.size() == 2u);
}

BOOST_AUTO_TEST_CASE(an_explicit_refresh_does_not_wait_for_patience_but_for_the_server) {
  Rig rig = expired();
  rig.want(Want::token);
  rig.served(error_answer(R, "invalid_grant"));
  rig.want(Want::refresh);
  rig.go_on();
  BOOST_TEST((rig.net == Rig::Net::sent));
  rig.answers(answer(R, 429, "", "120"));
  rig.go_on();
  OperationId caller = rig.want(Want::refresh);
  rig.go_on();
  BOOST_TEST(rig.ended(caller).result == ECOAUTH_ERROR_RATE_LIMITED);
  BOOST_TEST(rig.ended(caller).error->retry_after_ms == 2 * min);
  rig.clock.advance_ms(30 * s);
  caller = rig.want(Want::token);
  rig.go_on();
  BOOST_TEST(rig.ended(caller).error->retry_after_ms == 90 * s);
  rig.clock.advance_ms(90 * s);
  rig.want(Want::refresh);
  rig.go_on();
  BOOST_TEST((rig.net == Rig::Net::sent));
}

BOOST_AUTO_TEST_CASE(throttling_of_every_kind) {
  const std::pair<Classified, int64_t> cases[] = {{answer(R, 429, "", "90"), 90 * s},
                                                  {answer(R, 429, ""), 60 * s},
                                                  {answer(R, 503, "", "7"), 7 * s},
                                                  {answer(R, 429, "{\"error\":\"busy\"}", "100000"), 6 * h}};
  for (const auto& [throttled, wait_ms] : cases) {
    Rig rig = expired();
    const OperationId caller = rig.want(Want::token);
    rig.served(copy_of(throttled));
    BOOST_TEST(rig.ended(caller).result == ECOAUTH_ERROR_RATE_LIMITED);
    BOOST_TEST(rig.ended(caller).error->retry_after_ms == wait_ms);
    BOOST_TEST(rig.wake_in_ms() == wait_ms);
    BOOST_TEST((rig.state() == GrantState::active));
  }
}

BOOST_AUTO_TEST_CASE(verdicts_over_the_client_id_take_three_more_tries) {
  for (const auto& [error, code] : {std::pair<const char*, int32_t>{"invalid_client", ECOAUTH_ERROR_INVALID_CLIENT},
                                    {"something_new", ECOAUTH_ERROR_SERVER}}) {
    Rig rig = expired();
    const OperationId caller = rig.want(Want::token);
    rig.served(error_answer(R, error));
    BOOST_TEST(rig.ended(caller).result == code);
    BOOST_TEST(rig.ended(caller).error->action == ECOAUTH_ACTION_RETRY, "not yet a verdict");
    for (int64_t wait_min : {1, 5, 15}) {
      BOOST_TEST((rig.state() == GrantState::active));
      BOOST_TEST(rig.wake_in_ms() == wait_min * min);
      rig.ring();
      rig.served(error_answer(R, error));
    }
    BOOST_TEST((rig.disk->grant->state == GrantState::blocked));
    BOOST_TEST(rig.disk->grant->reason == result_name(code));
    BOOST_TEST(rig.wake_in_ms() == 6 * h);
    const OperationId late = rig.want(Want::token);
    rig.go_on();
    BOOST_TEST(rig.ended(late).result == code);
    BOOST_TEST(rig.ended(late).error->action == ECOAUTH_ACTION_USER_ACTION);

    Rig again = rig.restarted();
    const OperationId later = again.want(Want::token);
    again.go_on();
    BOOST_TEST((again.net == Rig::Net::sent), "who starts the program again may have mended it");
    again.answers(error_answer(R, error));
    again.go_on();
    BOOST_TEST(again.ended(later).error->action == ECOAUTH_ACTION_USER_ACTION);
    BOOST_TEST((again.disk->grant->state == GrantState::blocked));
    BOOST_TEST(again.wake_in_ms() == 6 * h);
    again.ring();
    again.served(renewed(2));
    BOOST_TEST((again.disk->grant->state == GrantState::active));
  }
}

BOOST_AUTO_TEST_CASE(verdicts_at_once) {
  struct Row {
    const char* error;
    int32_t code;
    int32_t action;
    int64_t wait_ms;
  };
  for (const Row& row :
       {Row{"unauthorized_client", ECOAUTH_ERROR_UNAUTHORIZED_CLIENT, ECOAUTH_ACTION_USER_ACTION, 6 * h},
        Row{"invalid_scope", ECOAUTH_ERROR_SCOPE, ECOAUTH_ACTION_FIX_CONFIG, 6 * h},
        Row{"invalid_request", ECOAUTH_ERROR_REJECTED, ECOAUTH_ACTION_BUG, 6 * h},
        Row{"unsupported_grant_type", ECOAUTH_ERROR_REJECTED, ECOAUTH_ACTION_BUG, 6 * h},
        Row{"not_supported", ECOAUTH_ERROR_REJECTED, ECOAUTH_ACTION_BUG, 6 * h},
        Row{"account_locked", ECOAUTH_ERROR_ACCOUNT_LOCKED, ECOAUTH_ACTION_USER_ACTION, 30 * min},
        Row{"account_disabled", ECOAUTH_ERROR_ACCOUNT_DISABLED, ECOAUTH_ACTION_USER_ACTION, 6 * h}}) {
    BOOST_TEST_CONTEXT(row.error) {
      Rig rig = expired();
      const OperationId caller = rig.want(Want::token);
      rig.served(error_answer(R, row.error));
      BOOST_TEST(rig.ended(caller).result == row.code);
      BOOST_TEST(rig.ended(caller).error->action == row.action);
      BOOST_TEST(rig.ended(caller).error->retry_after_ms == row.wait_ms);
      BOOST_TEST((rig.disk->grant->state == GrantState::blocked));
      BOOST_TEST(rig.refresh_token() == "rt-1");
      BOOST_TEST(!rig.disk->intent.has_value());
      BOOST_TEST(rig.wake_in_ms() == row.wait_ms);
      const OperationId later = rig.want(Want::token);
      rig.go_on();
      BOOST_TEST(rig.ended(later).result == row.code);
      Rig again = rig.restarted();
      again.want(Want::load);
      again.go_on();
      BOOST_TEST(again.wake_in_ms() == row.wait_ms, "a restart is no reason to ask");
      rig.ring();
      rig.served(renewed(2));
      BOOST_TEST((rig.disk->grant->state == GrantState::active));
    }
  }
}

BOOST_AUTO_TEST_CASE(a_living_token_is_served_whatever_the_refresh_says) {
  for (const char* error :
       {"invalid_grant", "invalid_client", "unauthorized_client", "account_locked", "something_new"}) {
    Rig rig = rig_with_grant();
    rig.clock.advance_ms(50 * min);
    rig.want(Want::token);
    rig.served(error_answer(R, error));
    BOOST_TEST(rig.ended(rig.want(Want::token)).result == ECOAUTH_OK, error);
  }
}

BOOST_AUTO_TEST_CASE(what_can_be_saved_of_an_unusable_answer_is) {
  Rig rig = expired();
  const OperationId caller = rig.want(Want::token), explicitly = rig.want(Want::refresh);
  rig.served(answer(R, 200, "{\"access_token\":\"at-2\",\"refresh_token\":\"rt-2\",\"token_type\":\"mac\"}"));
  BOOST_TEST(rig.disk->grant->generation == 2);
  BOOST_TEST(rig.disk->grant->access_token.empty());
  BOOST_TEST(rig.refresh_token() == "rt-2");
  BOOST_TEST(rig.waits(caller));
  BOOST_TEST(rig.waits(explicitly));
  BOOST_TEST(rig.wake_in_ms() == 2 * s);
  rig.ring();
  rig.go_on();
  BOOST_TEST(rig.credential == "rt-2");
  rig.answers(renewed(3));
  rig.go_on();
  BOOST_TEST(rig.ended(caller).result == ECOAUTH_OK);
  BOOST_TEST(rig.ended(explicitly).result == ECOAUTH_OK);
}

BOOST_AUTO_TEST_CASE(a_server_whose_answers_are_always_unusable_is_not_hammered) {
  Rig rig = expired();
  const OperationId caller = rig.want(Want::token);
  const int64_t start_ms = rig.clock.boot_ms();
  for (int i = 2; rig.clock.boot_ms() < start_ms + h; ++i) {
    rig.go_on();
    if (rig.net == Rig::Net::sent)
      rig.answers(answer(R, 200, "{\"refresh_token\":\"rt-" + std::to_string(i) + "\"}"));
    else
      rig.ring();
  }
  BOOST_TEST(rig.ended(caller).result == ECOAUTH_ERROR_PROTOCOL);
  BOOST_TEST(rig.ended(caller).error->action == ECOAUTH_ACTION_RETRY);
  BOOST_TEST(rig.sends <= 20);
  BOOST_TEST(rig.sends >= 12);
}

BOOST_AUTO_TEST_SUITE_END()
