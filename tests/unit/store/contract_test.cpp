// What every store does, whatever it keeps its records in.
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <functional>
#include <set>

#include "store/callback_store.hpp"
#include "store/file_store.hpp"
#include "store/memory_store.hpp"
#include "store_support.hpp"
#include "support/host_store.hpp"
#include "support/temp_folder.hpp"
#include "support/virtual_disk.hpp"

using namespace ecoauth;

namespace {

/// A store and what it stands on.
struct Subject {
  TempFolder folder;
  VirtualDisk disk;
  HostStore host;
  std::shared_ptr<TokenStore> store;

  explicit Subject(const std::string& kind) {
    if (kind == "memory") store = make_memory_store();
    if (kind == "file") store = make_file_store(folder / "store");
    if (kind == "virtual") store = make_file_store("/var/store", disk);
    if (kind == "callbacks") store = make_callback_store(host.callbacks());
  }
};

const char* const kinds[] = {"memory", "file", "virtual", "callbacks"};

}  // namespace

BOOST_AUTO_TEST_SUITE(contract)

BOOST_DATA_TEST_CASE(a_record_comes_back_and_is_replaced_by_number, kinds) {
  Subject subject(sample);
  TokenStore& store = *subject.store;
  BOOST_TEST(loaded(store) == "none");
  BOOST_TEST(saved(store, 3, "x", 4) == "conflict");
  BOOST_TEST(loaded(store) == "none");
  BOOST_TEST(saved(store, 0, "first", 1) == "saved");
  BOOST_TEST(loaded(store) == "first");
  BOOST_TEST(saved(store, 0, "other", 1) == "conflict");
  BOOST_TEST(saved(store, 2, "other", 3) == "conflict");
  BOOST_TEST(loaded(store) == "first");
  BOOST_TEST(saved(store, 1, std::string("any\0bytes\n", 10), 2) == "saved");
  BOOST_TEST(loaded(store) == std::string("any\0bytes\n", 10));
  BOOST_TEST(saved(store, 2, "a number may jump", 1000) == "saved");
  for (int64_t seq = 1000; seq < 1010; ++seq) {
    BOOST_TEST(saved(store, seq, "record " + std::to_string(seq + 1), seq + 1) == "saved");
    BOOST_TEST(loaded(store) == "record " + std::to_string(seq + 1));
  }
}

BOOST_DATA_TEST_CASE(lengths_up_to_the_limit, kinds) {
  Subject subject(sample);
  int64_t seq = 0;
  for (size_t size : {size_t{1}, longest_record_bytes, size_t{2}, size_t{511}, size_t{512}, longest_record_bytes}) {
    std::string record(size, 'r');
    BOOST_TEST(saved(*subject.store, seq, record, seq + 1) == "saved");
    BOOST_TEST((loaded(*subject.store) == record));
    ++seq;
  }
  BOOST_TEST(saved(*subject.store, seq, std::string(longest_record_bytes + 1, 'r'), seq + 1) == "!STORE");
  BOOST_TEST(saved(*subject.store, seq, "", seq + 1) == "!INTERNAL");
  BOOST_TEST(saved(*subject.store, seq, "x", seq) == "!INTERNAL");
  BOOST_TEST(loaded(*subject.store).size() == longest_record_bytes);
}

BOOST_DATA_TEST_CASE(erasing, kinds) {
  Subject subject(sample);
  TokenStore& store = *subject.store;
  BOOST_TEST(erased(store) == "nothing");
  for (int round = 0; round < 4; ++round) {
    for (int64_t seq = 0; seq <= round; ++seq) BOOST_TEST(saved(store, seq, "secret", seq + 1) == "saved");
    BOOST_TEST(erased(store) == "erased");
    BOOST_TEST(loaded(store) == "none");
    BOOST_TEST(erased(store) == "nothing");
    BOOST_TEST(saved(store, 1, "x", 2) == "conflict");
  }
}

BOOST_DATA_TEST_CASE(keys_do_not_touch_each_other_and_are_listed, kinds) {
  Subject subject(sample);
  TokenStore& store = *subject.store;
  BOOST_TEST(listed(store) == "");
  for (const char* name : {"b.b", "a_-A", "C9"}) BOOST_TEST(saved(store, 0, name, 1, name) == "saved");
  BOOST_TEST(listed(store) == "C9 a_-A b.b");
  BOOST_TEST(erased(store, "a_-A") == "erased");
  BOOST_TEST(listed(store) == "C9 b.b");
  BOOST_TEST(loaded(store, "b.b") == "b.b");
}

BOOST_DATA_TEST_CASE(locking, kinds) {
  Subject subject(sample);
  TokenStore& store = *subject.store;
  BOOST_TEST(locked(store) == "acquired");
  BOOST_TEST(locked(store) == "busy");
  BOOST_TEST(locked(store, "other") == "acquired");
  BOOST_TEST(loaded(store) == "none");
  BOOST_TEST(listed(store) == "");  // what the lock needs is no record
  BOOST_TEST(saved(store, 0, "under the lock", 1) == "saved");
  BOOST_TEST(loaded(store) == "under the lock");
  BOOST_TEST(erased(store) == "erased");
  BOOST_TEST(saved(store, 0, "again", 1) == "saved");
  store.unlock(home_key);
  BOOST_TEST(locked(store) == "acquired");
  store.unlock(home_key);
  store.unlock(home_key);
  store.unlock("never locked");
  BOOST_TEST(saved(store, 1, "without the lock", 2) == "saved");
}

BOOST_DATA_TEST_CASE(forgetting_older_records_leaves_the_newest, kinds) {
  Subject subject(sample);
  TokenStore& store = *subject.store;
  for (int64_t seq = 0; seq < 5; ++seq) {
    BOOST_TEST(saved(store, seq, "record " + std::to_string(seq + 1), seq + 1) == "saved");
    BOOST_TEST(forgotten(store, seq + 1) == "done");
    BOOST_TEST(keeps_older(store) == "no");
    BOOST_TEST(loaded(store) == "record " + std::to_string(seq + 1));
  }
  BOOST_TEST(locked(store) == "acquired");
  BOOST_TEST(saved(store, 5, "under the lock", 6) == "saved");
  BOOST_TEST(forgotten(store, 6) == "done");
  BOOST_TEST(loaded(store) == "under the lock");
}

BOOST_AUTO_TEST_CASE(descriptions) {
  BOOST_TEST(make_memory_store()->description() == "memory");
  BOOST_TEST(!make_memory_store()->durable());
  BOOST_TEST(make_file_store("/some/where/")->description() == "file:/some/where");
  BOOST_TEST(make_file_store("/line\nbreak")->description() == "file:/line break");
  BOOST_TEST(make_file_store("/x")->durable());
  BOOST_TEST(make_file_store("/x")->excludes_other_processes());
  HostStore host;
  BOOST_TEST(make_callback_store(host.callbacks())->description() == "callbacks");
}

BOOST_AUTO_TEST_SUITE_END()
