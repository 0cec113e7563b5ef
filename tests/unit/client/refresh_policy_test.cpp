#include "client/refresh_policy.hpp"

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <string>
#include <vector>

#include "answers.hpp"
#include "support/fixed_random.hpp"
#include "support/virtual_clock.hpp"

using namespace ecoauth;
using namespace ecoauth::test;

namespace {

constexpr int64_t s = 1000, min = 60 * s, h = 60 * min, d = 24 * h;
constexpr AnswerContext R = AnswerContext::refresh;
using Transfer = RawAnswer::Transfer;

Now now_of(const VirtualClock& clock) { return {clock.boot_ms(), clock.wall_ms(), clock.boot_id(), 0.5}; }

Grant grant_of(const VirtualClock& clock, int64_t lifetime_ms, int32_t advisory_permille = 800) {
  Grant grant;
  grant.state = GrantState::active;
  grant.generation = 1;
  grant.access_token = Secret("access");
  grant.candidates.push_back(Secret("refresh"));
  grant.lifetime_ms = lifetime_ms;
  grant.obtained = now_of(clock).moment();
  grant.advisory_permille = advisory_permille;
  return grant;
}

Refusal refusal(int64_t boot_ms, const std::string& boot, int64_t connection, int64_t wall_ms = 0) {
  return {{boot_ms, wall_ms, boot}, connection};
}

}  // namespace

BOOST_AUTO_TEST_SUITE(refresh_policy)

BOOST_AUTO_TEST_CASE(the_advisory_point_is_drawn_uniformly) {
  const RefreshSettings usual;
  BOOST_TEST(draw_advisory_permille(usual, 0) == 700);
  BOOST_TEST(draw_advisory_permille(usual, 0.9999999) == 849);
  FixedRandom random(7);
  constexpr int bins = 15, draws = 150000;
  int counts[bins] = {};
  for (int i = 0; i < draws; ++i) {
    const int32_t permille = draw_advisory_permille(usual, random.fraction());
    BOOST_REQUIRE(permille >= 700);
    BOOST_REQUIRE(permille < 850);
    ++counts[(permille - 700) / 10];
  }
  double chi_square = 0;
  for (int count : counts)
    chi_square += (count - draws / bins) * (count - draws / bins) / static_cast<double>(draws / bins);
  BOOST_TEST(chi_square < 36.1);  // 14 degrees of freedom, 0.1 %

  RefreshSettings narrow;
  narrow.advisory_first_percent = narrow.advisory_last_percent = 50;
  BOOST_TEST(draw_advisory_permille(narrow, 0.3) == 500);
}

BOOST_AUTO_TEST_CASE(what_is_left_of_a_token) {
  VirtualClock clock;
  Grant grant = grant_of(clock, h);
  BOOST_TEST(token_left_ms(grant, now_of(clock)) == h);
  clock.advance_ms(h - 1);
  BOOST_TEST(token_left_ms(grant, now_of(clock)) == 1);
  clock.advance_ms(1);
  BOOST_TEST(token_left_ms(grant, now_of(clock)) == 0);
  clock.advance_ms(d);
  BOOST_TEST(token_left_ms(grant, now_of(clock)) == 0);

  grant = grant_of(clock, h);
  clock.step_wall_ms(10 * 365 * d);
  BOOST_TEST(token_left_ms(grant, now_of(clock)) == h, "a wall clock that steps expires nothing");
  clock.step_wall_ms(-20 * 365 * d);
  BOOST_TEST(token_left_ms(grant, now_of(clock)) == h);
  clock.reboot(10 * min);
  BOOST_TEST(token_left_ms(grant, now_of(clock)) == 0, "nothing can tell: better a refresh too many");
  clock.step_wall_ms(10 * 365 * d);
  BOOST_TEST(token_left_ms(grant, now_of(clock)) == 50 * min);

  grant.access_token.clear();
  BOOST_TEST(token_left_ms(grant, now_of(clock)) == 0);
}

