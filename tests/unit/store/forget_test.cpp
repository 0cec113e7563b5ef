// Older records that must go: which do, that the newest does not, and that "done" means on the disk.
#include <boost/test/unit_test.hpp>
#include <cerrno>

#include "file_fixture.hpp"
#include "store/slot_layout.hpp"
#include "story.hpp"

using namespace ecoauth;

namespace {

const std::string virtual_file = "/store/" + home_key + ".ecoauth";

bool holds(const std::string& bytes, const std::string& text) { return bytes.find(text) != std::string::npos; }

/// Three saves: records 1 and 2 are older, 3 is the newest.
void fill(TokenStore& store, const std::string& first, const std::string& second, const std::string& newest) {
  BOOST_TEST(saved(store, 0, first, 1) == "saved");
  BOOST_TEST(saved(store, 1, second, 2) == "saved");
  BOOST_TEST(saved(store, 2, newest, 3) == "saved");
}

}  // namespace

BOOST_AUTO_TEST_SUITE(forgetting)

BOOST_FIXTURE_TEST_CASE(takes_what_may_not_stay, FileFixture) {
  fill(*store, "canary one", "stay two", "newest");
  BOOST_TEST(keeps_older(*store) == "yes");
  BOOST_TEST(forgotten(*store, 3) == "done");
  BOOST_TEST(keeps_older(*store) == "no");
  const std::string bytes = read_file(file);
  BOOST_TEST(!holds(bytes, "canary"));
  BOOST_TEST(holds(bytes, "stay two"));
  BOOST_TEST(loaded(*store) == "newest");
  BOOST_TEST(bytes.size() == slot_layout::file_bytes);
  // The next ones go on as ever.
  for (int64_t seq = 3; seq < 7; ++seq) BOOST_TEST(saved(*store, seq, "next", seq + 1) == "saved");
}

BOOST_FIXTURE_TEST_CASE(takes_damaged_slots_too_since_nobody_knows_what_is_in_them, FileFixture) {
  fill(*store, "canary one", "canary two", "newest");
  std::string bytes = read_file(file);
  bytes[bytes.find("canary one") + 7] = 'O';
  write_file(file, bytes);
  BOOST_TEST(loaded(*store) == "newest");
  BOOST_TEST(keeps_older(*store) == "yes");
  BOOST_TEST(forgotten(*store, 3) == "done");
  BOOST_TEST(!holds(read_file(file), "canary"));
  BOOST_TEST(loaded(*store) == "newest");
}

BOOST_FIXTURE_TEST_CASE(does_nothing_when_somebody_has_saved_since, FileFixture) {
  fill(*store, "canary one", "canary two", "newest");
  const std::string before = read_file(file);
  BOOST_TEST(forgotten(*store, 2) == "newer");
  BOOST_TEST(forgotten(*store, 4) == "newer");
  BOOST_TEST((read_file(file) == before));
}

BOOST_FIXTURE_TEST_CASE(makes_no_file, FileFixture) {
  BOOST_TEST(forgotten(*store, 1) == "newer");
  BOOST_TEST(mode(folder) == "none");
  make_folder();
  BOOST_TEST(forgotten(*store, 1) == "newer");
  BOOST_TEST(keeps_older(*store) == "no");
  BOOST_TEST(mode(file) == "none");
}

BOOST_AUTO_TEST_CASE(is_durable_and_a_cut_before_that_leaves_the_newest) {
  VirtualDisk disk;
  auto store = make_file_store("/store", disk);
  fill(*store, "canary one" + std::string(3000, '1'), "canary two" + std::string(900, '2'), "newest");
  std::mt19937 dice(5);
  size_t outcomes = 0;
  auto cut = [&](bool done) {
    VirtualDisk frozen = disk;
    frozen.before_call = nullptr;
    outcomes += for_each_outcome(frozen.doubts(), 256, dice, [&](const std::vector<size_t>& outcome) {
      VirtualDisk after = frozen;
      after.restart(outcome);
      auto next = make_file_store("/store", after);
      BOOST_TEST_REQUIRE(loaded(*next) == "newest");
      BOOST_TEST_REQUIRE((!done || !holds(*after.bytes_of(virtual_file), "canary")));
      // The next process does the rest.
      BOOST_TEST_REQUIRE(forgotten(*next, 3) == "done");
      BOOST_TEST_REQUIRE(!holds(*after.bytes_of(virtual_file), "canary"));
      BOOST_TEST_REQUIRE(loaded(*next) == "newest");
    });
  };
  disk.before_call = [&] { cut(false); };
  BOOST_TEST(forgotten(*store, 3) == "done");
  disk.before_call = nullptr;
  cut(true);
  BOOST_TEST_MESSAGE(outcomes << " disks");
  BOOST_TEST(outcomes > 100);
}

BOOST_AUTO_TEST_CASE(after_a_failed_sync_the_zeros_are_written_again) {
  VirtualDisk disk;
  auto store = make_file_store("/store", disk);
  fill(*store, "canary one", "canary two", "newest");
  disk.on_sync = [] { return -EIO; };
  BOOST_TEST(forgotten(*store, 3) == "!STORE");
  disk.on_sync = nullptr;
  // What is seen now are zeros that the disk may not have.
  BOOST_TEST(loaded(*store) == "newest");
  BOOST_TEST(forgotten(*store, 3) == "done");
  disk.restart(std::vector<size_t>(disk.doubts().size(), 0));
  BOOST_TEST(!holds(*disk.bytes_of(virtual_file), "canary"));
  BOOST_TEST(loaded(*make_file_store("/store", disk)) == "newest");
}

BOOST_AUTO_TEST_SUITE_END()
