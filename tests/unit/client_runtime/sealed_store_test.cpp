// A sealed store over real ones: nothing in plain, nothing lost while seals and keys change, nothing without a key.
#include "client/sealed_store.hpp"

#include <boost/test/unit_test.hpp>
#include <fstream>
#include <functional>
#include <iterator>
#include <thread>

#include "key_chain.hpp"
#include "protocol/record.hpp"
#include "protocol/seal.hpp"
#include "store/file_store.hpp"
#include "store/memory_store.hpp"
#include "support/fixed_random.hpp"
#include "support/temp_folder.hpp"
#include "support/virtual_clock.hpp"
#include "support/virtual_disk.hpp"

using namespace ecoauth;
using namespace ecoauth::test;

namespace {

const Identity who = {"home", "https://api.ecobee.com", fingerprint_of_client_id(Secret("canary-client-id"))};
const std::string where = store_key(who);

/// A record with canaries in it.
Secret record_of(int64_t seq) {
  Record record;
  record.seq = seq;
  record.identity = who;
  record.client_id = Secret("canary-client-id");
  Grant& grant = record.grant.emplace();
  grant.state = GrantState::active;
  grant.generation = seq;
  grant.access_token = Secret("canary-access-" + std::to_string(seq));
  grant.candidates.push_back(Secret("canary-refresh-" + std::to_string(seq)));
  return encode_record(record);
}

/// "none", the record's number, or "!" and the name of the error.
std::string loaded(TokenStore& store) {
  auto bytes = store.load(where);
  if (!bytes) return std::string("!") + result_name(bytes.error().code);
  if (!bytes.value()) return "none";
  auto record = decode_record(bytes.value()->reveal());
  return record ? std::to_string(record.value().seq) : std::string("!") + result_name(record.error().code);
}

/// Saves the record `seq` over the one before. "saved", "conflict", or "!" and the name of the error.
std::string saved(TokenStore& store, int64_t seq) {
  auto outcome = store.save(where, seq - 1, record_of(seq), seq);
  if (!outcome) return std::string("!") + result_name(outcome.error().code);
  return outcome.value() == SaveOutcome::saved ? "saved" : "conflict";
}

std::string content(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

size_t count(const std::string& bytes, const std::string& part) {
  size_t found = 0;
  for (size_t at = bytes.find(part); at != std::string::npos; at = bytes.find(part, at + 1)) ++found;
  return found;
}

struct Fixture {
  TempFolder folder;
  VirtualClock clock;
  FixedRandom random;
  std::shared_ptr<KeyChain> keys = std::make_shared<KeyChain>(std::vector<std::string>{"A"});
  const std::string file = folder / (where + ".ecoauth");

  std::shared_ptr<TokenStore> plain() { return make_file_store(folder.path()); }
  std::shared_ptr<TokenStore> sealed() { return make_sealed_store(plain(), keys, clock, random); }
  std::string key_id(const std::string& name) { return key_named(name).id(); }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(sealed_store, Fixture)

BOOST_AUTO_TEST_CASE(keeps_nothing_in_plain_and_gives_back_what_was_saved) {
  auto store = sealed();
  BOOST_TEST(loaded(*store) == "none");
  for (int64_t seq = 1; seq <= 5; ++seq) {
    BOOST_TEST(saved(*store, seq) == "saved");
    BOOST_TEST(loaded(*store) == std::to_string(seq));
    BOOST_TEST(loaded(*sealed()) == std::to_string(seq));
  }
  BOOST_TEST(count(content(file), "canary") == 0u);
  BOOST_TEST(count(content(file), "\nseal aes-256-gcm " + key_id("A") + "\n") == 3u);
  BOOST_TEST(store->protection(where).seal == "aes-256-gcm");
  BOOST_TEST(store->protection(where).key_id == key_id("A"));
  BOOST_TEST(!store->protection(where).outdated);
  BOOST_TEST(store->description() == plain()->description());
}

BOOST_AUTO_TEST_CASE(every_save_has_a_nonce_of_its_own) {
  auto store = sealed();
  BOOST_TEST(saved(*store, 1) == "saved");
  const std::string first(plain()->load(where).value()->reveal());
  BOOST_TEST(store->erase(where).value());
  BOOST_TEST(saved(*store, 1) == "saved");
  BOOST_TEST((first != plain()->load(where).value()->reveal()));
}

BOOST_AUTO_TEST_CASE(plain_records_are_read_and_sealed_with_the_next_save) {
  for (int64_t seq = 1; seq <= 4; ++seq) BOOST_TEST(saved(*plain(), seq) == "saved");
  BOOST_TEST(count(content(file), "canary-refresh") == 3u);
  auto store = sealed();
  BOOST_TEST(loaded(*store) == "4");
  BOOST_TEST(store->protection(where).seal == "none");
  BOOST_TEST(store->protection(where).outdated);
  BOOST_TEST(count(content(file), "canary-refresh") == 3u);  // reading changes nothing
  BOOST_TEST(saved(*store, 5) == "saved");
  BOOST_TEST(count(content(file), "canary") == 0u);
  BOOST_TEST(loaded(*store) == "5");
  BOOST_TEST(store->protection(where).seal == "aes-256-gcm");
}

BOOST_AUTO_TEST_CASE(records_of_an_older_key_are_sealed_anew_and_go) {
  for (int64_t seq = 1; seq <= 3; ++seq) BOOST_TEST(saved(*sealed(), seq) == "saved");
  keys->set({"B", "A"});
  auto store = sealed();
  BOOST_TEST(loaded(*store) == "3");
  BOOST_TEST(store->protection(where).outdated);
  BOOST_TEST(saved(*store, 4) == "saved");
  BOOST_TEST(count(content(file), key_id("A")) == 0u);
  BOOST_TEST(count(content(file), key_id("B")) == 1u);
  keys->set({"B"});
  BOOST_TEST(loaded(*sealed()) == "4");
}

BOOST_AUTO_TEST_CASE(without_the_key_nothing_is_read_written_or_changed) {
  BOOST_TEST(saved(*sealed(), 1) == "saved");
  const std::string before = content(file);
  keys->set({"B"});
  auto other_key = sealed();
  BOOST_TEST(loaded(*other_key) == "!STORE");
  BOOST_TEST(other_key->load(where).error().message.find(key_id("A")) != std::string::npos);
  BOOST_TEST(loaded(*plain()) == "!STORE");
  keys->lock();
  auto no_key = sealed();
  BOOST_TEST(loaded(*no_key) == "!STORE");
  BOOST_TEST(saved(*no_key, 2) == "!STORE");
  BOOST_TEST(no_key->as_stored(record_of(2)).empty());
  BOOST_TEST(no_key->protection(where).seal == "aes-256-gcm");
  BOOST_TEST((content(file) == before));
}

BOOST_AUTO_TEST_CASE(without_a_key_a_first_record_is_not_saved_in_plain) {
  keys->lock();
  auto store = sealed();
  BOOST_TEST(saved(*store, 1) == "!STORE");
  BOOST_TEST(loaded(*store) == "none");
  BOOST_TEST(count(content(file), "canary") == 0u);
}

BOOST_AUTO_TEST_CASE(damage_and_strange_seals_are_told_apart) {
  BOOST_TEST(saved(*sealed(), 1) == "saved");
  const std::string good(plain()->load(where).value()->reveal());
  auto with = [&](const std::function<void(std::string&)>& change) {
    std::string text = good.substr(0, good.size() - 71);
    change(text);
    text += "check " + sha256_hex(text) + "\n";
    auto store = make_memory_store();
    BOOST_TEST((store->save(where, 0, Secret(text), 1).value() == SaveOutcome::saved));
    return loaded(*make_sealed_store(store, keys, clock, random));
  };
  BOOST_TEST(with([](std::string&) {}) == "1");
  BOOST_TEST(with([](std::string& text) { text.back() = static_cast<char>(text.back() ^ 1); }) == "!STORE_CORRUPT");
  BOOST_TEST(with([](std::string& text) { text.replace(text.find("seq 1"), 5, "seq 2"); }) == "!STORE_CORRUPT");
  BOOST_TEST(with([](std::string& text) { text.replace(text.find("aes-256"), 7, "aes-512"); }) == "!STORE_NEWER");
}

BOOST_AUTO_TEST_CASE(the_source_is_asked_once_a_minute_and_never_by_saving) {
  auto store = sealed();
  BOOST_TEST(saved(*store, 1) == "saved");
  BOOST_TEST(keys->asked() == 1);
  BOOST_TEST(saved(*store, 2) == "saved");
  BOOST_TEST(loaded(*store) == "2");
  clock.advance_ms(59999);
  keys->set({"B", "A"});
  BOOST_TEST(saved(*store, 3) == "saved");
  BOOST_TEST(keys->asked() == 1);
  BOOST_TEST(store->protection(where).key_id == key_id("A"));
  clock.advance_ms(1);
  BOOST_TEST(saved(*store, 4) == "saved");
  BOOST_TEST(keys->asked() == 1, "what has come with an answer does not wait for a keyring");
  BOOST_TEST(loaded(*store) == "4");
  BOOST_TEST(keys->asked() == 2);
  BOOST_TEST(store->protection(where).outdated);
  BOOST_TEST(saved(*store, 5) == "saved");
  BOOST_TEST(keys->asked() == 2);
  BOOST_TEST(store->protection(where).key_id == key_id("B"));
  BOOST_TEST(count(content(file), key_id("A")) == 0u);
}

BOOST_AUTO_TEST_CASE(who_meets_a_newer_key_does_not_bring_the_older_one_back) {
  auto first = sealed(), second = sealed();
  BOOST_TEST(saved(*first, 1) == "saved");
  clock.advance_ms(50000);
  BOOST_TEST(saved(*second, 2) == "saved");  // asks now, and not again for a minute
  clock.advance_ms(10000);
  keys->set({"B", "A"});
  BOOST_TEST(loaded(*first) == "2");
  BOOST_TEST(saved(*first, 3) == "saved");
  BOOST_TEST(first->protection(where).key_id == key_id("B"));
  BOOST_TEST(loaded(*second) == "3");
  BOOST_TEST(!second->protection(where).outdated, "it is the newest key that sealed it");
  BOOST_TEST(saved(*second, 4) == "saved");
  BOOST_TEST(second->protection(where).key_id == key_id("B"));
  keys->set({"B"});  // all that was sealed with the old key has been sealed anew: so it goes
  BOOST_TEST(loaded(*sealed()) == "4");
}

BOOST_AUTO_TEST_CASE(a_key_once_given_serves_on_while_the_source_cannot_be_asked) {
  auto store = sealed();
  BOOST_TEST(saved(*store, 1) == "saved");
  keys->lock();
  clock.advance_ms(3600000);
  BOOST_TEST(loaded(*store) == "1");
  BOOST_TEST(saved(*store, 2) == "saved");
  BOOST_TEST(loaded(*store) == "2");
  BOOST_TEST(store->protection(where).trouble.find("not to be had") != std::string::npos);
  BOOST_TEST(!store->as_stored(record_of(3)).empty());
  BOOST_TEST(keys->asked() == 2);
  BOOST_TEST(saved(*store, 3) == "saved");
  BOOST_TEST(keys->asked() == 2);  // a source that hangs is not waited for again and again
  keys->lock(false);
  clock.advance_ms(60000);
  BOOST_TEST(loaded(*store) == "3");
  BOOST_TEST(store->protection(where).trouble.empty());
  BOOST_TEST(count(content(file), "canary") == 0u);
}

BOOST_AUTO_TEST_CASE(what_the_host_is_handed_is_sealed_too) {
  auto store = sealed();
  BOOST_TEST(saved(*store, 1) == "saved");
  Secret handed = store->as_stored(record_of(2));
  BOOST_TEST(count(std::string(handed.reveal()), "canary") == 0u);
  auto opened = open_record(handed.reveal(), key_named("A"));
  BOOST_TEST_REQUIRE(opened.ok());
  BOOST_TEST((opened.value().reveal() == record_of(2).reveal()));
}

BOOST_AUTO_TEST_CASE(the_longest_record_fits_sealed) {
  Record record;
  record.seq = 1;
  record.identity = who;
  record.client_id = Secret("canary-client-id");
  Grant& grant = record.grant.emplace();
  grant.state = GrantState::active;
  grant.generation = 1;
  grant.candidates.push_back(Secret(std::string(longest_record_bytes, 'r')));
  for (size_t size = encode_record(record).size(); size > longest_record_bytes - seal_overhead_bytes;
       size = encode_record(record).size())
    grant.candidates.front() = Secret(std::string(grant.candidates.front().size() - 1, 'r'));
  Secret longest = encode_record(record);
  BOOST_TEST(longest.size() == longest_record_bytes - seal_overhead_bytes);
  auto store = sealed();
  BOOST_TEST((store->save(where, 0, longest, 1).value() == SaveOutcome::saved));
  BOOST_TEST(loaded(*store) == "1");
  BOOST_TEST(plain()->load(where).value()->size() == longest_record_bytes);
}

BOOST_AUTO_TEST_CASE(what_could_not_be_forgotten_is_forgotten_with_the_next_save) {
  VirtualDisk disk;
  auto virtual_store = make_file_store("/store", disk);
  for (int64_t seq = 1; seq <= 3; ++seq) BOOST_TEST(saved(*virtual_store, seq) == "saved");
  auto store = make_sealed_store(virtual_store, keys, clock, random);
  int64_t before = disk.syncs();
  disk.on_sync = [&] { return disk.syncs() > before + 1 ? -EIO : 0; };
  BOOST_TEST(saved(*store, 4) == "saved");  // it is durable, whatever became of the others
  BOOST_TEST(store->protection(where).trouble.find("older records") != std::string::npos);
  disk.on_sync = nullptr;
  BOOST_TEST(saved(*store, 5) == "saved");
  BOOST_TEST(store->protection(where).trouble.empty());
  disk.restart(std::vector<size_t>(disk.doubts().size(), 0));
  BOOST_TEST(count(*disk.bytes_of("/store/" + where + ".ecoauth"), "canary") == 0u);
  BOOST_TEST(loaded(*make_sealed_store(make_file_store("/store", disk), keys, clock, random)) == "5");
}

BOOST_AUTO_TEST_CASE(a_change_of_seals_that_was_cut_off_shows) {
  for (int64_t seq = 1; seq <= 3; ++seq) BOOST_TEST(saved(*plain(), seq) == "saved");
  // Sealed, and cut off before the plain ones were forgotten.
  auto sealed_record = seal_record(record_of(4).reveal(), key_named("A"), "twelve bytes");
  BOOST_TEST((plain()->save(where, 3, sealed_record.value(), 4).value() == SaveOutcome::saved));
  auto store = sealed();
  BOOST_TEST(loaded(*store) == "4");
  BOOST_TEST(store->protection(where).seal == "aes-256-gcm");
  BOOST_TEST(store->protection(where).outdated);
  BOOST_TEST(saved(*store, 5) == "saved");
  BOOST_TEST(count(content(file), "canary") == 0u);
  BOOST_TEST(loaded(*store) == "5");
  BOOST_TEST(!store->protection(where).outdated);
  auto next = sealed();
  BOOST_TEST(loaded(*next) == "5");
  BOOST_TEST(!next->protection(where).outdated);
}

BOOST_AUTO_TEST_CASE(a_cut_at_any_moment_of_the_change_leaves_a_record_and_the_next_save_ends_it) {
  VirtualDisk disk;
  auto virtual_store = make_file_store("/store", disk);
  for (int64_t seq = 1; seq <= 4; ++seq) BOOST_TEST(saved(*virtual_store, seq) == "saved");
  size_t cuts = 0;
  std::string acknowledged = "4";
  disk.before_call = [&] {
    for (bool newest : {false, true}) {
      VirtualDisk after = disk;
      after.before_call = nullptr;
      std::vector<size_t> outcome = after.doubts();
      for (size_t& options : outcome) options = newest ? options - 1 : 0;
      after.restart(outcome);
      auto next = make_sealed_store(make_file_store("/store", after), keys, clock, random);
      const std::string found = loaded(*next);
      BOOST_TEST_REQUIRE((found == acknowledged || found == "5"), "found " << found);
      BOOST_TEST_REQUIRE(saved(*next, std::stoll(found) + 1) == "saved");
      BOOST_TEST_REQUIRE(count(*after.bytes_of("/store/" + where + ".ecoauth"), "canary") == 0u);
      ++cuts;
    }
  };
  BOOST_TEST(saved(*make_sealed_store(virtual_store, keys, clock, random), 5) == "saved");
  disk.before_call = nullptr;
  BOOST_TEST(cuts > 30);
  BOOST_TEST(count(*disk.bytes_of("/store/" + where + ".ecoauth"), "canary") == 0u);
}

BOOST_AUTO_TEST_CASE(many_accounts_at_once_share_the_keys) {
  auto store = make_sealed_store(make_memory_store(), keys, clock, random);
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i)
    threads.emplace_back([&store, i] {
      const std::string key = "account-" + std::to_string(i);
      for (int64_t seq = 1; seq <= 50; ++seq) {
        store->save(key, seq - 1, record_of(seq), seq);
        store->load(key);
        store->protection(key);
      }
    });
  for (auto& thread : threads) thread.join();
  for (int i = 0; i < 8; ++i) {
    auto bytes = store->load("account-" + std::to_string(i));
    BOOST_TEST_REQUIRE((bytes && bytes.value()));
    BOOST_TEST((bytes.value()->reveal() == record_of(50).reveal()));
  }
}

BOOST_AUTO_TEST_SUITE_END()
