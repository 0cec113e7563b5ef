// Authorizing by a browser, utility accounts, and importing a refresh token.
#include <ecoauth/status.h>

#include <boost/test/unit_test.hpp>
#include <string>
#include <utility>

#include "answers.hpp"
#include "machine_rig.hpp"

using namespace ecoauth;
using namespace ecoauth::test;

namespace {

constexpr int64_t s = 1000, min = 60 * s, h = 60 * min;
constexpr AnswerContext X = AnswerContext::exchange, R = AnswerContext::refresh;
using Transfer = RawAnswer::Transfer;
using Store = Rig::StoreAnswer;

std::string state_of(const Rig& rig) { return std::string(rig.record().pending->state.reveal()); }

/// The address has been handed out.
Rig browsing(std::shared_ptr<const Record> disk = {}, const std::string& flow = "code",
             StateMachine::Settings settings = {}) {
  Rig rig(std::move(settings), std::move(disk));
  const OperationId address = rig.browse(flow);
  rig.go_on();
  BOOST_TEST(rig.ended(address).result == ECOAUTH_OK);
  return rig;
}

OperationId come_back(Rig& rig, const std::string& code = "c0de") {
  return rig.redirected("code=" + code + "&state=" + state_of(rig));
}

/// The old grant is as it was, in memory and on disk.
void check_untouched(const Rig& rig) {
  BOOST_TEST(rig.refresh_token() == "rt-1");
  BOOST_TEST(rig.disk->grant->candidates.size() == 1u);
  BOOST_TEST(rig.disk->grant->candidates.front().reveal() == "rt-1");
  BOOST_TEST(rig.disk->grant->access_token.reveal() == "at-1");
  BOOST_TEST((rig.disk->grant->state == GrantState::active));
}

}  // namespace

BOOST_AUTO_TEST_SUITE(handing_in)

BOOST_AUTO_TEST_CASE(a_whole_authorization_by_a_browser) {
  Rig rig = browsing();
  BOOST_TEST(rig.disk->pending->flow == "code");
  BOOST_TEST(rig.disk->pending->state.reveal() == state_of(rig));
  BOOST_TEST(rig.disk->pending->lifetime_ms == 30 * min);
  BOOST_TEST(rig.wake_in_ms() == -1, "nothing is to be done until the user comes back");
  BOOST_TEST(rig.connects == 0);
  rig.clock.advance_ms(5 * min);
  const OperationId back = come_back(rig);
  BOOST_TEST((rig.machine.flags() & ECOAUTH_FLAG_AUTHORIZING) != 0);
  rig.go_on();
  BOOST_TEST((rig.context == X));
  BOOST_TEST(rig.credential == "c0de");
  BOOST_TEST(rig.disk->pending->code.reveal() == "c0de", "durable before the first byte");
  rig.answers(token_answer(X, "at-new", "rt-new"));
  BOOST_TEST(rig.waits(back), "nobody is told before it is saved");
  rig.go_on();
  BOOST_TEST(rig.ended(back).result == ECOAUTH_OK);
  BOOST_TEST(rig.disk->grant->candidates.front().reveal() == "rt-new");
  BOOST_TEST(!rig.disk->pending.has_value());
  BOOST_TEST(rig.machine.flags() == 0);
  BOOST_TEST(rig.count("token_saved") == 1);
}

BOOST_AUTO_TEST_CASE(the_same_address_is_handed_out_again_while_it_is_young) {
  Rig rig = browsing();
  const std::string state = state_of(rig);
  rig.clock.advance_ms(14 * min);
  BOOST_TEST(rig.ended([&] {
                  auto op = rig.browse();
                  rig.go_on();
                  return op;
                }())
                 .result == ECOAUTH_OK);
  BOOST_TEST(state_of(rig) == state);
  rig.clock.advance_ms(1 * min);
  rig.browse();
  rig.go_on();
  BOOST_TEST(state_of(rig) != state, "an old one is replaced");
  const std::string plain = state_of(rig);
  rig.browse("code", true);
  rig.go_on();
  BOOST_TEST(state_of(rig) != plain, "another kind of authorization");
  BOOST_TEST(rig.disk->pending->verifier.reveal() == rig.record().pending->verifier.reveal());
}

