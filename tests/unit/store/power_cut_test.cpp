// A power cut at every call of a record's life, with every subset of what was not yet synced: what was acknowledged is
// there.
#include <boost/test/unit_test.hpp>

#include "story.hpp"

using namespace ecoauth;

BOOST_AUTO_TEST_SUITE(power_cuts)

BOOST_AUTO_TEST_CASE(leave_the_previous_record_or_the_new_one) {
  VirtualDisk disk;
  Story story(disk);
  std::mt19937 dice(1);
  size_t cuts = 0, outcomes = 0;
  int64_t checked_changes = -1;
  disk.before_call = [&] {
    if (disk.changes() == checked_changes) return;
    checked_changes = disk.changes();
    ++cuts;
    VirtualDisk frozen = disk;
    frozen.before_call = nullptr;
    outcomes += for_each_outcome(frozen.doubts(), 1024, dice, [&](const std::vector<size_t>& outcome) {
      VirtualDisk after = frozen;
      after.restart(outcome);
      auto store = make_file_store("/var/lib/store", after);
      std::string found = loaded(*store);
      BOOST_TEST_REQUIRE(story.possible(found), "after a cut before call " << disk.calls() + 1 << ": found "
                                                                           << Story::brief(found) << ", acknowledged "
                                                                           << Story::brief(story.acknowledged()));
      // And life goes on from there.
      int64_t seq = found == "none" ? 0 : std::stoll(found);
      std::string next = std::to_string(seq + 1) + " next";
      BOOST_TEST_REQUIRE(saved(*store, seq, next, seq + 1) == "saved");
      BOOST_TEST_REQUIRE(loaded(*store) == next);
    });
  };
  tell(story, false);
  BOOST_TEST_MESSAGE(cuts << " moments, " << outcomes << " disks");
  BOOST_TEST(cuts > 40);
  BOOST_TEST(outcomes > 2000);
}

BOOST_AUTO_TEST_CASE(after_the_recovery_from_a_cut_are_as_harmless) {
  // The next process may be cut off too, while it writes over what the first one left half done.
  VirtualDisk disk;
  Story story(disk);
  std::mt19937 dice(2);
  size_t outcomes = 0;
  int64_t checked_changes = -1;
  disk.before_call = [&] {
    if (disk.changes() == checked_changes) return;
    checked_changes = disk.changes();
    VirtualDisk frozen = disk;
    frozen.before_call = nullptr;
    for_each_outcome(frozen.doubts(), 8, dice, [&](const std::vector<size_t>& outcome) {
      VirtualDisk second = frozen;
      second.restart(outcome);
      auto store = make_file_store("/var/lib/store", second);
      std::string before = loaded(*store);
      int64_t seq = before == "none" ? 0 : std::stoll(before);
      std::string next = std::to_string(seq + 1) + " next" + std::string(600, 'n');
      int64_t checked_again = -1;
      second.before_call = [&] {
        if (second.changes() == checked_again) return;
        checked_again = second.changes();
        VirtualDisk after = second;
        after.before_call = nullptr;
        after.restart(any_outcome(after.doubts(), dice));
        std::string found = loaded(*make_file_store("/var/lib/store", after));
        BOOST_TEST_REQUIRE((found == before || found == next), "found " << Story::brief(found));
        ++outcomes;
      };
      BOOST_TEST_REQUIRE(saved(*store, seq, next, seq + 1) == "saved");
    });
  };
  tell(story, false);
  BOOST_TEST_MESSAGE(outcomes << " disks");
  BOOST_TEST(outcomes > 500);
}

BOOST_AUTO_TEST_SUITE_END()
