// Every call of the file system fails once: the failure has a name, nothing acknowledged is lost, and the next try
// works.
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <cerrno>

#include "story.hpp"

using namespace ecoauth;

namespace {

/// How many changes after the fault a power cut may still show its consequences.
constexpr int64_t aftermath = 25;

/// The life with one fault in it, and a power cut after each of the next changes.
void tell_with_fault(int64_t call, int error, std::mt19937& dice, bool cuts) {
  VirtualDisk disk;
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
    BOOST_TEST_CONTEXT("call " << call) tell_with_fault(call, sample, dice, sample == EIO);
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