BOOST_AUTO_TEST_CASE(it_is_resumed_after_a_restart) {
  Rig rig = browsing();
  Rig next = rig.restarted();
  next.clock.reboot(60 * s);
  const OperationId back = next.redirected("state=" + std::string(rig.disk->pending->state.reveal()) + "&code=c0de");
  next.served(token_answer(X, "at-new", "rt-new"));
  BOOST_TEST(next.ended(back).result == ECOAUTH_OK);
}

BOOST_AUTO_TEST_CASE(after_a_crash_the_next_process_goes_on_with_the_code) {
  Rig rig = browsing();
  come_back(rig);
  rig.go_on();
  BOOST_TEST((rig.net == Rig::Net::sent));
  Rig next = rig.restarted();
  const OperationId token = next.want(Want::token);
  next.go_on();
  BOOST_TEST((next.context == X));
  BOOST_TEST(next.credential == "c0de");
  next.answers(token_answer(X, "at-new", "rt-new"));
  next.go_on();
  BOOST_TEST(next.ended(token).result == ECOAUTH_OK, "whoever needs a token waits for it");
}

BOOST_AUTO_TEST_CASE(what_is_not_the_answer_changes_nothing) {
  Rig rig = browsing();
  const std::string state = state_of(rig);
  struct Row {
    std::string parameters;
    int32_t result;
  };
  for (const Row& row :
       {Row{"code=c&state=foreign", ECOAUTH_ERROR_WRONG_STATE},
        Row{"error=access_denied&state=foreign", ECOAUTH_ERROR_WRONG_STATE},
        Row{"code=c", ECOAUTH_ERROR_INVALID_ARGUMENT}, Row{"state=" + state, ECOAUTH_ERROR_INVALID_ARGUMENT}}) {
    const OperationId back = rig.redirected(row.parameters);
    rig.go_on();
    BOOST_TEST(rig.ended(back).result == row.result, row.parameters);
    BOOST_TEST(rig.disk->pending->state.reveal() == state);
  }
  BOOST_TEST(rig.connects == 0);
  rig.clock.advance_ms(31 * min);
  const OperationId late = come_back(rig);
  rig.go_on();
  BOOST_TEST(rig.ended(late).result == ECOAUTH_ERROR_WRONG_STATE);
  BOOST_TEST(rig.ended(late).error->action == ECOAUTH_ACTION_REAUTHORIZE);
  Rig none;
  const OperationId nothing = none.redirected("code=c&state=s");
  none.go_on();
  BOOST_TEST(none.ended(nothing).result == ECOAUTH_ERROR_WRONG_STATE);
}

BOOST_AUTO_TEST_CASE(declining_is_a_decision_and_touches_no_grant) {
  Rig rig = rig_with_grant();
  rig.browse();
  rig.go_on();
  const OperationId back = rig.redirected("error=access_denied&state=" + state_of(rig));
  rig.go_on();
  BOOST_TEST(rig.ended(back).result == ECOAUTH_ERROR_DECLINED);
  BOOST_TEST(!rig.disk->pending.has_value());
  check_untouched(rig);
}

BOOST_AUTO_TEST_CASE(verdicts_over_a_code) {
  struct Row {
    const char* error;
    int32_t result, action;
  };
  for (const Row& row : {Row{"invalid_grant", ECOAUTH_ERROR_NEEDS_AUTHORIZATION, ECOAUTH_ACTION_REAUTHORIZE},
                         Row{"access_denied", ECOAUTH_ERROR_DECLINED, ECOAUTH_ACTION_REAUTHORIZE},
                         Row{"unauthorized_client", ECOAUTH_ERROR_UNAUTHORIZED_CLIENT, ECOAUTH_ACTION_USER_ACTION},
                         Row{"invalid_scope", ECOAUTH_ERROR_SCOPE, ECOAUTH_ACTION_FIX_CONFIG},
                         Row{"invalid_request", ECOAUTH_ERROR_REJECTED, ECOAUTH_ACTION_BUG},
                         Row{"account_locked", ECOAUTH_ERROR_ACCOUNT_LOCKED, ECOAUTH_ACTION_USER_ACTION},
                         Row{"account_disabled", ECOAUTH_ERROR_ACCOUNT_DISABLED, ECOAUTH_ACTION_USER_ACTION}}) {
    Rig rig = rig_with_grant();
    rig.browse();
    rig.go_on();
    const OperationId back = come_back(rig);
    rig.served(error_answer(X, row.error));
    BOOST_TEST(rig.ended(back).result == row.result, row.error);
    BOOST_TEST(rig.ended(back).error->action == row.action, row.error);
    BOOST_TEST(!rig.disk->pending.has_value());
    BOOST_TEST(rig.sends == 1);
    check_untouched(rig);
  }
}

