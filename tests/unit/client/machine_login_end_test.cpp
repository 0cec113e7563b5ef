// How an authorization with a PIN ends without one's own success.
#include <ecoauth/status.h>

#include <boost/test/unit_test.hpp>
#include <string>
#include <utility>

#include "answers.hpp"
#include "machine_rig.hpp"

using namespace ecoauth;
using namespace ecoauth::test;

namespace {

constexpr int64_t s = 1000, min = 60 * s, h = 60 * min, d = 24 * h;
constexpr AnswerContext P = AnswerContext::poll, A = AnswerContext::authorize;
using Transfer = RawAnswer::Transfer;

Classified pending() { return error_answer(P, "authorization_pending"); }
Classified approved() { return token_answer(P, "at-new", "rt-new", 3600, "smartWrite"); }

struct Login {
  Rig rig;
  OperationId operation;
};

/// A PIN has been shown; 30 s interval, 9 min.
Login shown(std::shared_ptr<const Record> disk = {}, StateMachine::Settings settings = {}) {
  Login login{Rig(std::move(settings), std::move(disk)), 0};
  login.operation = login.rig.want(Want::authorize);
  login.rig.served(pin_answer("ABCD", "code-1"));
  return login;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(ends_of_logins)

BOOST_AUTO_TEST_CASE(declined_or_expired_beside_a_living_grant_changes_nothing_of_it) {
  for (const auto& [error, code] : {std::pair<const char*, int32_t>{"access_denied", ECOAUTH_ERROR_DECLINED},
                                    {"authorization_expired", ECOAUTH_ERROR_PIN_EXPIRED},
                                    {"expired_token", ECOAUTH_ERROR_PIN_EXPIRED}}) {
    VirtualClock clock;
    Login login = shown(record_with_grant(clock));
    Rig& rig = login.rig;
    BOOST_TEST(rig.disk->grant.has_value());
    BOOST_TEST(rig.disk->pending.has_value());
    BOOST_TEST(rig.ended(rig.want(Want::token)).result == ECOAUTH_OK, "the old token is served meanwhile");
    rig.ring();
    rig.served(error_answer(P, error));
    BOOST_TEST(rig.ended(login.operation).result == code);
    BOOST_TEST(rig.ended(login.operation).error->action == ECOAUTH_ACTION_REAUTHORIZE);
    BOOST_TEST(!rig.disk->pending.has_value());
    BOOST_TEST(rig.disk->grant->generation == 1);
    BOOST_TEST(rig.disk->grant->access_token.reveal() == "at-1");
    BOOST_TEST((rig.state() == GrantState::active));
    BOOST_TEST(rig.ended(rig.want(Want::token)).result == ECOAUTH_OK);
  }
}

BOOST_AUTO_TEST_CASE(the_deadline_and_its_one_last_poll) {
  Login login = shown();
  Rig& rig = login.rig;
  while (rig.waits(login.operation)) {
    rig.ring();
    rig.served(pending());
  }
  BOOST_TEST(rig.sends == 1 + 18);
  BOOST_TEST(rig.ended(login.operation).result == ECOAUTH_ERROR_PIN_EXPIRED);
  BOOST_TEST(!rig.disk->pending.has_value());
  BOOST_TEST(rig.wake_in_ms() == -1);
}

BOOST_AUTO_TEST_CASE(a_shut_lid) {
  Login login = shown();
  Rig& rig = login.rig;
  rig.suspend_ms(8 * h);
  rig.served(pending());
  BOOST_TEST(rig.ended(login.operation).result == ECOAUTH_ERROR_PIN_EXPIRED);
  BOOST_TEST(rig.sends == 2);
}

BOOST_AUTO_TEST_CASE(refused_client_ids) {
  Rig rig;
  OperationId login = rig.want(Want::authorize);
  rig.served(error_answer(A, "invalid_client"));
  for (int64_t wait_s : {5, 15}) {
    BOOST_TEST(rig.waits(login));
    BOOST_TEST(rig.wake_in_ms() == wait_s * s);
    BOOST_TEST((rig.machine.flags() & ECOAUTH_FLAG_AUTHORIZING) != 0);
    rig.ring();
    rig.served(error_answer(A, "invalid_client"));
  }
  BOOST_TEST(rig.ended(login).result == ECOAUTH_ERROR_INVALID_CLIENT);
  BOOST_TEST(rig.ended(login).error->action == ECOAUTH_ACTION_USER_ACTION);
  BOOST_TEST(rig.machine.flags() == 0);
  login = rig.want(Want::authorize);
  rig.served(error_answer(A, "invalid_client"));
  rig.ring();
  rig.served(pin_answer("ABCD", "code-1"));
  BOOST_TEST(rig.count("pin") == 1, "it was the server's mood");
  BOOST_TEST(rig.waits(login));

  rig.ring();
  rig.served(error_answer(P, "invalid_client"));
  rig.ring();
  rig.served(error_answer(P, "invalid_client"));
  rig.ring();
  rig.served(error_answer(P, "invalid_client"));
  BOOST_TEST(rig.ended(login).result == ECOAUTH_ERROR_INVALID_CLIENT);
  BOOST_TEST(rig.disk->pending.has_value(), "the PIN itself may be good");
}

BOOST_AUTO_TEST_CASE(other_answers_to_the_request_for_a_pin) {
  struct Row {
    Classified answer;
    int32_t code;
    int32_t action;
    int64_t retry_after_ms;
  };
  const Row rows[] = {
      {error_answer(A, "unauthorized_client"), ECOAUTH_ERROR_UNAUTHORIZED_CLIENT, ECOAUTH_ACTION_USER_ACTION, 0},
      {error_answer(A, "invalid_scope"), ECOAUTH_ERROR_SCOPE, ECOAUTH_ACTION_FIX_CONFIG, 0},
      {error_answer(A, "invalid_request"), ECOAUTH_ERROR_REJECTED, ECOAUTH_ACTION_BUG, 0},
      {error_answer(A, "account_locked"), ECOAUTH_ERROR_ACCOUNT_LOCKED, ECOAUTH_ACTION_USER_ACTION, 30 * min},
      {error_answer(A, "account_disabled"), ECOAUTH_ERROR_ACCOUNT_DISABLED, ECOAUTH_ACTION_USER_ACTION, 0},
      {error_answer(A, "something_new"), ECOAUTH_ERROR_SERVER, ECOAUTH_ACTION_RETRY, min},
      {answer(A, 429, "", "90"), ECOAUTH_ERROR_RATE_LIMITED, ECOAUTH_ACTION_RETRY, 90 * s},
      {answer(A, 503, ""), ECOAUTH_ERROR_SERVER, ECOAUTH_ACTION_RETRY, 0},
      {answer(A, 200, "<html>"), ECOAUTH_ERROR_SERVER, ECOAUTH_ACTION_RETRY, 0},
      {answer(A, 200, "{\"ecobeePin\":\"ABCD\"}"), ECOAUTH_ERROR_SERVER, ECOAUTH_ACTION_RETRY, 0},
      {no_answer(A, Transfer::ambiguous), ECOAUTH_ERROR_NETWORK, ECOAUTH_ACTION_RETRY, 0},
  };
  for (const Row& row : rows) BOOST_TEST_CONTEXT(row.answer.error.message) {
      VirtualClock clock;
      Rig rig({}, record_with_grant(clock));
      const OperationId login = rig.want(Want::authorize);
      rig.served(copy_of(row.answer));
      BOOST_TEST(rig.ended(login).result == row.code);
      BOOST_TEST(rig.ended(login).error->action == row.action);
      BOOST_TEST(rig.ended(login).error->retry_after_ms == row.retry_after_ms);
      BOOST_TEST(rig.disk->seq == 7, "the record is untouched");
      BOOST_TEST(rig.ended(rig.want(Want::token)).result == ECOAUTH_OK);
    }
  Rig unreachable;
  const OperationId login = unreachable.want(Want::authorize);
  for (int i = 0; i < 3; ++i) unreachable.store_answers(Rig::StoreAnswer::good);
  unreachable.answers(no_answer(A, Transfer::not_sent));
  BOOST_TEST(unreachable.ended(login).result == ECOAUTH_ERROR_NETWORK);

  Rig unknown;
  for (const auto& [action, wait_ms] : {std::pair<int32_t, int64_t>{ECOAUTH_ACTION_RETRY, min},
                                        {ECOAUTH_ACTION_RETRY, 5 * min},
                                        {ECOAUTH_ACTION_RETRY, 15 * min},
                                        {ECOAUTH_ACTION_USER_ACTION, 0}}) {
    const OperationId again = unknown.want(Want::authorize);
    unknown.served(error_answer(A, "something_new"));
    BOOST_TEST(unknown.ended(again).error->action == action);
    BOOST_TEST(unknown.ended(again).error->retry_after_ms == wait_ms);
  }
}

BOOST_AUTO_TEST_CASE(cancelled_at_once) {
  for (int stage = 0; stage < 8; ++stage) BOOST_TEST_CONTEXT("stage " << stage) {
      Rig rig;
      const OperationId login = rig.want(Want::authorize);
      for (int i = 0; i < stage; ++i) {
        if (!rig.store.empty())
          rig.store_answers(Rig::StoreAnswer::good);
        else if (rig.net == Rig::Net::connecting)
          rig.connected();
        else if (rig.net == Rig::Net::sent)
          rig.answers(pin_answer("ABCD", "code-1"));
      }
      const int sends = rig.sends;
      BOOST_TEST(rig.cancel(login));
      rig.go_on();
      BOOST_TEST(rig.machine.idle());
      BOOST_TEST(rig.machine.flags() == 0);
      BOOST_TEST(rig.sends == sends, "nothing is sent for nobody");
      BOOST_TEST(rig.wake_in_ms() == -1);
      BOOST_TEST(!rig.check_now());
      BOOST_TEST(!rig.cancel(login));
      const int pins = rig.count("pin");
      rig.want(Want::authorize);
      if (rig.disk && rig.disk->pending) {
        rig.go_on();
        BOOST_TEST(rig.count("pin") == pins + 1, "it stays for whoever asks next");
        BOOST_TEST(rig.connects == 1);
      }
    }
}

BOOST_AUTO_TEST_CASE(cancelled_while_polling) {
  Login login = shown();
  Rig& rig = login.rig;
  const OperationId second = rig.want(Want::authorize);
  BOOST_TEST(rig.cancel(login.operation));
  BOOST_TEST(rig.wake_in_ms() == 30 * s, "the other one is not disturbed");
  rig.ring();
  rig.store_answers(Rig::StoreAnswer::good);
  BOOST_TEST(rig.cancel(second));
  rig.go_on();
  BOOST_TEST(rig.sends == 1);
  BOOST_TEST(rig.disk->pending.has_value());

  Login sent = shown();
  sent.rig.ring();
  sent.rig.go_on();
  BOOST_TEST(sent.rig.cancel(sent.operation));
  BOOST_TEST((sent.rig.net == Rig::Net::sent), "its answer may hold tokens");
  sent.rig.answers(approved());
  sent.rig.go_on();
  BOOST_TEST(sent.rig.disk->grant.has_value());
  BOOST_TEST(sent.rig.count("token_saved") == 1);
  BOOST_TEST(sent.rig.done.empty());

  Rig waiting;
  const OperationId early = waiting.want(Want::authorize);
  waiting.served(error_answer(A, "invalid_client"));
  BOOST_TEST(waiting.cancel(early));
  BOOST_TEST(waiting.wake_in_ms() == -1);
}

BOOST_AUTO_TEST_CASE(finished_by_another_process) {
  Login approved_there = shown();
  auto theirs = std::make_shared<Record>(approved_there.rig.disk->clone());
  theirs->seq += 3;
  theirs->pending.reset();
  theirs->grant = std::move(record_with_grant(approved_there.rig.clock)->grant);
  approved_there.rig.other_process_writes(theirs);
  approved_there.rig.ring();
  approved_there.rig.go_on();
  BOOST_TEST(approved_there.rig.ended(approved_there.operation).result == ECOAUTH_OK);
  BOOST_TEST(approved_there.rig.sends == 1);

  VirtualClock clock;
  Login declined_there = shown(record_with_grant(clock, 100 * s));
  Rig& rig = declined_there.rig;
  auto without = std::make_shared<Record>(rig.disk->clone());
  ++without->seq;
  without->pending.reset();
  rig.other_process_writes(without);
  rig.ring();
  rig.go_on();
  BOOST_TEST(rig.ended(declined_there.operation).result == ECOAUTH_ERROR_PIN_EXPIRED);

  // Our own refresh in between is no approval.
  Login refreshed = shown(record_with_grant(clock, 100 * s));
  refreshed.rig.want(Want::refresh);
  refreshed.rig.served(token_answer(AnswerContext::refresh, "at-2", "rt-2"));
  without = std::make_shared<Record>(refreshed.rig.disk->clone());
  ++without->seq;
  without->pending.reset();
  refreshed.rig.other_process_writes(without);
  refreshed.rig.ring();
  refreshed.rig.go_on();
  BOOST_TEST(refreshed.rig.ended(refreshed.operation).result == ECOAUTH_ERROR_PIN_EXPIRED);
}

BOOST_AUTO_TEST_CASE(a_pin_of_another_process_is_shared) {
  Login theirs = shown();
  Rig ours({}, theirs.rig.disk);
  ours.clock = theirs.rig.clock;
  ours.want(Want::authorize);
  ours.go_on();
  BOOST_TEST(ours.connects == 0);
  BOOST_TEST(ours.count("pin") == 1);

  // Also when it is made while we wait for the lock.
  Rig late;
  late.other_holds_lock = true;
  late.want(Want::authorize);
  late.go_on();
  BOOST_TEST((late.machine.step() == Step::waiting_for_lock));
  late.clock = theirs.rig.clock;
  late.other_process_writes(theirs.rig.disk);
  late.other_holds_lock = false;
  late.suspend_ms(200);
  late.go_on();
  BOOST_TEST(late.connects == 0);
  BOOST_TEST(late.count("pin") == 1);
}

BOOST_AUTO_TEST_CASE(a_login_is_no_success_when_another_process_signs_out) {
  VirtualClock clock;
  Login login = shown(record_with_grant(clock, 100 * s));
  auto tombstone = std::make_shared<Record>();
  tombstone->seq = login.rig.disk->seq + 2;
  login.rig.other_process_writes(tombstone);
  login.rig.ring();
  login.rig.go_on();
  BOOST_TEST(login.rig.ended(login.operation).result == ECOAUTH_ERROR_PIN_EXPIRED);
}

BOOST_AUTO_TEST_CASE(what_is_resumed_is_what_the_record_has) {
  Login ended_there = shown();
  ended_there.rig.cancel(ended_there.operation);
  auto without = std::make_shared<Record>(ended_there.rig.disk->clone());
  ++without->seq;
  without->pending.reset();
  ended_there.rig.other_process_writes(without);
  ended_there.rig.want(Want::authorize);
  ended_there.rig.go_on();
  BOOST_TEST(ended_there.rig.connects == 2, "a PIN that another process has ended is not shown again");

  Login deleted = shown();
  deleted.rig.cancel(deleted.operation);
  deleted.rig.other_process_writes(nullptr);
  deleted.rig.want(Want::authorize);
  deleted.rig.go_on();
  BOOST_TEST(deleted.rig.connects == 1);
  BOOST_TEST(deleted.rig.count("pin") == 2);
  BOOST_TEST(deleted.rig.disk->pending.has_value(), "saved again before it is shown again");
}

BOOST_AUTO_TEST_CASE(a_slower_interval_that_cannot_be_saved_is_kept_all_the_same) {
  Login login = shown();
  login.rig.ring();
  login.rig.go_on();
  login.rig.answers(answer(P, 429, "", "90"));
  login.rig.store_answers(Rig::StoreAnswer::failed);
  BOOST_TEST(login.rig.wake_in_ms() == 90 * s);
  BOOST_TEST(login.rig.machine.poll_schedule().interval_ms() == 35 * s);
}

BOOST_AUTO_TEST_SUITE_END()
