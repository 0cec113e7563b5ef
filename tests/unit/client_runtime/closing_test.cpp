#include <ecoauth/event.h>

#include <atomic>
#include <boost/test/unit_test.hpp>
#include <thread>

#include "world.hpp"

using namespace ecoauth;
using namespace ecoauth::test;

namespace {

/// A memory store whose saves fail while told to.
class FailingStore final : public TokenStore {
 public:
  std::atomic<int> saves_until_failure{1 << 30};

  Result<std::optional<Secret>> load(const std::string& key) override { return inner_->load(key); }
  Result<SaveOutcome> save(const std::string& key, int64_t expected_seq, const Secret& record, int64_t new_seq) override {
    if (--saves_until_failure < 0) return make_error(ECOAUTH_ERROR_STORE, "no space left");
    return inner_->save(key, expected_seq, record, new_seq);
  }
  Result<bool> erase(const std::string& key) override { return inner_->erase(key); }
  Result<std::vector<std::string>> list() override { return inner_->list(); }
  Result<LockOutcome> try_lock(const std::string& key) override { return inner_->try_lock(key); }
  void unlock(const std::string& key) override { inner_->unlock(key); }
  std::string description() const override { return "failing"; }
  bool durable() const override { return true; }
  bool excludes_other_processes() const override { return false; }

 private:
  const std::shared_ptr<TokenStore> inner_ = make_memory_store();
};

}  // namespace

BOOST_AUTO_TEST_SUITE(closing)

BOOST_AUTO_TEST_CASE(nothing_is_started_before_it_is_needed) {
  World world([](const HttpRequest&) { return answer(500, ""); });
  auto account = world.client->open("default");
  BOOST_TEST(world.client->runtime().workers.thread_count() == 0u);
  BOOST_TEST(!world.client->runtime().scheduler.running());
  BOOST_TEST(account->status().revision == 0);
}

BOOST_AUTO_TEST_CASE(a_running_exchange_is_finished_and_saved) {
  Gate gate;
  World world([&](const HttpRequest&) {
    gate.wait();
    return token_answer("at-new", "rt-new");
  });
  world.seed_grant(0);
  auto account = world.client->open("default");
  OperationId operation = 0;
  BOOST_TEST(!account->start(get_token(), &operation));
  BOOST_TEST(eventually([&] { return !world.transport->sent().empty(); }));
  BOOST_TEST(world.client->close_start());
  BOOST_TEST(!world.client->close_start());
  gate.open();
  const Event done = world.next(ECOAUTH_EVENT_COMPLETED);
  BOOST_TEST(done.operation == operation);
  world.next(ECOAUTH_EVENT_CLOSED);
  BOOST_TEST(world.client->next_event(0).error().code == ECOAUTH_ERROR_CLOSED);
  BOOST_TEST(world.stored().grant->candidates.front().reveal() == "rt-new");
  BOOST_TEST(world.client->runtime().usable()->code == ECOAUTH_ERROR_CLOSED);
}

BOOST_AUTO_TEST_CASE(what_has_not_been_sent_is_not_sent_any_more) {
  World world([](const HttpRequest&) { return answer(200, R"({"error": "authorization_pending"})"); });
  auto account = world.client->open("default");
  OperationId operation = 0;
  BOOST_TEST(!account->start(command(Command::Kind::authorize_pin), &operation));
  world.client->close_start();
  BOOST_TEST(world.next(ECOAUTH_EVENT_COMPLETED).outcome.result < 0);
  world.next(ECOAUTH_EVENT_CLOSED);
}

BOOST_AUTO_TEST_CASE(a_pair_that_cannot_be_saved_is_served_and_handed_over) {
  auto store = std::make_shared<FailingStore>();
  World world([](const HttpRequest&) { return token_answer("at-new", "rt-new"); },
              [&](ClientSetup& setup) { setup.store = store; });
  world.seed_grant(0);
  store->saves_until_failure = 1;  // the mark before sending still goes through
  auto account = world.client->open("default");
  const Outcome outcome = account->run(get_token(), 5000);
  BOOST_TEST(outcome.result == ECOAUTH_UNSAVED_BUT_USABLE);
  BOOST_TEST(token_of(outcome) == "Bearer at-new");
  const Event unsaved = world.next(ECOAUTH_EVENT_UNSAVED);
  BOOST_TEST(decode_record(unsaved.data.reveal()).value().grant->candidates.front().reveal() == "rt-new");
  const auto refused = world.client->quiesce(100);
  BOOST_REQUIRE(refused.has_value());
  BOOST_TEST(refused->code == ECOAUTH_ERROR_UNSAVED);
  BOOST_TEST(refused->message.find("default") != std::string::npos);
  store->saves_until_failure = 1 << 30;
  BOOST_TEST(!world.client->quiesce(20000));
  BOOST_TEST(world.stored().grant->candidates.front().reveal() == "rt-new");
}

BOOST_AUTO_TEST_CASE(an_account_answers_after_its_client_is_gone) {
  std::shared_ptr<Account> account;
  {
    World world([](const HttpRequest&) { return answer(500, ""); });
    account = world.client->open("default");
  }
  BOOST_TEST(account->runtime().usable()->code == ECOAUTH_ERROR_CLOSED);
  BOOST_TEST(account->run(get_token(), 1000).result < 0);
}

BOOST_AUTO_TEST_SUITE_END()