BOOST_AUTO_TEST_CASE(the_mandatory_window) {
  VirtualClock clock;
  const RefreshSettings usual;
  BOOST_TEST(mandatory_left_ms(grant_of(clock, h), usual) == 3 * min);
  BOOST_TEST(mandatory_left_ms(grant_of(clock, 20 * min), usual) == 60 * s);
  BOOST_TEST(mandatory_left_ms(grant_of(clock, 10 * min), usual) == 60 * s);
  BOOST_TEST(mandatory_left_ms(grant_of(clock, 2 * min), usual) == 24 * s,
             "or short-lived tokens could not be used at all");
  BOOST_TEST(mandatory_left_ms(grant_of(clock, 24 * h), usual) == 72 * min);
  RefreshSettings wide;
  wide.mandatory_left_ms = 10 * min;
  wide.mandatory_left_percent = 50;
  BOOST_TEST(mandatory_left_ms(grant_of(clock, h), wide) == 30 * min);
  RefreshSettings none;
  none.mandatory_left_ms = none.mandatory_left_percent = 0;
  BOOST_TEST(mandatory_left_ms(grant_of(clock, h), none) == 0);
}

BOOST_AUTO_TEST_CASE(the_advisory_point_by_the_clocks) {
  VirtualClock clock;
  Grant grant = grant_of(clock, h, 750);
  BOOST_TEST(advisory_at_ms(grant, now_of(clock)) == clock.boot_ms() + 45 * min);
  clock.advance_ms(44 * min);
  BOOST_TEST(!past_advisory(grant, now_of(clock)));
  BOOST_TEST(advisory_at_ms(grant, now_of(clock)) == clock.boot_ms() + min);
  clock.advance_ms(min);
  BOOST_TEST(past_advisory(grant, now_of(clock)));
  clock.advance_ms(10 * h);
  BOOST_TEST(advisory_at_ms(grant, now_of(clock)) == clock.boot_ms());
  grant = grant_of(clock, h, 750);
  clock.reboot(15 * min);
  BOOST_TEST(advisory_at_ms(grant, now_of(clock)) == clock.boot_ms() + 30 * min);
  clock.set_wall_ms(0);
  BOOST_TEST(past_advisory(grant, now_of(clock)));
}

BOOST_AUTO_TEST_CASE(an_idle_grant_is_refreshed_after_a_week) {
  VirtualClock clock;
  const Grant grant = grant_of(clock, h);
  BOOST_TEST(idle_refresh_at_ms(grant, now_of(clock)) == clock.boot_ms() + 7 * d);
  clock.advance_ms(7 * d - 1);
  BOOST_TEST(idle_refresh_at_ms(grant, now_of(clock)) == clock.boot_ms() + 1);
  clock.advance_ms(d);
  BOOST_TEST(idle_refresh_at_ms(grant, now_of(clock)) == clock.boot_ms());
  clock.reboot(min);
  BOOST_TEST(idle_refresh_at_ms(grant, now_of(clock)) == clock.boot_ms());
  clock.set_wall_ms(0);
  BOOST_TEST(idle_refresh_at_ms(grant, now_of(clock)) == clock.boot_ms() + 7 * d,
             "a clock that cannot tell causes nothing");
}

BOOST_AUTO_TEST_CASE(the_gap_after_an_attempt_in_doubt) {
  VirtualClock clock;
  Record record;
  BOOST_TEST(next_generation_at_ms(record, now_of(clock)) == 0);
  record.grant = grant_of(clock, h);
  record.grant->generation = 2;
  BOOST_TEST(next_generation_at_ms(record, now_of(clock)) == 0);
  record.intent = Intent{2, now_of(clock).moment()};
  BOOST_TEST(next_generation_at_ms(record, now_of(clock)) == 0, "the same token again, as soon as can be");
  record.intent->generation = 1;
  const int64_t from_ms = clock.boot_ms();
  for (int64_t later_ms : {int64_t{0}, 30 * s, h}) {
    clock.advance_ms(later_ms);
    BOOST_TEST(next_generation_at_ms(record, now_of(clock)) == from_ms + 2 * min);
  }
  record.grant->lifetime_ms = min;
  BOOST_TEST(next_generation_at_ms(record, now_of(clock)) == from_ms + 12 * s);
  Now stepped = now_of(clock);
  stepped.boot_id.clear();  // a machine that does not tell its boots apart
  record.intent->at = stepped.moment();
  stepped.wall_ms += 20 * s;
  record.grant->obtained = stepped.moment();
  BOOST_TEST(next_generation_at_ms(record, stepped) <= stepped.boot_ms);
  stepped.wall_ms -= 5 * s;
  BOOST_TEST(next_generation_at_ms(record, stepped) == 0, "a clock that was set back must not hold anybody up");
  clock.reboot(-2 * h);
  BOOST_TEST(next_generation_at_ms(record, now_of(clock)) == 0, "no clock can tell, and nothing outlives a boot");
}

