// What an account makes of what its store says: nothing that is not ours or not readable counts as absent.
#include <boost/test/unit_test.hpp>

#include <functional>
#include <utility>

#include "world.hpp"

using namespace ecoauth;
using namespace ecoauth::test;

namespace {

/// A memory store that a test can spoil.
class SpoiltStore final : public TokenStore {
 public:
  std::optional<Error> load_error;
  std::function<void(TokenStore& store)> before_save;

  Result<std::optional<Secret>> load(const std::string& key) override {
    if (load_error) return *load_error;
    return inner_->load(key);
  }
  Result<SaveOutcome> save(const std::string& key, int64_t expected_seq, const Secret& record,
                           int64_t new_seq) override {
    if (before_save) before_save(*inner_);
    return inner_->save(key, expected_seq, record, new_seq);
  }
  Result<bool> erase(const std::string& key) override { return inner_->erase(key); }
  Result<std::vector<std::string>> list() override { return inner_->list(); }
  Result<LockOutcome> try_lock(const std::string& key) override { return inner_->try_lock(key); }
  void unlock(const std::string& key) override { inner_->unlock(key); }
  std::string description() const override { return "spoilt"; }
  bool durable() const override { return true; }
  bool excludes_other_processes() const override { return false; }

 private:
  const std::shared_ptr<TokenStore> inner_ = make_memory_store();
};

/// The only key there is.
std::string key_in(TokenStore& store) {
  const auto keys = store.list();
  BOOST_REQUIRE((keys.ok() && keys.value().size() == 1));
  return keys.value().front();
}

std::string bytes_in(TokenStore& store, const std::string& key) {
  return std::string(store.load(key).value()->reveal());
}

/// Puts `bytes` in the place of what is there.
void replace(TokenStore& store, const std::string& key, const std::string& bytes) {
  store.erase(key);
  BOOST_REQUIRE((store.save(key, 0, Secret(bytes), 1).value() == SaveOutcome::saved));
}

/// Every way to begin ends with this code, without a request.
void all_refused(World& world, int32_t code) {
  auto account = world.client->open("default");
  for (const auto kind : {Command::Kind::get_token, Command::Kind::refresh, Command::Kind::authorize_pin})
    BOOST_TEST(account->run(command(kind), 5000).result == code);
  BOOST_TEST(world.transport->sent().empty());
}

HttpResult any_answer(const HttpRequest&) { return token_answer("at-new", "rt-new"); }

}  // namespace

BOOST_AUTO_TEST_SUITE(stored_records)

BOOST_AUTO_TEST_CASE(a_record_that_cannot_be_read_is_not_absent) {
  auto store = std::make_shared<SpoiltStore>();
  World world(any_answer, [&](ClientSetup& setup) { setup.store = store; });
  world.seed_grant(0);
  store->load_error = make_error(ECOAUTH_ERROR_STORE_CORRUPT, "no slot is intact");
  store->before_save = [](TokenStore&) { BOOST_ERROR("something was saved over it"); };
  all_refused(world, ECOAUTH_ERROR_STORE_CORRUPT);
  store->load_error.reset();
  BOOST_TEST(world.stored().grant->candidates.front().reveal() == "rt-old");
}

BOOST_AUTO_TEST_CASE(damaged_and_later_records_stay_as_they_are) {
  World world(any_answer);
  world.seed_grant(0);
  const std::string key = key_in(*world.store), good = bytes_in(*world.store, key);
  const std::pair<std::string, int32_t> spoilt[] = {{good.substr(0, good.size() - 1), ECOAUTH_ERROR_STORE_CORRUPT},
                                                    {"ecoauth-record 2" + good.substr(16), ECOAUTH_ERROR_STORE_NEWER}};
  for (const auto& [bytes, code] : spoilt) {
    replace(*world.store, key, bytes);
    all_refused(world, code);
    BOOST_TEST(bytes_in(*world.store, key) == bytes);
  }
}

BOOST_AUTO_TEST_CASE(a_record_of_another_account_is_not_ours) {
  World world(any_answer);
  world.seed_grant(1800 * 1000);
  const std::string ours = key_in(*world.store);
  world.store->erase(ours);
  world.seed_grant(1800 * 1000, "somebody");
  const std::string theirs = bytes_in(*world.store, key_in(*world.store));
  replace(*world.store, ours, theirs);
  all_refused(world, ECOAUTH_ERROR_STORE_FOREIGN);
  BOOST_TEST(bytes_in(*world.store, ours) == theirs);
}

BOOST_AUTO_TEST_CASE(a_record_in_a_wrong_place_is_not_found_by_its_account_alone) {
  World world(any_answer, [](ClientSetup& setup) { setup.config.client_id = Secret(); });
  world.seed_grant(1800 * 1000);
  const std::string ours = key_in(*world.store), bytes = bytes_in(*world.store, ours);
  world.store->erase(ours);
  const std::string wrong = "default-0123456789abcdef";
  replace(*world.store, wrong, bytes);
  all_refused(world, ECOAUTH_ERROR_STORE_FOREIGN);
  BOOST_TEST(bytes_in(*world.store, wrong) == bytes);
}

BOOST_AUTO_TEST_CASE(a_pair_is_saved_though_somebody_saves_beside_us) {
  auto store = std::make_shared<SpoiltStore>();
  World world(any_answer, [&](ClientSetup& setup) { setup.store = store; });
  world.seed_grant(0);
  int saves = 0;
  store->before_save = [&](TokenStore& inner) {
    if (++saves != 2) return;  // the first is the mark before sending
    const std::string key = key_in(inner);
    auto read = decode_record(bytes_in(inner, key));
    BOOST_REQUIRE(read.ok());
    Record& record = read.value();
    ++record.seq;
    BOOST_TEST((inner.save(key, record.seq - 1, encode_record(record), record.seq).value() == SaveOutcome::saved));
  };
  BOOST_TEST(token_of(world.client->open("default")->run(get_token(), 5000)) == "Bearer at-new");
  BOOST_TEST(saves == 3);
  BOOST_TEST(world.stored().grant->candidates.front().reveal() == "rt-new");
}

BOOST_AUTO_TEST_CASE(a_store_that_runs_out_of_memory_has_failed_and_is_asked_again) {
  for (int failing : {1, 2}) {  // the mark before sending, the new pair
    auto store = std::make_shared<SpoiltStore>();
    World world(any_answer, [&](ClientSetup& setup) { setup.store = store; });
    world.seed_grant(0);
    int saves = 0;
    store->before_save = [&](TokenStore&) {
      if (++saves == failing) throw std::bad_alloc();
    };
    const Outcome outcome = world.client->open("default")->run(get_token(), 5000);
    BOOST_TEST(outcome.result == (failing == 1 ? ECOAUTH_ERROR_STORE : ECOAUTH_UNSAVED_BUT_USABLE));
    BOOST_TEST(!world.client->quiesce(5000));
    BOOST_TEST(world.stored().grant->candidates.front().reveal() == (failing == 1 ? "rt-old" : "rt-new"));
  }
}

BOOST_AUTO_TEST_SUITE_END()