BOOST_AUTO_TEST_CASE(a_refused_client_id_gets_two_more_tries) {
  Rig rig = browsing();
  const OperationId back = come_back(rig);
  for (int64_t pause_ms : {5 * s, 15 * s}) {
    rig.served(error_answer(X, "invalid_client"));
    BOOST_TEST(rig.waits(back));
    BOOST_TEST(rig.wake_in_ms() == pause_ms);
    rig.ring();
  }
  rig.served(error_answer(X, "invalid_client"));
  BOOST_TEST(rig.ended(back).result == ECOAUTH_ERROR_INVALID_CLIENT);
  BOOST_TEST(rig.sends == 3);
  BOOST_TEST(!rig.disk->pending.has_value());
}

BOOST_AUTO_TEST_CASE(a_lost_answer_is_asked_for_again_with_the_same_code) {
  Rig rig = browsing();
  const OperationId back = come_back(rig);
  for (int64_t pause_ms : {2 * s, 5 * s}) {
    rig.served(no_answer(X, Transfer::ambiguous));
    BOOST_TEST(rig.waits(back));
    BOOST_TEST(rig.wake_in_ms() == pause_ms);
    BOOST_TEST(rig.lock_is_free());
    rig.ring();
  }
  rig.served(answer(X, 503, ""));
  BOOST_TEST(rig.ended(back).result == ECOAUTH_ERROR_SERVER);
  BOOST_TEST(rig.ended(back).error->action == ECOAUTH_ACTION_RETRY);
  BOOST_TEST(rig.ended(back).error->retry_after_ms == 12 * s);
  BOOST_TEST(rig.wake_in_ms() == 12 * s, "the library goes on by itself");
  rig.ring();
  rig.go_on();
  BOOST_TEST(rig.credential == "c0de");
  rig.answers(token_answer(X, "at-new", "rt-new"));
  rig.go_on();
  BOOST_TEST(rig.refresh_token() == "rt-new");
  BOOST_TEST(rig.wake_in_ms() > h);
}

BOOST_AUTO_TEST_CASE(an_outage_longer_than_the_authorization_ends_it) {
  Rig rig = browsing();
  come_back(rig);
  for (int i = 0; i < 100 && rig.disk->pending; ++i) {
    rig.go_on();
    if (rig.net == Rig::Net::none)
      rig.ring();
    else
      rig.answers(answer(X, 503, ""));
    rig.go_on();
  }
  BOOST_TEST(!rig.disk->pending.has_value());
  BOOST_TEST(rig.wake_in_ms() == -1);
  BOOST_TEST(rig.clock.boot_ms() > 0);
}

BOOST_AUTO_TEST_CASE(an_unusable_answer_still_brings_its_refresh_token) {
  Rig rig = browsing();
  const OperationId back = come_back(rig);
  rig.served(answer(X, 200, "{\"refresh_token\":\"rt-new\""));
  BOOST_TEST(rig.ended(back).result == ECOAUTH_OK);
  BOOST_TEST(rig.disk->grant->candidates.front().reveal() == "rt-new");
  BOOST_TEST((rig.context == R), "and an access token is asked for at once");
  rig.served(token_answer(R, "at-new", "rt-2"));
  BOOST_TEST(rig.ended(rig.want(Want::token)).result == ECOAUTH_OK);
}

BOOST_AUTO_TEST_CASE(what_cannot_be_saved_is_not_sent) {
  Rig rig = browsing();
  const OperationId back = come_back(rig);
  while (!rig.store.empty() && rig.store.front().kind != Action::Kind::save) rig.store_answers(Store::good);
  rig.store_answers(Store::failed);
  rig.go_on();
  BOOST_TEST(rig.ended(back).result == ECOAUTH_ERROR_STORE);
  BOOST_TEST(rig.connects == 0);
  const OperationId again = rig.redirected("code=c0de&state=" + std::string(rig.disk->pending->state.reveal()));
  rig.served(token_answer(X, "at-new", "rt-new"));
  BOOST_TEST(rig.ended(again).result == ECOAUTH_OK);
}