BOOST_AUTO_TEST_CASE(the_breaker) {
  RefreshBreaker breaker;
  BOOST_TEST(breaker.not_before_ms(h) == 0);
  BOOST_TEST(breaker.background_not_before_ms(h) == 0);
  int64_t now_ms = 5 * h;
  const int64_t first_ms = now_ms;
  for (int i = 0; i < 6; ++i) {
    BOOST_TEST(breaker.not_before_ms(h) <= now_ms);
    breaker.refreshed(now_ms);
    BOOST_TEST(breaker.not_before_ms(h) >= now_ms + min);
    now_ms += 2 * min;
  }
  BOOST_TEST(breaker.not_before_ms(h) == first_ms + h, "six in an hour");
  breaker.refreshed(first_ms + h);
  BOOST_TEST(breaker.not_before_ms(h) == first_ms + 2 * min + h);
  BOOST_TEST(breaker.not_before_ms(15 * min) == first_ms + 2 * min + h);
  BOOST_TEST(breaker.not_before_ms(10 * min) == first_ms + h + min, "one in a minute");
  BOOST_TEST(breaker.not_before_ms(10 * min - 1) == 0, "short-lived tokens need more");
  BOOST_TEST(breaker.background_not_before_ms(10 * min - 1) == first_ms + h + s, "but never a storm");
}

BOOST_AUTO_TEST_CASE(never_more_than_six_in_any_hour) {
  FixedRandom random(3);
  for (int run = 0; run < 100; ++run) {
    RefreshBreaker breaker;
    std::vector<int64_t> made;
    for (int64_t now_ms = 0; now_ms < d; now_ms += static_cast<int64_t>(random.below(3 * min)))
      if (breaker.not_before_ms(h) <= now_ms) {
        breaker.refreshed(now_ms);
        made.push_back(now_ms);
      }
    BOOST_TEST(made.size() > 100u);
    for (size_t i = 1; i < made.size(); ++i) BOOST_REQUIRE(made[i] - made[i - 1] >= min);
    for (size_t i = 6; i < made.size(); ++i) BOOST_REQUIRE(made[i] - made[i - 6] >= h);
  }
}

BOOST_AUTO_TEST_CASE(what_is_on_record_counts_as_far_as_the_clocks_can_tell) {
  VirtualClock clock;
  clock.advance_ms(2 * h);
  std::vector<Moment> refreshes;
  for (int i = 0; i < 8; ++i) {
    note_refresh(refreshes, now_of(clock));
    clock.advance_ms(5 * min);
  }
  BOOST_TEST(refreshes.size() == 6u);
  const int64_t oldest_ms = refreshes.front().boot_ms;
  BOOST_TEST(RefreshBreaker(refreshes, now_of(clock)).not_before_ms(h) == oldest_ms + h);

  clock.reboot(2 * min);
  const Now rebooted = now_of(clock);
  BOOST_TEST(RefreshBreaker(refreshes, rebooted).not_before_ms(h) - rebooted.boot_ms == h - 32 * min,
             "30 minutes before the reboot, and 2 for that");
  clock.step_wall_ms(-d);
  BOOST_TEST(RefreshBreaker(refreshes, now_of(clock)).not_before_ms(h) == h - min, "they were before this boot");
  BOOST_TEST(RefreshBreaker({refreshes.back()}, now_of(clock)).not_before_ms(h) <= rebooted.boot_ms,
             "nobody waits after a boot because of one");
  Now no_boot_id = now_of(clock);
  no_boot_id.boot_id.clear();
  BOOST_TEST(RefreshBreaker(refreshes, no_boot_id).not_before_ms(h) == 0, "nothing is known of them");

  note_refresh(refreshes, now_of(clock));
  BOOST_TEST(refreshes.size() == 6u, "what cannot be told stays");
  clock.step_wall_ms(d + h);
  note_refresh(refreshes, now_of(clock));
  BOOST_TEST(refreshes.size() == 2u, "what is an hour old does not");
}

BOOST_AUTO_TEST_CASE(lost_answers_and_outages_are_retried_promptly) {
  for (const Classified& lost : {no_answer(R, Transfer::ambiguous), answer(R, 503, ""), answer(R, 200, "<html>"),
                                 answer(R, 302, ""), answer(R, 200, "{}")}) {
    RetrySchedule schedule;
    int count = 0;
    for (int64_t seconds : {2, 5, 12, 30, 60, 120, 300, 300, 300}) {
      const Retry retry = schedule.after(lost, 0.99);
      BOOST_TEST(retry.in_ms == seconds * s);
      BOOST_TEST(retry.keep_lock == (count++ < 2));
      BOOST_TEST(!retry.final);
      BOOST_TEST(retry.on_demand_in_ms <= 12 * s);
    }
    schedule.succeeded();
    BOOST_TEST(schedule.after(lost, 0.5).in_ms == 2 * s);
  }
}

