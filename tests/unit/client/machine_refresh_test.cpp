// Refreshing, row by row of design.md 4.
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

Classified renewed(int generation, int64_t expires_in_s = 3600) {
  return token_answer(R, "at-" + std::to_string(generation), "rt-" + std::to_string(generation), expires_in_s);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(refreshing)

BOOST_AUTO_TEST_CASE(a_living_token_costs_nothing) {
  VirtualClock clock;
  Rig rig({}, record_with_grant(clock));
  rig.clock = clock;
  const OperationId first = rig.want(Want::token);
  rig.go_on();
  BOOST_TEST(rig.ended(first).result == ECOAUTH_OK);
  const OperationId second = rig.want(Want::token);
  BOOST_TEST(rig.ended(second).result == ECOAUTH_OK, "served at once, from memory");
  BOOST_TEST(rig.connects == 0);
  BOOST_TEST(rig.count("publish") == 1);
  BOOST_TEST(rig.wake_in_ms() == 7 * d, "nobody asks: nothing to do for a week");
}

BOOST_AUTO_TEST_CASE(one_refresh_serves_everybody) {
  Rig rig = expired();
  std::vector<OperationId> callers;
  for (int i = 0; i < 5; ++i) callers.push_back(rig.want(i == 3 ? Want::refresh : Want::token));
  rig.go_on();
  BOOST_TEST((rig.net == Rig::Net::sent));
  BOOST_TEST(rig.credential == "rt-1");
  BOOST_TEST(rig.machine.flags() == ECOAUTH_FLAG_REFRESHING);
  callers.push_back(rig.want(Want::token));
  rig.served(renewed(2));
  for (OperationId caller : callers) BOOST_TEST(rig.ended(caller).result == ECOAUTH_OK);
  BOOST_TEST(rig.sends == 1);
  BOOST_TEST(rig.record().grant->generation == 2);
  BOOST_TEST(rig.count("token_saved") == 1);
  BOOST_TEST(rig.disk->grant->access_token.reveal() == "at-2");
  BOOST_TEST(!rig.disk->intent.has_value());
  BOOST_REQUIRE(rig.disk->grant->candidates.size() == 2u);
  BOOST_TEST(rig.disk->grant->candidates[0].reveal() == "rt-2");
  BOOST_TEST(rig.disk->grant->candidates[1].reveal() == "rt-1", "until rt-2 has proven itself");
}

BOOST_AUTO_TEST_CASE(the_predecessor_leaves_when_its_successor_has_been_used) {
  Rig rig = expired();
  for (int generation = 2; generation < 6; ++generation) {
    rig.want(Want::token);
    rig.served(renewed(generation));
    const auto& candidates = rig.disk->grant->candidates;
    BOOST_REQUIRE(candidates.size() == 2u);
    BOOST_TEST(candidates[0].reveal() == "rt-" + std::to_string(generation));
    BOOST_TEST(candidates[1].reveal() == "rt-" + std::to_string(generation - 1));
    rig.clock.advance_ms(2 * h);
  }
}

BOOST_AUTO_TEST_CASE(an_answer_without_a_refresh_token_drops_none) {
  for (const char* body : {"{\"access_token\":\"at-2\"}", "{\"access_token\":\"at-2\",\"refresh_token\":\"\"}",
                           "{\"access_token\":\"at-2\",\"refresh_token\":null}",
                           "{\"access_token\":\"at-2\",\"refresh_token\":\"rt-1\"}"}) {
    Rig rig = expired();
    rig.want(Want::token);
    rig.served(answer(R, 200, body));
    BOOST_TEST(rig.disk->grant->generation == 2);
    BOOST_REQUIRE(rig.disk->grant->candidates.size() == 1u);
    BOOST_TEST(rig.refresh_token() == "rt-1");
    BOOST_TEST(rig.disk->grant->identical_refreshes == 1);
    BOOST_TEST(rig.disk->grant->scope == "smartRead", "nor the scope");
  }
}

BOOST_AUTO_TEST_CASE(past_the_advisory_point_callers_are_served_and_somebody_refreshes) {
  VirtualClock clock;
  Rig rig({}, record_with_grant(clock));
  rig.clock = clock;
  rig.want(Want::load);
  rig.go_on();
  rig.clock.advance_ms(50 * min);  // 750 of 1000 is at 45
  const OperationId caller = rig.want(Want::token);
  BOOST_TEST(rig.ended(caller).result == ECOAUTH_OK);
  rig.go_on();
  BOOST_TEST((rig.net == Rig::Net::sent));
  rig.answers(answer(R, 503, ""));
  BOOST_TEST(rig.waiting.empty());
  const OperationId second = rig.want(Want::token);
  BOOST_TEST(rig.ended(second).result == ECOAUTH_OK, "background failures are nobody's error");
  rig.ring();
  rig.served(renewed(2));
  BOOST_TEST(rig.record().grant->generation == 2);
}

BOOST_AUTO_TEST_CASE(in_the_mandatory_window_callers_wait) {
  VirtualClock clock;
  Rig rig({}, record_with_grant(clock));
  rig.clock = clock;
  rig.want(Want::load);
  rig.go_on();
  rig.clock.advance_ms(h - 2 * min);
  const OperationId caller = rig.want(Want::token);
  BOOST_TEST(rig.waits(caller));
  rig.go_on();
  rig.answers(no_answer(R, Transfer::not_sent));
  rig.go_on();
  BOOST_TEST(rig.ended(caller).result == ECOAUTH_OK, "the token still lives");
  rig.clock.advance_ms(2 * min);
  const OperationId late = rig.want(Want::token);
  rig.go_on();
  rig.answers(no_answer(R, Transfer::not_sent));
  rig.go_on();
  BOOST_TEST(rig.ended(late).result == ECOAUTH_ERROR_NETWORK);
  BOOST_TEST(rig.ended(late).error->action == ECOAUTH_ACTION_RETRY);
}

BOOST_AUTO_TEST_CASE(a_wish_for_validity) {
  VirtualClock clock;
  Rig rig({}, record_with_grant(clock));
  rig.clock = clock;
  rig.want(Want::load);
  rig.go_on();
  rig.clock.advance_ms(30 * min);
  BOOST_TEST(rig.ended(rig.want(Want::token, 29 * min)).result == ECOAUTH_OK);
  const OperationId caller = rig.want(Want::token, 31 * min);
  BOOST_TEST(rig.waits(caller));
  rig.served(renewed(2));
  BOOST_TEST(rig.ended(caller).result == ECOAUTH_OK);
  // More than a token of this server lasts: the newest must do, and no second request is made for it.
  rig.clock.advance_ms(5 * min);
  BOOST_TEST(rig.ended(rig.want(Want::token, 5 * h)).result == ECOAUTH_OK);
  BOOST_TEST(rig.sends == 1);
}

BOOST_AUTO_TEST_CASE(tokens_that_hardly_live_cause_no_endless_refreshing) {
  for (int64_t latency_ms : {0, 50, 900, 1500}) {
    Rig rig = expired();
    const OperationId caller = rig.want(Want::token, 60 * s);
    rig.go_on();
    rig.clock.advance_ms(latency_ms);
    rig.answers(renewed(2, 1));
    rig.go_on();
    BOOST_TEST(rig.sends == 1);
    BOOST_TEST(rig.ended(caller).result == (latency_ms < 1000 ? ECOAUTH_OK : ECOAUTH_ERROR_SERVER));
    BOOST_TEST((rig.net == Rig::Net::none));
  }
}

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
  BOOST_TEST(!rig.disk->intent.has_value());
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
  BOOST_TEST(rig.ended(caller).result == ECOAUTH_ERROR_RATE_LIMITED);
  BOOST_TEST(rig.ended(caller).error->retry_after_ms == 2 * min);
  rig.clock.advance_ms(30 * s);
  caller = rig.want(Want::token);
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
      BOOST_TEST(rig.ended(rig.want(Want::token)).result == row.code);
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
    VirtualClock clock;
    Rig rig({}, record_with_grant(clock));
    rig.clock = clock;
    rig.want(Want::load);
    rig.go_on();
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

BOOST_AUTO_TEST_CASE(the_breaker) {
  Rig rig = expired();
  for (int i = 0; i < 6; ++i) {
    const OperationId caller = rig.want(Want::refresh);
    rig.served(renewed(2 + i));
    BOOST_TEST(rig.ended(caller).result == ECOAUTH_OK);
    const OperationId hasty = rig.want(Want::refresh);
    BOOST_TEST(rig.ended(hasty).result == ECOAUTH_ERROR_RATE_LIMITED);
    BOOST_TEST(rig.ended(hasty).error->retry_after_ms >= min);
    rig.clock.advance_ms(min);
  }
  const OperationId seventh = rig.want(Want::refresh);
  BOOST_TEST(rig.ended(seventh).result == ECOAUTH_ERROR_RATE_LIMITED);
  BOOST_TEST(rig.ended(seventh).error->retry_after_ms == h - 6 * min);
  BOOST_TEST(rig.sends == 6);
}

BOOST_AUTO_TEST_CASE(an_intent_found_on_disk_is_followed_up_at_once) {
  VirtualClock clock;
  auto left_behind = record_with_grant(clock);
  left_behind->intent = Intent{1, {clock.boot_ms(), clock.wall_ms(), clock.boot_id()}};
  Rig rig({}, left_behind);
  rig.clock = clock;
  const OperationId caller = rig.want(Want::token);
  rig.store_answers(Rig::StoreAnswer::good);
  BOOST_TEST(rig.ended(caller).result == ECOAUTH_OK, "the old token lives");
  BOOST_TEST((rig.machine.flags() & (ECOAUTH_FLAG_AMBIGUOUS | ECOAUTH_FLAG_REFRESHING)) ==
             (ECOAUTH_FLAG_AMBIGUOUS | ECOAUTH_FLAG_REFRESHING));
  rig.go_on();
  BOOST_TEST(rig.credential == "rt-1");
  rig.answers(renewed(2));
  rig.go_on();
  BOOST_TEST(rig.machine.flags() == 0);
  BOOST_TEST(!rig.disk->intent.has_value());
}

BOOST_AUTO_TEST_CASE(an_access_token_left_out_for_room_is_fetched) {
  VirtualClock clock;
  auto without = record_with_grant(clock);
  without->grant->access_token.clear();
  Rig rig({}, without);
  rig.clock = clock;
  const OperationId caller = rig.want(Want::token);
  rig.served(renewed(2));
  BOOST_TEST(rig.ended(caller).result == ECOAUTH_OK);
}

BOOST_AUTO_TEST_CASE(keep_fresh_always) {
  StateMachine::Settings settings;
  settings.refresh.keep_fresh = KeepFresh::always;
  VirtualClock clock;
  Rig rig(settings, record_with_grant(clock));
  rig.clock = clock;
  rig.want(Want::load);
  rig.go_on();
  for (int generation = 2; generation < 30; ++generation) {
    BOOST_TEST(rig.wake_in_ms() >= (generation == 2 ? 45 : 42) * min);
    BOOST_TEST(rig.wake_in_ms() <= 51 * min);
    rig.ring();
    rig.dice = generation % 10 / 10.0;
    rig.served(renewed(generation));
  }
  BOOST_TEST(rig.sends == 28);
}

BOOST_AUTO_TEST_CASE(an_idle_grant_is_refreshed_once_a_week) {
  VirtualClock clock;
  Rig rig({}, record_with_grant(clock));
  rig.clock = clock;
  rig.want(Want::load);
  rig.go_on();
  for (int generation = 2; generation < 10; ++generation) {
    BOOST_TEST(rig.wake_in_ms() == 7 * d);
    rig.ring();
    rig.served(renewed(generation));
  }
}

BOOST_AUTO_TEST_CASE(clocks_that_jump_cause_nothing) {
  VirtualClock clock;
  Rig rig({}, record_with_grant(clock));
  rig.clock = clock;
  rig.want(Want::load);
  rig.go_on();
  for (int64_t step_ms : {-50 * 365 * d, h, -h, 60 * 365 * d}) {
    rig.clock.step_wall_ms(step_ms);
    rig.machine.timer(rig.now());
    BOOST_TEST(rig.ended(rig.want(Want::token)).result == ECOAUTH_OK);
    BOOST_TEST(rig.wake_in_ms() == 7 * d);
  }
  BOOST_TEST(rig.connects == 0);
  rig.clock.advance_ms(8 * h);  // suspended
  const OperationId caller = rig.want(Want::token);
  BOOST_TEST(rig.waits(caller), "expired, and known at once");
}

BOOST_AUTO_TEST_CASE(no_grant_no_request) {
  Rig rig;
  const OperationId token = rig.want(Want::token), refresh = rig.want(Want::refresh);
  rig.go_on();
  for (OperationId caller : {token, refresh}) {
    BOOST_TEST(rig.ended(caller).result == ECOAUTH_ERROR_NEEDS_AUTHORIZATION);
    BOOST_TEST(rig.ended(caller).error->action == ECOAUTH_ACTION_REAUTHORIZE);
  }
  BOOST_TEST(rig.connects == 0);
  BOOST_TEST(rig.wake_in_ms() == -1);
}

BOOST_AUTO_TEST_SUITE_END()
