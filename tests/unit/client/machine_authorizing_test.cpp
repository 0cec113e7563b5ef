// Authorizing with a PIN.
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

BOOST_AUTO_TEST_SUITE(authorizing)

BOOST_AUTO_TEST_CASE(a_whole_authorization) {
  Rig rig;
  const OperationId login = rig.want(Want::authorize);
  rig.go_on();
  BOOST_TEST((rig.context == A));
  BOOST_TEST((rig.net == Rig::Net::sent));
  rig.answers(pin_answer("ABCD-EFGH", "code-1"));
  BOOST_TEST(rig.count("pin") == 0, "not before it is saved");
  rig.go_on();
  BOOST_TEST(rig.count("pin") == 1);
  BOOST_TEST(rig.record().pending->pin.reveal() == "ABCD-EFGH");
  BOOST_TEST((rig.machine.flags() & ECOAUTH_FLAG_AUTHORIZING) != 0);
  for (int i = 0; i < 3; ++i) {
    BOOST_TEST(rig.wake_in_ms() == 30 * s);
    rig.ring();
    rig.go_on();
    BOOST_TEST((rig.context == P));
    BOOST_TEST(rig.credential == "code-1");
    rig.clock.advance_ms(2 * s);
    rig.answers(pending());
    rig.go_on();
    BOOST_TEST(rig.count("progress") == i + 1);
  }
  rig.ring();
  rig.served(approved());
  BOOST_TEST(rig.ended(login).result == ECOAUTH_OK);
  BOOST_TEST(rig.disk->grant->access_token.reveal() == "at-new");
  BOOST_TEST(rig.disk->grant->scope == "smartWrite");
  BOOST_TEST(rig.disk->grant->generation == 1);
  BOOST_TEST(!rig.disk->pending.has_value());
  BOOST_TEST(rig.machine.flags() == 0);
  BOOST_TEST(rig.ended(rig.want(Want::token)).result == ECOAUTH_OK);
  BOOST_TEST(rig.wake_in_ms() == 7 * d);
}

BOOST_AUTO_TEST_CASE(a_scope_that_is_not_named_is_the_one_asked_for) {
  StateMachine::Settings settings;
  settings.scope = "smartWrite";
  VirtualClock clock;
  Login login = shown(record_with_grant(clock), settings);  // which has smartRead
  login.rig.ring();
  login.rig.served(token_answer(P, "at-new", "rt-new", 3600, ""));
  BOOST_TEST(login.rig.disk->grant->scope == "smartWrite");
  BOOST_TEST(login.rig.disk->scope_asked == "smartWrite");
}

BOOST_AUTO_TEST_CASE(a_second_call_joins_the_first) {
  Login login = shown();
  const OperationId second = login.rig.want(Want::authorize);
  BOOST_TEST(login.rig.connects == 1);
  login.rig.ring();
  login.rig.served(approved());
  BOOST_TEST(login.rig.ended(login.operation).result == ECOAUTH_OK);
  BOOST_TEST(login.rig.ended(second).result == ECOAUTH_OK);
}

BOOST_AUTO_TEST_CASE(slow_down_is_remembered_on_disk) {
  Login login = shown();
  login.rig.ring();
  login.rig.served(error_answer(P, "slow_down"));
  BOOST_TEST(login.rig.disk->pending->interval_ms == 35 * s);
  BOOST_TEST(login.rig.wake_in_ms() == 35 * s);
  Rig again = login.rig.restarted();
  again.want(Want::authorize);
  again.go_on();
  BOOST_TEST(again.wake_in_ms() == 35 * s);
}

BOOST_AUTO_TEST_CASE(a_pending_pin_is_resumed_after_a_restart) {
  Login login = shown();
  login.rig.ring();
  login.rig.served(pending());
  Rig again = login.rig.restarted();
  again.clock.reboot(100 * s);
  const OperationId resumed = again.want(Want::authorize);
  again.go_on();
  BOOST_TEST(again.connects == 0, "no second PIN");
  BOOST_TEST(again.count("pin") == 1);
  BOOST_TEST(again.record().pending->pin.reveal() == "ABCD");
  BOOST_TEST(again.machine.poll_schedule().deadline_ms() - again.clock.boot_ms() == 9 * min - 130 * s);
  BOOST_TEST(again.wake_in_ms() == 30 * s);
  again.ring();
  again.go_on();
  BOOST_TEST(again.credential == "code-1");
  again.answers(approved());
  again.go_on();
  BOOST_TEST(again.ended(resumed).result == ECOAUTH_OK);
}

BOOST_AUTO_TEST_CASE(what_cannot_be_resumed_is_replaced) {
  const auto fresh_pin = [](Rig& rig) {
    rig.want(Want::authorize);
    rig.served(pin_answer("WXYZ", "code-2"));
    BOOST_TEST(rig.disk->pending->code.reveal() == "code-2");
    BOOST_TEST(rig.count("pin") == 1);
  };
  Rig late = shown().rig.restarted();
  late.clock.advance_ms(10 * min);
  fresh_pin(late);

  Rig lost_clock = shown().rig.restarted();
  lost_clock.clock.reboot(1);
  lost_clock.clock.set_wall_ms(0);
  fresh_pin(lost_clock);

  StateMachine::Settings wider;
  wider.scope = "smartWrite";
  Login login = shown();
  Rig other_scope(wider, login.rig.disk);
  other_scope.clock = login.rig.clock;
  fresh_pin(other_scope);
}

