// Every call of the file system fails once: the failure has a name, nothing acknowledged is lost, and the next try
// works.
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <cerrno>

#include "store/slot_layout.hpp"

#include "story.hpp"

using namespace ecoauth;

namespace {

/// How many changes after the fault a power cut may still show its consequences.
constexpr int64_t aftermath = 25;

/// The life with one fault in it, and a power cut after each of the next changes. Was it a sync that failed?
bool tell_with_fault(int64_t call, int error, std::mt19937& dice, bool cuts,
                     VirtualDisk::Kept kept = VirtualDisk::Kept::none) {
  VirtualDisk disk;
  disk.kept_by_failed_sync = kept;
  Story story(disk);
  disk.fail_at(call, error);
  int64_t checked_changes = -1, changes_at_fault = -1;
  if (cuts)
    disk.before_call = [&] {
      if (disk.calls() < call || disk.changes() == checked_changes) return;
      checked_changes = disk.changes();
      if (changes_at_fault < 0) changes_at_fault = checked_changes;
      if (checked_changes > changes_at_fault + aftermath) return;
      VirtualDisk after = disk;
      after.before_call = nullptr;
      after.restart(any_outcome(after.doubts(), dice));
      std::string found = loaded(*make_file_store("/var/lib/store", after));
      BOOST_TEST_REQUIRE(story.possible(found),
                         "found " << Story::brief(found) << ", acknowledged " << Story::brief(story.acknowledged()));
    };
  tell(story, true);
  BOOST_TEST_REQUIRE(disk.open_descriptors() == 0);
  // What was acknowledged last is also what every later process finds.
  std::string last = story.acknowledged();
  disk.before_call = nullptr;
  disk.restart(any_outcome(disk.doubts(), dice));
  BOOST_TEST_REQUIRE(loaded(*make_file_store("/var/lib/store", disk)) == last);
  return disk.failed_syncs() > 0;
}

int64_t calls_without_fault() {
  VirtualDisk disk;
  Story story(disk);
  tell(story, true);
  return disk.calls();
}

}  // namespace

BOOST_AUTO_TEST_SUITE(faults)

BOOST_DATA_TEST_CASE(at_every_call, (boost::unit_test::data::make<int>({EIO, ENOSPC, EINTR}))) {
  std::mt19937 dice(3);
  int64_t calls = calls_without_fault();
  BOOST_TEST(calls > 200);
  for (int64_t call = 1; call <= calls; ++call) {
    BOOST_TEST_CONTEXT("call " << call) {
      bool was_sync = tell_with_fault(call, sample, dice, sample == EIO);
      for (auto kept : {VirtualDisk::Kept::even, VirtualDisk::Kept::odd})
        if (was_sync) tell_with_fault(call, sample, dice, sample == EIO, kept);
    }
  }
}

BOOST_AUTO_TEST_CASE(of_every_other_kind_somewhere) {
  std::mt19937 dice(4);
  int64_t calls = calls_without_fault();
  // Not EACCES: a folder above the store's that cannot be opened is left alone.
  const int errors[] = {EDQUOT, EROFS, EPERM, EMFILE, ENFILE, ENOMEM, EAGAIN, ENOLCK, ESTALE, EFBIG, EBUSY};
  int64_t at = 0;
  for (int64_t call = 1; call <= calls; ++call) {
    int error = errors[at++ % 11];
    BOOST_TEST_CONTEXT("call " << call << " error " << error) tell_with_fault(call, error, dice, false);
  }
}

BOOST_AUTO_TEST_CASE(a_record_whose_sync_failed_does_not_count_and_is_saved_elsewhere) {
  VirtualDisk disk;
  auto store = make_file_store("/store", disk);
  const std::string file = "/store/" + home_key + ".ecoauth";
  BOOST_TEST(locked(*store) == "acquired");
  for (int64_t seq = 0; seq < 3; ++seq) BOOST_TEST(saved(*store, seq, "old", seq + 1) == "saved");
  // Number 4 belongs into slot 1. Its sync fails, and so do those of the two tries after it.
  const int slots[] = {1, 2, 1};
  for (int slot : slots) {
    int64_t syncs_before = disk.syncs();
    disk.on_sync = [&] { return disk.syncs() == syncs_before + 1 ? -EIO : 0; };
    BOOST_TEST(saved(*store, 3, "new", 4) == "!STORE");
    BOOST_TEST(disk.syncs() == syncs_before + 1);
    BOOST_TEST(disk.bytes_of(file)->find("\nnew", static_cast<size_t>(slot_layout::slot_offset(slot))) <
               static_cast<size_t>(slot_layout::slot_offset(slot + 1)));
    BOOST_TEST(loaded(*store) == "old");
  }
  disk.on_sync = nullptr;
  BOOST_TEST(saved(*store, 3, "new", 4) == "saved");
  VirtualDisk after = disk;
  after.restart(std::vector<size_t>(after.doubts().size(), 0));
  BOOST_TEST(loaded(*make_file_store("/store", after)) == "new");
  // The disk is well again: every slot has its turn.
  for (int64_t seq = 4; seq < 10; ++seq) {
    BOOST_TEST(saved(*store, seq, "well", seq + 1) == "saved");
    size_t from = static_cast<size_t>(slot_layout::slot_offset(static_cast<int>((seq + 1) % 3)));
    BOOST_TEST(disk.bytes_of(file)->find("\nwell", from) < from + 200);
  }
}

BOOST_AUTO_TEST_CASE(a_record_whose_erasure_may_not_have_reached_the_disk_does_not_come_back) {
  VirtualDisk disk;
  auto store = make_file_store("/store", disk);
  for (int64_t seq = 0; seq < 9; ++seq) BOOST_TEST(saved(*store, seq, "old", seq + 1) == "saved");
  int64_t syncs_before = disk.syncs();
  disk.on_sync = [&] { return disk.syncs() == syncs_before + 2 ? -EIO : 0; };
  BOOST_TEST(erased(*store) == "!STORE");
  disk.on_sync = nullptr;
  // Number 9 is gone to look at, and still on the disk. Number 1 has to win over it.
  BOOST_TEST(loaded(*store) == "none");
  BOOST_TEST(saved(*store, 0, "new", 1) == "saved");
  VirtualDisk after = disk;
  after.restart(std::vector<size_t>(after.doubts().size(), 0));
  BOOST_TEST(loaded(*make_file_store("/store", after)) == "new");
}

BOOST_AUTO_TEST_CASE(short_reads_and_writes_are_not_even_noticed) {
  int64_t calls = calls_without_fault();
  for (int64_t call = 1; call <= calls; ++call) {
    VirtualDisk disk;
    disk.halve_at(call);
    Story story(disk);
    tell(story, true);
    BOOST_TEST_REQUIRE(std::stoll(story.acknowledged()) == 2);
  }
}

BOOST_AUTO_TEST_SUITE_END()
