#include "client/poll_schedule.hpp"

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <string>
#include <vector>

#include "answers.hpp"
#include "support/fixed_random.hpp"

using namespace ecoauth;
using namespace ecoauth::test;

namespace {

constexpr int64_t s = 1000, min = 60 * s;
constexpr AnswerContext P = AnswerContext::poll;
using Transfer = RawAnswer::Transfer;

const Classified& pending() {
  static const Classified answer = error_answer(P, "authorization_pending");
  return answer;
}

/// A schedule with the time that its answers take.
struct Polling {
  PollSchedule schedule;
  int64_t now_ms;

  Polling(int64_t interval_ms, int64_t life_ms, int64_t start_ms = 1000000, bool on_demand = false)
      : schedule(interval_ms, start_ms + life_ms, start_ms, on_demand), now_ms(start_ms) {}

  /// Waits for the next poll, sends it, and gets its answer after `latency_ms`. How long it waited, or -1 when it was
  /// over.
  int64_t poll(const Classified& answer, int64_t latency_ms = 0) {
    const int64_t before_ms = now_ms;
    now_ms = std::max(now_ms, schedule.next_ms());
    if (!schedule.polls_at(now_ms)) return -1;
    const int64_t waited_ms = now_ms - before_ms;
    schedule.sent(now_ms);
    now_ms += latency_ms;
    end = schedule.after(answer, now_ms);
    return waited_ms;
  }
  std::optional<Error> end;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(poll_schedule)

BOOST_AUTO_TEST_CASE(the_interval_counts_from_the_answer) {
  Polling polling(30 * s, 9 * min);
  BOOST_TEST(polling.poll(pending(), 7 * s) == 30 * s);
  BOOST_TEST(polling.poll(pending(), 19 * s) == 30 * s);
  BOOST_TEST(polling.poll(pending()) == 30 * s);
  BOOST_TEST(!polling.end);
}

BOOST_AUTO_TEST_CASE(slow_down_is_for_good) {
  Polling polling(5 * s, 9 * min);
  BOOST_TEST(polling.poll(pending()) == 5 * s);
  polling.poll(error_answer(P, "slow_down"));
  for (int i = 0; i < 5; ++i) BOOST_TEST(polling.poll(pending()) == 10 * s);
  polling.poll(error_answer(P, "slow_down"));
  BOOST_TEST(polling.poll(pending()) == 15 * s);
  BOOST_TEST(polling.schedule.interval_ms() == 15 * s);
}

BOOST_AUTO_TEST_CASE(outages_are_waited_out_with_the_same_code) {
  for (const Classified& outage :
       {answer(P, 503, ""), answer(P, 200, "<html>"), answer(P, 302, ""), answer(P, 200, "{}"),
        no_answer(P, Transfer::ambiguous), no_answer(P, Transfer::not_sent)}) {
    Polling polling(1 * s, 9 * min);
    BOOST_TEST(polling.poll(outage) == 1 * s);
    for (int64_t wait_s : {5, 10, 20, 30, 30, 30}) BOOST_TEST(polling.poll(outage) == wait_s * s);
    BOOST_TEST(!polling.end);
    BOOST_TEST(polling.poll(pending()) == 30 * s);
    BOOST_TEST(polling.poll(outage) == 1 * s);
    BOOST_TEST(polling.poll(pending()) == 5 * s, "an answer in between starts the row again");
  }
  Polling slow(25 * s, 9 * min);
  slow.poll(answer(P, 503, ""));
  BOOST_TEST(slow.poll(pending()) == 25 * s, "never earlier than the interval");

  Polling wrong_clock(5 * s, 9 * min);
  wrong_clock.poll(no_answer(P, Transfer::not_sent, RawAnswer::Trouble::certificate_time));
  BOOST_TEST(wrong_clock.poll(pending()) == 30 * s);
}

BOOST_AUTO_TEST_CASE(throttled) {
  Polling polling(5 * s, 30 * min);
  polling.poll(answer(P, 429, "", "60"));
  BOOST_TEST(polling.poll(pending()) == 60 * s);
  BOOST_TEST(polling.poll(answer(P, 429, "")) == 10 * s, "and 5 s more for good");
  BOOST_TEST(polling.poll(pending()) == 15 * s);
  polling.poll(answer(P, 503, "", "100"));
  BOOST_TEST(polling.poll(pending()) == 100 * s);
  polling.poll(error_answer(P, "authorization_pending", "90"));
  BOOST_TEST(polling.poll(pending()) == 90 * s);
}

BOOST_AUTO_TEST_CASE(a_refused_code_gets_a_second_chance) {
  Polling polling(5 * s, 9 * min);
  polling.poll(error_answer(P, "invalid_grant"));
  BOOST_TEST(!polling.end);
  BOOST_TEST(polling.poll(error_answer(P, "invalid_grant")) == 30 * s);
  BOOST_REQUIRE(polling.end.has_value());
  BOOST_TEST(polling.end->code == ECOAUTH_ERROR_PIN_EXPIRED);
  BOOST_TEST(polling.end->oauth_error == "invalid_grant");

  Polling cured(5 * s, 9 * min);
  cured.poll(error_answer(P, "invalid_grant"));
  cured.poll(pending());
  cured.poll(error_answer(P, "invalid_grant"));
  BOOST_TEST(!cured.end, "what the server has taken back does not count");
}

BOOST_AUTO_TEST_CASE(a_refused_client_id_gets_two_more_tries) {
  Polling polling(1 * s, 9 * min);
  BOOST_TEST(polling.poll(error_answer(P, "invalid_client")) == 1 * s);
  BOOST_TEST(polling.poll(error_answer(P, "invalid_client")) == 5 * s);
  BOOST_TEST(!polling.end);
  BOOST_TEST(polling.poll(error_answer(P, "invalid_client")) == 15 * s);
  BOOST_REQUIRE(polling.end.has_value());
  BOOST_TEST(polling.end->code == ECOAUTH_ERROR_INVALID_CLIENT);
}

BOOST_AUTO_TEST_CASE(an_unknown_error_gets_three_more_tries) {
  Polling polling(5 * s, 30 * min);
  polling.poll(error_answer(P, "something_new"));
  for (int64_t wait_min : {1, 5, 15}) {
    BOOST_TEST(!polling.end);
    BOOST_TEST(polling.poll(error_answer(P, "something_new")) == wait_min * min);
  }
  BOOST_REQUIRE(polling.end.has_value());
  BOOST_TEST(polling.end->code == ECOAUTH_ERROR_SERVER);
  BOOST_TEST(polling.end->action == ECOAUTH_ACTION_USER_ACTION);
}

BOOST_AUTO_TEST_CASE(verdicts_end_it) {
  const std::pair<const char*, int32_t> verdicts[] = {{"authorization_expired", ECOAUTH_ERROR_PIN_EXPIRED},
                                                      {"expired_token", ECOAUTH_ERROR_PIN_EXPIRED},
                                                      {"access_denied", ECOAUTH_ERROR_DECLINED},
                                                      {"unauthorized_client", ECOAUTH_ERROR_UNAUTHORIZED_CLIENT},
                                                      {"invalid_scope", ECOAUTH_ERROR_SCOPE},
                                                      {"invalid_request", ECOAUTH_ERROR_REJECTED},
                                                      {"unsupported_grant_type", ECOAUTH_ERROR_REJECTED},
                                                      {"not_supported", ECOAUTH_ERROR_REJECTED},
                                                      {"account_locked", ECOAUTH_ERROR_ACCOUNT_LOCKED},
                                                      {"account_disabled", ECOAUTH_ERROR_ACCOUNT_DISABLED}};
  for (const auto& [error, code] : verdicts) {
    Polling polling(5 * s, 9 * min);
    polling.poll(error_answer(P, error));
    BOOST_REQUIRE_MESSAGE(polling.end.has_value(), error);
    BOOST_TEST(polling.end->code == code, error);
  }
}

BOOST_AUTO_TEST_CASE(exactly_one_poll_at_the_deadline) {
  Polling even(30 * s, 90 * s);
  BOOST_TEST(even.poll(pending()) == 30 * s);
  BOOST_TEST(even.poll(pending()) == 30 * s);
  BOOST_TEST(even.poll(pending()) == 30 * s);
  BOOST_REQUIRE(even.end.has_value());
  BOOST_TEST(even.end->code == ECOAUTH_ERROR_PIN_EXPIRED);

  Polling uneven(30 * s, 100 * s);
  for (int i = 0; i < 3; ++i) uneven.poll(pending());
  BOOST_TEST(!uneven.end);
  BOOST_TEST(uneven.poll(pending()) == 30 * s, "the interval outranks the deadline");
  BOOST_TEST(uneven.end.has_value());

  Polling late_answer(30 * s, 40 * s);
  BOOST_TEST(late_answer.poll(pending(), 20 * s) == 30 * s);
  BOOST_TEST(!late_answer.end, "it was sent before the deadline, so it was not the last one");
  BOOST_TEST(late_answer.poll(pending()) == 30 * s);
  BOOST_TEST(late_answer.end.has_value());

  Polling outage(5 * s, 60 * s);
  BOOST_TEST(outage.poll(answer(P, 503, "")) == 5 * s);   // at 5
  BOOST_TEST(outage.poll(answer(P, 503, "")) == 5 * s);   // at 10
  BOOST_TEST(outage.poll(answer(P, 503, "")) == 10 * s);  // at 20
  BOOST_TEST(outage.poll(answer(P, 503, "")) == 20 * s);  // at 40
  BOOST_TEST(outage.poll(answer(P, 503, "")) == 20 * s, "the deadline cuts our own patience short");
  BOOST_TEST(outage.end.has_value());

  Polling slept(30 * s, 9 * min);
  slept.now_ms += 8 * 60 * min;  // the lid was shut
  BOOST_TEST(slept.poll(pending()) == 0);
  BOOST_TEST(slept.end.has_value());

  Polling unsent(30 * s, 20 * s);
  unsent.poll(no_answer(P, Transfer::not_sent));
  BOOST_TEST(unsent.end.has_value());
}

BOOST_AUTO_TEST_CASE(a_server_that_asks_for_more_time_than_is_left_gets_no_last_poll) {
  Polling polling(5 * s, 60 * s);
  polling.poll(answer(P, 429, "", "3600"));
  BOOST_TEST(!polling.end);
  BOOST_TEST(polling.schedule.next_ms() == 1000000 + 60 * s);
  BOOST_TEST(polling.poll(pending()) == -1);
}

BOOST_AUTO_TEST_CASE(check_now_is_never_too_early) {
  Polling polling(30 * s, 9 * min);
  polling.now_ms += 10 * s;
  polling.schedule.check_now(polling.now_ms);
  BOOST_TEST(polling.poll(pending()) == 20 * s);

  for (int i = 0; i < 4; ++i) polling.poll(answer(P, 503, ""));
  polling.schedule.check_now(polling.now_ms);
  BOOST_TEST(polling.poll(pending()) == 30 * s);

  Polling quick(1 * s, 9 * min);
  for (int i = 0; i < 4; ++i) quick.poll(answer(P, 503, ""));  // 30 s of our own patience
  quick.now_ms += 3 * s;
  quick.schedule.check_now(quick.now_ms);
  BOOST_TEST(quick.poll(answer(P, 429, "", "60")) == 0, "the user may hurry us");
  quick.schedule.check_now(quick.now_ms);
  BOOST_TEST(quick.poll(error_answer(P, "invalid_grant")) == 60 * s, "but not the server");
  quick.schedule.check_now(quick.now_ms);
  BOOST_TEST(quick.poll(error_answer(P, "invalid_client")) == 30 * s, "nor use up a second chance");
  quick.schedule.check_now(quick.now_ms);
  quick.schedule.check_now(quick.now_ms);
  BOOST_TEST(quick.poll(pending()) == 6 * s);

  Polling near_the_end(30 * s, 100 * s);
  for (int i = 0; i < 3; ++i) near_the_end.poll(answer(P, 503, ""));  // at 30, 60, 90: the next one is the last
  near_the_end.schedule.check_now(near_the_end.now_ms + 35 * s);
  BOOST_TEST(near_the_end.poll(pending()) >= 30 * s);
  BOOST_TEST(near_the_end.end.has_value());

  Polling hurried(5 * s, 60 * s);
  for (int i = 0; i < 4; ++i) hurried.poll(answer(P, 503, ""));  // at 40; planned for the deadline
  hurried.now_ms += 6 * s;
  hurried.schedule.check_now(hurried.now_ms);
  BOOST_TEST(hurried.poll(pending()) == 0);
  BOOST_TEST(!hurried.end, "the one at the deadline is still to come");
}

BOOST_AUTO_TEST_CASE(on_demand_polls_only_when_told) {
  Polling polling(30 * s, 9 * min, 1000000, true);
  BOOST_TEST(polling.schedule.next_ms() == 1000000 + 9 * min);
  BOOST_TEST(!polling.schedule.polls_at(1000000 + 8 * min));
  polling.now_ms += 100 * s;
  polling.schedule.check_now(polling.now_ms);
  BOOST_TEST(polling.poll(pending()) == 0);
  BOOST_TEST(!polling.schedule.polls_at(polling.now_ms + min));
  polling.schedule.check_now(polling.now_ms + 1 * s);
  BOOST_TEST(polling.poll(answer(P, 503, "")) == 30 * s);
  BOOST_TEST(polling.schedule.next_ms() == polling.schedule.deadline_ms());
  BOOST_TEST(polling.poll(pending()) == -1, "at the deadline it is over");
}

BOOST_AUTO_TEST_CASE(odd_beginnings) {
  Polling no_interval(0, 9 * min);
  BOOST_TEST(no_interval.poll(pending()) == 1 * s);
  Polling over(30 * s, -5 * s);
  BOOST_TEST(over.poll(pending()) == 30 * s);
  BOOST_TEST(over.end.has_value());
  const PollSchedule nothing;
  BOOST_TEST(!nothing.polls_at(INT64_MAX));
}

// A reference of its own: what the server may be asked, and when. A million polls, none too early.
BOOST_AUTO_TEST_CASE(random_walks) {
  FixedRandom random(20260611);
  std::vector<Classified> answers;
  for (const char* error : {"authorization_pending", "slow_down", "invalid_grant", "invalid_client", "something_new"})
    answers.push_back(error_answer(P, error));
  answers.push_back(error_answer(P, "authorization_pending"));
  answers.push_back(answer(P, 503, ""));
  answers.push_back(no_answer(P, Transfer::not_sent));
  answers.push_back(no_answer(P, Transfer::ambiguous));
  for (const char* seconds : {"1", "7", "45", "400"}) answers.push_back(answer(P, 429, "", seconds));
  answers.push_back(answer(P, 429, ""));

  int64_t polls = 0, too_early = 0, last_polls_missing = 0, last_polls_doubled = 0, shrunk = 0, endless = 0;
  while (polls < 1000000) {
    const int64_t start_ms = static_cast<int64_t>(random.below(100000000));
    int64_t interval_ms = (1 + static_cast<int64_t>(random.below(60))) * s;
    const int64_t deadline_ms = start_ms + static_cast<int64_t>(random.below(30 * min)) + 1;
    const bool on_demand = random.below(4) == 0;
    PollSchedule schedule(interval_ms, deadline_ms, start_ms, on_demand);
    int64_t now_ms = start_ms, allowed_ms = start_ms + interval_ms, hold_ms = 0;
    int after_deadline = 0;
    bool abandoned = false;  // the server wanted more time than was left
    std::optional<Error> end;
    for (int steps = 0; !end; ++steps) {
      if (steps > 100000) {
        ++endless;
        break;
      }
      // Wake on time, late, or early because somebody presses "done".
      const int64_t next_ms = schedule.next_ms();
      if (random.below(5) == 0 && next_ms > now_ms) {
        now_ms += static_cast<int64_t>(random.below(static_cast<size_t>(next_ms - now_ms)));
        schedule.check_now(now_ms);
        continue;
      }
      now_ms = std::max(now_ms, next_ms);
      if (random.below(50) == 0) now_ms += static_cast<int64_t>(random.below(60 * min));
      if (!schedule.polls_at(now_ms)) {
        if (now_ms < deadline_ms) ++endless;
        break;
      }
      ++polls;
      if (now_ms < allowed_ms + hold_ms) ++too_early;
      if (now_ms >= deadline_ms) ++after_deadline;
      schedule.sent(now_ms);
      const Classified& got = answers[random.below(answers.size())];
      now_ms += static_cast<int64_t>(random.below(20 * s));
      const int64_t interval_before_ms = schedule.interval_ms();
      end = schedule.after(got, now_ms);
      if (got.answer_class == AnswerClass::slow_down || got.answer_class == AnswerClass::throttled)
        interval_ms += 5 * s;
      if (schedule.interval_ms() < interval_before_ms || schedule.interval_ms() != interval_ms) ++shrunk;
      allowed_ms = now_ms + std::max(interval_ms, got.retry_after_ms);
      hold_ms = got.answer_class == AnswerClass::refused ? std::max<int64_t>(0, 30 * s - interval_ms) : 0;
      abandoned = got.retry_after_ms > interval_ms || got.answer_class == AnswerClass::refused ||
                  got.answer_class == AnswerClass::client_refused;
    }
    if (after_deadline > 1) ++last_polls_doubled;
    const bool expired = end && end->code == ECOAUTH_ERROR_PIN_EXPIRED && end->oauth_error.empty();
    if (expired && !on_demand && !abandoned && after_deadline != 1) ++last_polls_missing;
  }
  BOOST_TEST(too_early == 0);
  BOOST_TEST(shrunk == 0);
  BOOST_TEST(last_polls_doubled == 0);
  BOOST_TEST(last_polls_missing == 0);
  BOOST_TEST(endless == 0);
}

BOOST_AUTO_TEST_SUITE_END()