BOOST_AUTO_TEST_CASE(an_address_that_cannot_be_saved_is_not_handed_out) {
  Rig rig;
  const OperationId address = rig.browse();
  while (!rig.store.empty() && rig.store.front().kind != Action::Kind::save) rig.store_answers(Store::good);
  rig.store_answers(Store::failed);
  BOOST_TEST(rig.ended(address).result == ECOAUTH_ERROR_STORE);
  BOOST_TEST(!rig.record().pending.has_value());
}

BOOST_AUTO_TEST_CASE(one_authorization_at_a_time) {
  Rig pin;
  pin.want(Want::authorize);
  pin.served(pin_answer("ABCD", "code-1"));
  for (const OperationId refused : {pin.browse(), pin.import_token("rt-x")}) {
    pin.go_on();
    BOOST_TEST(pin.ended(refused).result == ECOAUTH_ERROR_WRONG_STATE);
  }
  BOOST_TEST(pin.disk->pending->code.reveal() == "code-1");
  // A PIN begun later takes the place of an address that nobody came back from.
  Rig rig = browsing();
  const std::string state = state_of(rig);
  rig.want(Want::authorize);
  rig.served(pin_answer("ABCD", "code-2"));
  BOOST_TEST(rig.count("pin") == 1);
  const OperationId late = rig.redirected("code=c&state=" + state);
  rig.go_on();
  BOOST_TEST(rig.ended(late).result == ECOAUTH_ERROR_WRONG_STATE);
}

BOOST_AUTO_TEST_CASE(another_process_that_begins_by_a_browser_ends_a_pin) {
  Rig rig;
  const OperationId login = rig.want(Want::authorize);
  rig.served(pin_answer("ABCD", "code-1"));
  auto other = std::make_shared<Record>(rig.disk->clone());
  ++other->seq;
  other->pending->flow = "code";
  other->pending->code.clear();
  other->pending->state = Secret("theirs");
  rig.other_process_writes(other);
  rig.ring();
  rig.go_on();
  BOOST_TEST(rig.ended(login).result == ECOAUTH_ERROR_PIN_EXPIRED);
  BOOST_TEST(rig.sends == 1, "no empty code is sent");
}

BOOST_AUTO_TEST_CASE(a_new_grant_beside_an_old_one) {
  Rig rig = rig_with_grant();
  rig.browse();
  rig.go_on();
  const OperationId back = come_back(rig);
  rig.served(token_answer(X, "at-new", "rt-new", 3600, "smartWrite"));
  BOOST_TEST(rig.ended(back).result == ECOAUTH_OK);
  BOOST_TEST(rig.disk->grant->generation == 2);
  BOOST_TEST(rig.disk->grant->candidates.size() == 2u, "the old one stays until the new one is proven");
  BOOST_TEST(rig.disk->grant->scope == "smartWrite");
}

BOOST_AUTO_TEST_CASE(the_token_of_a_utility_account) {
  Rig rig = browsing({}, "utility");
  const OperationId back = rig.redirected("access_token=at-u&token_type=Bearer&expires_in=3600&state=" + state_of(rig));
  rig.go_on();
  BOOST_TEST(rig.ended(back).result == ECOAUTH_OK);
  BOOST_TEST(rig.connects == 0);
  BOOST_TEST(rig.disk->grant->candidates.empty());
  BOOST_TEST(rig.ended(rig.want(Want::token)).result == ECOAUTH_OK);
  // Somebody is asked again before it ends; until then it goes on serving.
  const int64_t notice_ms = rig.wake_in_ms();
  BOOST_TEST(notice_ms >= 42 * min);
  BOOST_TEST(notice_ms <= 51 * min);
  rig.ring();
  BOOST_TEST((rig.state() == GrantState::needs_reauthorization));
  BOOST_TEST(rig.machine.last_error()->code == ECOAUTH_ERROR_NEEDS_AUTHORIZATION);
  BOOST_TEST(rig.machine.last_error()->action == ECOAUTH_ACTION_REAUTHORIZE);
  const OperationId served = rig.want(Want::token);
  rig.go_on();
  BOOST_TEST(rig.ended(served).result == ECOAUTH_OK);
  rig.clock.advance_ms(30 * min);
  const OperationId late = rig.want(Want::token);
  rig.go_on();
  BOOST_TEST(rig.ended(late).result == ECOAUTH_ERROR_NEEDS_AUTHORIZATION);
  BOOST_TEST(rig.connects == 0, "there is nothing to refresh with");
  // A new one, and all is well.
  rig.browse("utility");
  rig.go_on();
  rig.redirected("access_token=at-v&state=" + state_of(rig));
  rig.go_on();
  BOOST_TEST((rig.state() == GrantState::active));
  BOOST_TEST(!rig.machine.last_error().has_value());
}