BOOST_AUTO_TEST_CASE(what_never_left_is_retried_for_ever_with_jitter) {
  for (RawAnswer::Trouble trouble :
       {RawAnswer::Trouble::network, RawAnswer::Trouble::timeout, RawAnswer::Trouble::tls}) {
    RetrySchedule highest, lowest;
    for (int64_t cap_s : {1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300}) {
      const Retry high = highest.after(no_answer(R, Transfer::not_sent, trouble), 0.999999);
      BOOST_TEST(high.in_ms <= cap_s * s);
      BOOST_TEST(high.in_ms >= std::max(s, cap_s * s - 1 * s));
      BOOST_TEST(!high.keep_lock);
      BOOST_TEST(!high.final);
      BOOST_TEST(lowest.after(no_answer(R, Transfer::not_sent, trouble), 0).in_ms == s, "never a storm");
    }
  }
  RetrySchedule wrong_clock;
  for (int i = 0; i < 20; ++i)
    BOOST_TEST(wrong_clock.after(no_answer(R, Transfer::not_sent, RawAnswer::Trouble::certificate_time), 0.1).in_ms ==
               30 * s);

  // A machine that starts 120 s before its network.
  FixedRandom random(11);
  for (int run = 0; run < 200; ++run) {
    RetrySchedule schedule;
    int attempts = 0;
    for (int64_t now_ms = 0; now_ms < 120 * s; ++attempts)
      now_ms += schedule.after(no_answer(R, Transfer::not_sent), random.fraction()).in_ms;
    BOOST_TEST(attempts <= 30);
  }
}

BOOST_AUTO_TEST_CASE(refusals_are_retried_over_days) {
  RetrySchedule schedule;
  const Classified refused = error_answer(R, "invalid_grant");
  for (int64_t minutes : {1, 5, 15, 60}) BOOST_TEST(schedule.after(refused, 0.5).in_ms == minutes * min);
  for (int i = 0; i < 24; ++i) BOOST_TEST(schedule.after(refused, 0.5).in_ms == h);
  for (int i = 0; i < 10; ++i) BOOST_TEST(schedule.after(refused, 0.5).in_ms == d);
}

BOOST_AUTO_TEST_CASE(verdicts_that_need_several_tries) {
  for (const char* error : {"invalid_client", "something_new"}) {
    RetrySchedule schedule;
    for (int64_t minutes : {1, 5, 15}) {
      const Retry retry = schedule.after(error_answer(R, error), 0.5);
      BOOST_TEST(retry.in_ms == minutes * min, error);
      BOOST_TEST(!retry.final);
    }
    for (int i = 0; i < 3; ++i) {
      const Retry retry = schedule.after(error_answer(R, error), 0.5);
      BOOST_TEST(retry.in_ms == 6 * h);
      BOOST_TEST(retry.final);
    }
  }
}

BOOST_AUTO_TEST_CASE(verdicts_at_once) {
  for (const char* error : {"unauthorized_client", "invalid_scope", "invalid_request", "unsupported_grant_type",
                            "not_supported", "account_disabled"}) {
    RetrySchedule schedule;
    const Retry retry = schedule.after(error_answer(R, error), 0.5);
    BOOST_TEST(retry.final, error);
    BOOST_TEST(retry.in_ms == 6 * h);
    BOOST_TEST(retry.on_demand_in_ms == 6 * h);
  }
  RetrySchedule schedule;
  BOOST_TEST(schedule.after(error_answer(R, "account_locked"), 0.5).in_ms == 30 * min);
}

BOOST_AUTO_TEST_CASE(the_servers_own_wish_counts) {
  RetrySchedule schedule;
  BOOST_TEST(schedule.after(answer(R, 429, "", "90"), 0.5).in_ms == 90 * s);
  BOOST_TEST(schedule.after(answer(R, 429, ""), 0.5).in_ms == min);
  BOOST_TEST(schedule.after(answer(R, 503, "", "100000"), 0.5).in_ms == 6 * h);
  const Retry refused = schedule.after(error_answer(R, "invalid_grant", "300"), 0.5);
  BOOST_TEST(refused.in_ms == 5 * min);
  BOOST_TEST(refused.on_demand_in_ms == 5 * min);
}

