// Accounts on a sealed store: when a seal is changed, what happens without a key, and that a token in memory outlives
// it.
#include <ecoauth/event.h>
#include <ecoauth/status.h>

#include <boost/test/unit_test.hpp>

#include "client/sealed_store.hpp"
#include "key_chain.hpp"
#include "protocol/seal.hpp"
#include "world.hpp"

using namespace ecoauth;
using namespace ecoauth::test;

namespace {

/// A client whose store is sealed; what lies under the seal can be looked at.
struct SealedWorld {
  std::shared_ptr<KeyChain> keys = std::make_shared<KeyChain>(std::vector<std::string>{"A"});
  std::shared_ptr<TokenStore> under = make_memory_store();
  World world;

  explicit SealedWorld(Role role = Role::owner)
      : world([](const HttpRequest&) { return token_answer("at-new", "rt-new"); },
              [&](ClientSetup& setup) {
                setup.store = make_sealed_store(under, keys);
                setup.config.role = role;
              }) {}

  /// As a client without sealing would have left it.
  void seed_plain(int64_t left_ms) {
    World plain([](const HttpRequest&) { return HttpResult(); }, [&](ClientSetup& setup) { setup.store = under; });
    plain.seed_grant(left_ms);
  }
  std::string stored() {
    auto names = under->list();
    BOOST_REQUIRE((names.ok() && names.value().size() == 1));
    return std::string(under->load(names.value().front()).value()->reveal());
  }
  std::string stored_key_id() { return seal_key_id_of(stored()).value(); }
  std::string id(const std::string& name) { return key_named(name).id(); }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(sealed_account)

BOOST_AUTO_TEST_CASE(a_plain_record_is_sealed_as_soon_as_it_has_been_read) {
  SealedWorld sealed;
  sealed.seed_plain(1800 * 1000);
  BOOST_TEST(sealed.stored_key_id() == "");
  auto account = sealed.world.client->open("default");
  BOOST_TEST(account->status().seal == "aes-256-gcm");  // of whatever it will save
  BOOST_TEST(token_of(account->run(get_token(), 5000)) == "Bearer at-old");
  BOOST_TEST(eventually([&] { return sealed.stored_key_id() == sealed.id("A"); }));
  BOOST_TEST(eventually([&] { return account->at_rest(); }));
  BOOST_TEST(account->status().seal == "aes-256-gcm");
  BOOST_TEST(sealed.stored().find("rt-old") == std::string::npos);
  BOOST_TEST(sealed.world.stored().grant->candidates.front().reveal() == "rt-old");
  BOOST_TEST(sealed.world.transport->sent().empty());
  // Once is enough.
  const std::string after = sealed.stored();
  BOOST_TEST(token_of(account->run(get_token(), 5000)) == "Bearer at-old");
  BOOST_TEST((sealed.stored() == after));
}

BOOST_AUTO_TEST_CASE(a_client_that_ends_at_once_still_seals) {
  SealedWorld sealed;
  sealed.seed_plain(1800 * 1000);
  BOOST_TEST(token_of(sealed.world.client->open("default")->run(get_token(), 5000)) == "Bearer at-old");
  sealed.world.client->close();
  BOOST_TEST(sealed.stored_key_id() == sealed.id("A"));
}

BOOST_AUTO_TEST_CASE(a_record_of_an_older_key_is_sealed_anew) {
  SealedWorld sealed;
  sealed.seed_plain(1800 * 1000);
  sealed.world.client->open("default")->run(get_token(), 5000);
  BOOST_TEST(eventually([&] { return sealed.stored_key_id() == sealed.id("A"); }));
  SealedWorld next;
  next.under = sealed.under;
  next.keys->set({"B", "A"});
  World client([](const HttpRequest&) { return HttpResult(); },
               [&](ClientSetup& setup) { setup.store = make_sealed_store(next.under, next.keys); });
  BOOST_TEST(token_of(client.client->open("default")->run(get_token(), 5000)) == "Bearer at-old");
  BOOST_TEST(eventually([&] { return next.stored_key_id() == next.id("B"); }));
}

BOOST_AUTO_TEST_CASE(a_refresh_seals_by_itself) {
  SealedWorld sealed;
  sealed.seed_plain(0);
  auto account = sealed.world.client->open("default");
  BOOST_TEST(token_of(account->run(get_token(), 5000)) == "Bearer at-new");
  BOOST_TEST(sealed.stored_key_id() == sealed.id("A"));
  BOOST_TEST(sealed.world.stored().grant->candidates.front().reveal() == "rt-new");
  BOOST_TEST(sealed.world.stored().seq == 3);  // the mark and the tokens, nothing else
}

BOOST_AUTO_TEST_CASE(a_follower_changes_no_seal) {
  SealedWorld sealed(Role::follower);
  sealed.seed_plain(1800 * 1000);
  auto account = sealed.world.client->open("default");
  BOOST_TEST(token_of(account->run(get_token(), 5000)) == "Bearer at-old");
  sealed.world.client->close();
  BOOST_TEST(account->status().seal == "none");
  BOOST_TEST(sealed.stored_key_id() == "");
}

BOOST_AUTO_TEST_CASE(without_a_key_the_token_is_served_and_nothing_is_sent_or_saved) {
  SealedWorld sealed;
  sealed.seed_plain(1800 * 1000);
  sealed.keys->lock();
  const std::string before = sealed.stored();
  auto account = sealed.world.client->open("default");
  BOOST_TEST(token_of(account->run(get_token(), 5000)) == "Bearer at-old");
  BOOST_TEST(eventually([&] { return account->at_rest() && account->last_error().has_value(); }));
  BOOST_TEST(account->last_error()->code == ECOAUTH_ERROR_STORE);
  BOOST_TEST((account->status().flags & ECOAUTH_FLAG_DEGRADED) != 0);
  BOOST_TEST(account->status().seal == "none");
  const int asked = sealed.keys->asked();
  BOOST_TEST(asked <= 2);
  const Outcome refused = account->run(command(Command::Kind::refresh), 5000);
  BOOST_TEST(refused.result == ECOAUTH_ERROR_STORE);
  BOOST_TEST(refused.error->message.find("not to be had") != std::string::npos);
  BOOST_TEST(sealed.world.transport->sent().empty());
  BOOST_TEST((sealed.stored() == before));
  BOOST_TEST(token_of(account->run(get_token(), 5000)) == "Bearer at-old");
  // The key comes back: all goes on.
  sealed.keys->lock(false);
  BOOST_TEST(account->run(command(Command::Kind::refresh), 5000).result == ECOAUTH_OK);
  BOOST_TEST(sealed.stored_key_id() == sealed.id("A"));
}

BOOST_AUTO_TEST_CASE(without_a_key_there_is_no_pin) {
  SealedWorld sealed;
  sealed.keys->lock();
  auto account = sealed.world.client->open("default");
  const Outcome outcome = account->run(command(Command::Kind::authorize_pin), 5000);
  BOOST_TEST(outcome.result < 0);
  BOOST_TEST(sealed.world.transport->count("grant_type=ecobeePin") == 0u);
  BOOST_TEST(sealed.under->list().value().empty());
}

BOOST_AUTO_TEST_CASE(a_key_that_goes_away_during_a_refresh_does_not_keep_the_tokens_from_being_saved) {
  auto keys = std::make_shared<KeyChain>(std::vector<std::string>{"A"});
  auto under = make_memory_store();
  World world(
      [&](const HttpRequest&) {
        keys->lock();
        return token_answer("at-new", "rt-new");
      },
      [&](ClientSetup& setup) { setup.store = make_sealed_store(under, keys); });
  world.seed_grant(0);
  auto account = world.client->open("default");
  BOOST_TEST(token_of(account->run(get_token(), 5000)) == "Bearer at-new");
  BOOST_TEST(!account->unsaved());
  BOOST_TEST(world.stored().grant->candidates.front().reveal() == "rt-new");
}

BOOST_AUTO_TEST_SUITE_END()