BOOST_AUTO_TEST_CASE(a_utility_token_is_nobodys_before_it_is_saved) {
  Rig rig = rig_with_grant();
  rig.browse("utility");
  rig.go_on();
  // Somebody else refreshes meanwhile: that is told, but not with the new token.
  auto other = std::make_shared<Record>(rig.disk->clone());
  ++other->seq;
  ++other->grant->generation;
  other->grant->access_token = Secret("at-other");
  rig.other_process_writes(other);
  const OperationId back = rig.redirected("access_token=at-u&state=" + state_of(rig));
  rig.go_on();  // the rig looks at everything that is published
  BOOST_TEST(rig.ended(back).result == ECOAUTH_OK);
  BOOST_TEST(rig.disk->grant->generation == 3);
  BOOST_TEST(rig.disk->grant->access_token.reveal() == "at-u");
}

BOOST_AUTO_TEST_CASE(a_deleted_record_is_healed_before_its_code_is_sent) {
  Rig rig = browsing();
  come_back(rig);
  rig.served(error_answer(X, "invalid_client"));
  rig.other_process_writes(nullptr);
  rig.ring();
  rig.served(token_answer(X, "at-new", "rt-new"));
  BOOST_TEST(rig.disk->grant->candidates.front().reveal() == "rt-new");
}

BOOST_AUTO_TEST_CASE(a_refused_utility_token_asks_at_once) {
  Rig rig = browsing({}, "utility");
  rig.redirected("access_token=at-u&state=" + state_of(rig));
  rig.go_on();
  BOOST_TEST(rig.rejected(1));
  BOOST_TEST((rig.state() == GrantState::needs_reauthorization));
  rig.revoked();
  rig.go_on();
  BOOST_TEST(rig.disk->grant->reason == "REVOKED");
}

BOOST_AUTO_TEST_CASE(importing) {
  for (bool beside : {false, true}) {
    Rig rig = beside ? rig_with_grant() : Rig();
    const OperationId import = rig.import_token("rt-old v1.+/=");
    rig.go_on();
    BOOST_TEST((rig.context == R));
    BOOST_TEST(rig.credential == "rt-old v1.+/=");
    BOOST_TEST(rig.disk->pending->flow == "import");
    BOOST_TEST(rig.disk->pending->code.reveal() == "rt-old v1.+/=", "durable before it is sent");
    if (beside) check_untouched(rig);
    rig.answers(token_answer(R, "at-new", "rt-new"));
    rig.go_on();
    BOOST_TEST(rig.ended(import).result == ECOAUTH_OK);
    BOOST_TEST(!rig.disk->pending.has_value());
    BOOST_TEST(rig.disk->grant->generation == (beside ? 2 : 1));
    BOOST_REQUIRE(rig.disk->grant->candidates.size() == 2u);
    BOOST_TEST(rig.disk->grant->candidates[0].reveal() == "rt-new");
    BOOST_TEST(rig.disk->grant->candidates[1].reveal() == "rt-old v1.+/=");
    const OperationId hasty = rig.want(Want::refresh);
    rig.go_on();
    BOOST_TEST(rig.ended(hasty).result == ECOAUTH_ERROR_RATE_LIMITED, "it was a refresh like any other");
  }
}

BOOST_AUTO_TEST_CASE(an_import_that_fails_loses_nothing) {
  for (const char* error : {"invalid_grant", "unauthorized_client", "invalid_request"}) {
    Rig rig = rig_with_grant();
    const OperationId import = rig.import_token("rt-x");
    rig.served(error_answer(R, error));
    BOOST_TEST(rig.ended(import).result == answer(R, 400, "{\"error\":\"" + std::string(error) + "\"}").error.code);
    BOOST_TEST(!rig.disk->pending.has_value());
    check_untouched(rig);
    BOOST_TEST(rig.ended(rig.want(Want::token)).result == ECOAUTH_OK);
  }
}