BOOST_AUTO_TEST_CASE(patience_outlives_the_process) {
  VirtualClock clock;
  Grant grant = grant_of(clock, h);
  BOOST_TEST(RetrySchedule().resume(grant, now_of(clock)).in_ms == 0);

  grant.state = GrantState::suspect;
  grant.refusals = {{now_of(clock).moment(), 1}};
  clock.advance_ms(20 * s);
  grant.refusals.push_back({now_of(clock).moment(), 2});
  clock.advance_ms(30 * s);
  RetrySchedule schedule;
  Retry retry = schedule.resume(grant, now_of(clock));
  BOOST_TEST(retry.in_ms == 5 * min - 30 * s);
  BOOST_TEST(retry.on_demand_in_ms == 5 * min - 30 * s);
  BOOST_TEST(schedule.after(error_answer(R, "invalid_grant"), 0.5).in_ms == 15 * min, "the row goes on");
  clock.advance_ms(h);
  BOOST_TEST(RetrySchedule().resume(grant, now_of(clock)).in_ms == 0);
  clock.reboot(min);
  clock.set_wall_ms(0);
  BOOST_TEST(RetrySchedule().resume(grant, now_of(clock)).in_ms == 5 * min, "unknown: as if it had just been");

  grant.refusals.clear();
  grant.state = GrantState::blocked;
  grant.reason = "INVALID_CLIENT";
  RetrySchedule blocked;
  retry = blocked.resume(grant, now_of(clock));
  BOOST_TEST(retry.in_ms == 6 * h);
  BOOST_TEST(retry.on_demand_in_ms == 0);
  BOOST_TEST(blocked.after(error_answer(R, "invalid_client"), 0.5).final, "the tries have been used up");
  grant.reason = "ACCOUNT_LOCKED";
  BOOST_TEST(RetrySchedule().resume(grant, now_of(clock)).in_ms == 30 * min);
  grant.state = GrantState::needs_reauthorization;
  grant.reason = "REVOKED";
  BOOST_TEST(RetrySchedule().resume(grant, now_of(clock)).in_ms == 24 * h);
}

BOOST_AUTO_TEST_CASE(the_verdict_over_a_grant) {
  const auto suffice = [](const std::vector<Refusal>& refusals) { return refusals_suffice(refusals); };
  BOOST_TEST(!suffice({}));
  BOOST_TEST(!suffice({refusal(0, "a", 1), refusal(20 * min, "a", 2)}), "two are not enough");
  BOOST_TEST(suffice({refusal(0, "a", 1), refusal(5 * min, "a", 2), refusal(10 * min, "a", 3)}));
  BOOST_TEST(!suffice({refusal(0, "a", 1), refusal(5 * min, "a", 2), refusal(10 * min - 1, "a", 3)}));
  BOOST_TEST(!suffice({refusal(0, "a", 1), refusal(5 * min, "a", 1), refusal(20 * min, "a", 1)}), "one connection");
  BOOST_TEST(suffice({refusal(0, "a", 1), refusal(5 * min, "a", 1), refusal(20 * min, "a", 2)}));

  // Across boots the wall clock, which may say anything, decides nothing.
  BOOST_TEST(!suffice({refusal(h, "a", 1, 0), refusal(min, "b", 1, 365 * d), refusal(2 * min, "b", 2, 800 * d)}));
  BOOST_TEST(suffice({refusal(h, "a", 1, 0), refusal(9 * min, "b", 1, 0), refusal(10 * min, "b", 2, 0)}));
  // A kernel that does not name its boots: only what is certain counts.
  BOOST_TEST(!suffice({refusal(5 * d, "", 1), refusal(5 * d + s, "", 2), refusal(5 * d + 2 * s, "", 3)}));
  BOOST_TEST(suffice({refusal(5 * d, "", 1), refusal(5 * d + s, "", 2), refusal(5 * d + 10 * min, "", 3)}));
  BOOST_TEST(!suffice({refusal(5 * d, "a", 1), refusal(s, "", 2), refusal(2 * s, "", 3)}), "it cannot go back");

  BOOST_TEST(refusal_error(false).action == ECOAUTH_ACTION_RETRY);
  BOOST_TEST(refusal_error(true).action == ECOAUTH_ACTION_REAUTHORIZE);
  BOOST_TEST(refusal_error(true).code == ECOAUTH_ERROR_NEEDS_AUTHORIZATION);
}

BOOST_AUTO_TEST_SUITE_END()