BOOST_AUTO_TEST_CASE(nobody_asks_nobody_polls) {
  Rig again = shown().rig.restarted();
  again.want(Want::load);
  again.go_on();
  BOOST_TEST(again.wake_in_ms() == -1);
  BOOST_TEST(!again.check_now());
  BOOST_TEST(again.disk->pending.has_value());
}

BOOST_AUTO_TEST_CASE(a_new_grant_over_an_old_one) {
  VirtualClock clock;
  auto old = record_with_grant(clock);
  old->grant->state = GrantState::needs_reauthorization;
  old->grant->reason = "NEEDS_AUTHORIZATION";
  old->grant->refusals = {{{clock.boot_ms(), clock.wall_ms(), clock.boot_id()}, 1}};
  Login login = shown(old);
  Rig& rig = login.rig;
  rig.ring();
  rig.served(approved());
  BOOST_TEST(rig.ended(login.operation).result == ECOAUTH_OK);
  BOOST_TEST((rig.state() == GrantState::active));
  BOOST_TEST(rig.disk->grant->generation == 2);
  BOOST_TEST(rig.disk->grant->refusals.empty());
  BOOST_REQUIRE(rig.disk->grant->candidates.size() == 2u);
  BOOST_TEST(rig.disk->grant->candidates[0].reveal() == "rt-new");
  BOOST_TEST(rig.disk->grant->candidates[1].reveal() == "rt-1", "kept until the new one has proven itself");
}

BOOST_AUTO_TEST_CASE(a_refresh_beside_a_pending_authorization) {
  VirtualClock clock;
  Login login = shown(record_with_grant(clock, 100 * s));
  Rig& rig = login.rig;
  rig.clock.advance_ms(20 * s);
  rig.want(Want::refresh);
  rig.served(token_answer(AnswerContext::refresh, "at-2", "rt-2"));
  BOOST_TEST(rig.disk->grant->generation == 2);
  BOOST_TEST(rig.disk->pending.has_value());
  BOOST_TEST(rig.wake_in_ms() == 10 * s, "the poll is not put off");
  rig.ring();
  rig.served(approved());
  BOOST_TEST(rig.disk->grant->generation == 3);
  BOOST_TEST(rig.ended(login.operation).result == ECOAUTH_OK);
}

BOOST_AUTO_TEST_CASE(outages_end_nothing) {
  Login login = shown();
  Rig& rig = login.rig;
  rig.ring();
  rig.served(answer(P, 503, "<html>"));
  for (int i = 0; i < 3; ++i) {
    rig.ring();
    rig.served(no_answer(P, Transfer::ambiguous));
  }
  rig.ring();
  rig.store_answers(Rig::StoreAnswer::good);
  rig.store_answers(Rig::StoreAnswer::good);
  rig.answers(no_answer(P, Transfer::not_sent, RawAnswer::Trouble::tls));
  BOOST_TEST(rig.waits(login.operation));
  rig.ring();
  rig.served(approved());
  BOOST_TEST(rig.ended(login.operation).result == ECOAUTH_OK);
}

BOOST_AUTO_TEST_CASE(check_now_hurries_us_not_the_server) {
  StateMachine::Settings settings;
  settings.polling = Polling::on_demand;
  Login login = shown({}, settings);
  Rig& rig = login.rig;
  BOOST_TEST(rig.wake_in_ms() == 9 * min, "no polling of its own");
  rig.clock.advance_ms(10 * s);
  BOOST_TEST(rig.check_now());
  BOOST_TEST(rig.wake_in_ms() == 20 * s);
  rig.ring();
  rig.served(pending());
  BOOST_TEST(rig.wake_in_ms() > 8 * min);
  rig.clock.advance_ms(40 * s);
  BOOST_TEST(rig.check_now());
  rig.go_on();
  BOOST_TEST((rig.net == Rig::Net::sent));
  rig.answers(pending());
  rig.go_on();
  rig.ring();
  rig.go_on();
  BOOST_TEST(rig.ended(login.operation).result == ECOAUTH_ERROR_PIN_EXPIRED);
  BOOST_TEST(rig.sends == 3);
}

BOOST_AUTO_TEST_CASE(what_can_be_saved_of_an_unusable_approval_is) {
  Login login = shown();
  login.rig.ring();
  login.rig.served(answer(P, 200, "{\"refresh_token\":\"rt-new\",\"token_type\":\"mac\"}"));
  BOOST_TEST(login.rig.ended(login.operation).result == ECOAUTH_OK);
  BOOST_TEST(login.rig.refresh_token() == "rt-new");
  BOOST_TEST((login.rig.net == Rig::Net::sent), "the access token is fetched at once");
  BOOST_TEST(login.rig.credential == "rt-new");
}

BOOST_AUTO_TEST_CASE(without_a_client_id) {
  StateMachine::Settings settings;
  settings.has_client_id = false;
  Rig rig(settings);
  const OperationId login = rig.want(Want::authorize);
  rig.go_on();
  BOOST_TEST(rig.ended(login).result == ECOAUTH_ERROR_INVALID_ARGUMENT);
  VirtualClock clock;
  Rig known(settings, record_with_grant(clock));
  known.want(Want::authorize);
  known.go_on();
  BOOST_TEST((known.net == Rig::Net::sent), "the record brings it");
}

BOOST_AUTO_TEST_SUITE_END()