BOOST_AUTO_TEST_CASE(an_import_outlives_an_outage_and_a_restart) {
  Rig rig = rig_with_grant();
  const OperationId import = rig.import_token("rt-x");
  rig.served(no_answer(R, Transfer::not_sent));
  BOOST_TEST(rig.ended(import).result == ECOAUTH_ERROR_NETWORK);
  BOOST_TEST(rig.ended(import).error->action == ECOAUTH_ACTION_RETRY);
  check_untouched(rig);
  Rig next = rig.restarted();
  next.want(Want::load);
  next.served(token_answer(R, "at-new", ""));
  BOOST_TEST(next.refresh_token() == "rt-x", "an answer without refresh token keeps the imported one");
  BOOST_TEST(next.disk->grant->candidates.size() == 1u);
}

BOOST_AUTO_TEST_CASE(a_pin_takes_the_place_of_an_import_only_after_that_has_been_tried_again) {
  for (const bool by_another : {false, true}) {
    Rig rig;
    const OperationId import = rig.import_token("rt-mine");
    for (int i = 0; i < 3; ++i) {
      rig.go_on();
      rig.answers(answer(AnswerContext::refresh, 503, ""));
      rig.go_on();
      if (i < 2) rig.ring();
    }
    BOOST_TEST(rig.ended(import).result == ECOAUTH_ERROR_SERVER);
    BOOST_TEST(rig.disk->pending->code.reveal() == "rt-mine");
    Rig other = rig.restarted();
    Rig& asked = by_another ? other : rig;
    const OperationId login = asked.want(Want::authorize);
    asked.go_on();
    BOOST_TEST(asked.credential == "rt-mine", "the only copy there is");
    asked.answers(token_answer(AnswerContext::refresh, "at-1", "rt-1"));
    asked.served(pin_answer("ABCD", "code-1"));
    BOOST_TEST(asked.disk->grant->candidates.front().reveal() == "rt-1");
    BOOST_TEST(asked.count("pin") == 1);
    BOOST_TEST(asked.waits(login));
  }
  // Another process hands it in while this one is about to ask for a PIN.
  Rig importing, rig;
  importing.import_token("rt-mine");
  importing.go_on();
  rig.want(Want::authorize);
  rig.store_answers(Rig::StoreAnswer::good);  // read
  rig.store_answers(Rig::StoreAnswer::good);  // lock
  rig.other_process_writes(importing.disk);
  rig.go_on();
  BOOST_TEST(rig.credential == "rt-mine");
}

BOOST_AUTO_TEST_CASE(cancelled_before_and_behind_the_first_byte) {
  Rig rig = browsing();
  const OperationId early = come_back(rig);
  BOOST_TEST(rig.cancel(early));
  rig.go_on();
  BOOST_TEST(rig.connects == 0);
  const OperationId late = come_back(rig);
  rig.go_on();
  BOOST_TEST(rig.cancel(late));
  BOOST_TEST((rig.net == Rig::Net::sent));
  rig.answers(token_answer(X, "at-new", "rt-new"));
  rig.go_on();
  BOOST_TEST(rig.refresh_token() == "rt-new", "the exchange ends all the same");
}

BOOST_AUTO_TEST_CASE(signing_out_ends_what_waits) {
  Rig rig = browsing();
  const OperationId back = come_back(rig);
  rig.served(error_answer(X, "invalid_client"));
  rig.want(Want::sign_out);
  rig.go_on();
  BOOST_TEST(rig.ended(back).result == ECOAUTH_ERROR_CANCELLED);
  BOOST_TEST(rig.wake_in_ms() == -1);
  Rig closing = browsing();
  const OperationId waiting = come_back(closing);
  closing.served(error_answer(X, "invalid_client"));
  closing.quiesce();
  BOOST_TEST(closing.ended(waiting).result == ECOAUTH_ERROR_CANCELLED);
  BOOST_TEST(closing.disk->pending->code.reveal() == "c0de", "for the next process");
}

BOOST_AUTO_TEST_SUITE_END()
