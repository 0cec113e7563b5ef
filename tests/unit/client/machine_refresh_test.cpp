// When a token is refreshed, and what becomes of a good answer.
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
  Rig rig = rig_with_expired_token();
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
  Rig rig = rig_with_expired_token();
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

BOOST_AUTO_TEST_CASE(while_late_copies_may_come_the_one_before_the_predecessor_stays) {
  Rig rig = rig_with_expired_token();
  rig.want(Want::token);
  rig.served(renewed(2));
  rig.clock.advance_ms(90 * s);
  rig.want(Want::refresh);
  rig.served(renewed(3));
  const auto& candidates = rig.disk->grant->candidates;
  BOOST_REQUIRE(candidates.size() == 3u);
  BOOST_TEST(candidates[2].reveal() == "rt-1");
  rig.clock.advance_ms(2 * h);
  rig.want(Want::token);
  rig.served(renewed(4));
  BOOST_TEST(rig.disk->grant->candidates.size() == 2u);
}

BOOST_AUTO_TEST_CASE(an_answer_without_a_refresh_token_drops_none) {
  for (const char* body : {"{\"access_token\":\"at-2\"}", "{\"access_token\":\"at-2\",\"refresh_token\":\"\"}",
                           "{\"access_token\":\"at-2\",\"refresh_token\":null}",
                           "{\"access_token\":\"at-2\",\"refresh_token\":\"rt-1\"}"}) {
    Rig rig = rig_with_expired_token();
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
  Rig rig = rig_with_grant();
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
  Rig rig = rig_with_grant();
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
  Rig rig = rig_with_grant();
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
    Rig rig = rig_with_expired_token();
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

BOOST_AUTO_TEST_CASE(the_breaker) {
  Rig rig = rig_with_expired_token();
  for (int i = 0; i < 6; ++i) {
    const OperationId caller = rig.want(Want::refresh);
    rig.served(renewed(2 + i));
    BOOST_TEST(rig.ended(caller).result == ECOAUTH_OK);
    const OperationId hasty = rig.want(Want::refresh);
    rig.go_on();
    BOOST_TEST(rig.ended(hasty).result == ECOAUTH_ERROR_RATE_LIMITED);
    BOOST_TEST(rig.ended(hasty).error->retry_after_ms >= min);
    rig.clock.advance_ms(min);
  }
  const OperationId seventh = rig.want(Want::refresh);
  rig.go_on();
  BOOST_TEST(rig.ended(seventh).result == ECOAUTH_ERROR_RATE_LIMITED);
  BOOST_TEST(rig.ended(seventh).error->retry_after_ms == h - 6 * min);
  BOOST_TEST(rig.sends == 6);
}

BOOST_AUTO_TEST_CASE(tokens_that_live_for_minutes_are_always_to_be_had) {
  // Refreshed as early as it may be, a token of ten minutes needs more than six refreshes an hour.
  for (int64_t life_s : {540, 600, 660, 720, 780, 840, 900, 1200}) {
    Rig rig = rig_with_expired_token();
    rig.dice = 0;
    int generation = 1;
    for (int64_t passed_s = 0; passed_s < 3 * 3600; passed_s += 30) {
      const OperationId caller = rig.want(Want::token);
      rig.go_on();
      if (rig.net == Rig::Net::sent) rig.served(renewed(++generation, life_s));
      BOOST_REQUIRE_MESSAGE(rig.ended(caller).result == ECOAUTH_OK, life_s << " s, after " << passed_s << " s");
      rig.clock.advance_ms(30 * s);
      rig.machine.timer(rig.now());
    }
    BOOST_TEST(generation - 1 <= 3 * 3600 * 10 / (7 * life_s) + 1, "and no more often than they must");
  }
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
}

BOOST_AUTO_TEST_CASE(after_an_attempt_in_doubt_the_next_generation_waits) {
  // A late copy of it would look like theft to some servers, once its successor has been used.
  Rig rig = rig_with_expired_token();
  rig.want(Want::token);
  rig.go_on();
  const int64_t sent_ms = rig.clock.boot_ms();
  rig.answers(no_answer(R, Transfer::ambiguous));
  rig.ring();
  rig.served(renewed(2));
  BOOST_TEST(rig.machine.flags() == 0);
  Rig neighbour = rig.restarted();  // who knows it from the record alone
  neighbour.want(Want::load);
  neighbour.go_on();
  for (Rig* each : {&rig, &neighbour}) {
    const int connects = each->connects;
    each->rejected(2);
    const OperationId hasty = each->want(Want::refresh);
    each->go_on();
    BOOST_TEST(each->ended(hasty).result == ECOAUTH_ERROR_RATE_LIMITED);
    BOOST_TEST(each->ended(hasty).error->retry_after_ms == sent_ms + 2 * min - each->clock.boot_ms());
    BOOST_TEST(each->wake_in_ms() == sent_ms + 2 * min - each->clock.boot_ms());
    BOOST_TEST(each->connects == connects);
    each->ring();
    each->served(renewed(3));
    BOOST_TEST(each->refresh_token() == "rt-3");
    BOOST_TEST(!each->disk->intent.has_value());
  }
}

BOOST_AUTO_TEST_CASE(what_is_in_doubt_stays_so_when_the_next_attempt_fails) {
  for (const bool unmarked : {true, false}) {
    VirtualClock clock;
    Rig rig({}, record_with_grant(clock));  // which nobody but the doubt would refresh now
    rig.clock = clock;
    rig.want(Want::refresh);
    rig.served(no_answer(R, Transfer::ambiguous));
    rig.ring();
    if (unmarked) {
      rig.connected();
      rig.store_answers(Rig::StoreAnswer::failed);
    } else {
      rig.served(answer(R, 429, "", "90"));
    }
    BOOST_TEST((rig.machine.flags() & ECOAUTH_FLAG_AMBIGUOUS) != 0);
    BOOST_TEST(rig.disk->intent.has_value());
    BOOST_TEST(rig.wake_in_ms() == (unmarked ? 5 * s : 90 * s));
    rig.ring();
    rig.served(renewed(2));
    BOOST_TEST(rig.machine.flags() == 0);
  }
}

BOOST_AUTO_TEST_CASE(what_was_never_sent_settles_no_doubt) {
  VirtualClock clock;
  auto left_behind = record_with_grant(clock);
  left_behind->intent = Intent{1, {clock.boot_ms(), clock.wall_ms(), clock.boot_id()}};
  Rig rig({}, left_behind);
  rig.clock = clock;
  rig.want(Want::load);
  for (int i = 0; i < 5; ++i) {
    for (int answers = 0; answers < (i ? 2 : 3); ++answers) rig.store_answers(Rig::StoreAnswer::good);
    rig.answers(no_answer(AnswerContext::refresh, RawAnswer::Transfer::not_sent));
    BOOST_TEST((rig.machine.flags() & ECOAUTH_FLAG_AMBIGUOUS) != 0);
    BOOST_TEST(rig.wake_in_ms() <= 5 * min, "though the token lives for an hour");
    rig.ring();
  }
  rig.served(renewed(2));
  BOOST_TEST(rig.machine.flags() == 0);
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
  Rig rig = rig_with_grant();
  for (int generation = 2; generation < 10; ++generation) {
    BOOST_TEST(rig.wake_in_ms() == 7 * d);
    rig.ring();
    rig.served(renewed(generation));
  }
}

BOOST_AUTO_TEST_CASE(clocks_that_jump_cause_nothing) {
  Rig rig = rig_with_grant();
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

BOOST_AUTO_TEST_CASE(a_step_of_the_wall_clock_hides_no_refresh_of_our_own_where_no_boot_id_is_told) {
  Rig rig = rig_with_expired_token();
  rig.clock.forget_boot_id();
  rig.want(Want::refresh);
  rig.served(renewed(2));
  rig.clock.step_wall_ms(-h);
  const OperationId hasty = rig.want(Want::refresh);
  rig.go_on();
  BOOST_TEST(rig.ended(hasty).result == ECOAUTH_ERROR_RATE_LIMITED);
  BOOST_TEST(rig.sends == 1);
}

BOOST_AUTO_TEST_CASE(a_step_of_the_wall_clock_ends_no_token_where_no_boot_id_is_told) {
  for (const int64_t step_ms : {1 * h, 10 * 365 * d, -1 * h, -50 * 365 * d})
    for (const bool by_another : {false, true}) {
      Rig rig = rig_with_expired_token();
      rig.clock.forget_boot_id();
      if (by_another) {
        auto theirs = std::make_shared<Record>(rig.disk->clone());
        ++theirs->seq;
        theirs->grant->generation = 2;
        theirs->grant->access_token = Secret("at-2");
        theirs->grant->obtained = rig.now().moment();
        rig.other_process_writes(theirs);
      }
      OperationId caller = rig.want(Want::token);
      rig.go_on();
      if (!by_another) rig.served(renewed(2));
      BOOST_TEST(rig.ended(caller).result == ECOAUTH_OK);
      rig.clock.advance_ms(50 * min);
      rig.clock.step_wall_ms(step_ms);
      BOOST_TEST(rig.ended(rig.want(Want::token)).result == ECOAUTH_OK, "served at once");
      rig.go_on();
      if (rig.net == Rig::Net::sent) rig.served(error_answer(R, "invalid_grant"));
      BOOST_TEST(rig.ended(rig.want(Want::token)).result == ECOAUTH_OK, "whatever a refresh says");
      rig.clock.advance_ms(11 * min);
      caller = rig.want(Want::token);
      BOOST_TEST((rig.waits(caller) || rig.ended(caller).result < 0), "and not longer than it lives");
    }
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
