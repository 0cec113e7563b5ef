// Several real processes on one real file: locks that end with their holder, numbers that nobody skips, readers without
// a lock.
#include <boost/test/unit_test.hpp>
#include <chrono>
#include <string>

#include "processes.hpp"
#include "store/file_lock.hpp"
#include "store/file_store.hpp"
#include "store/token_file.hpp"
#include "store_support.hpp"
#include "support/temp_folder.hpp"

using namespace ecoauth;

namespace {

/// Number N is stored as N and a filling that depends on it, so that mixed views show.
std::string numbered(int64_t seq) {
  return std::to_string(seq) + " " +
         std::string(static_cast<size_t>(seq * 7919 % 20000), static_cast<char>('a' + seq % 26));
}

/// The number of an unmixed record, 0 for none, -1 for anything else.
int64_t number_in(const std::string& found) {
  if (found == "none") return 0;
  if (found.empty() || found[0] == '!') return -1;
  int64_t seq = std::stoll(found);
  return found == numbered(seq) ? seq : -1;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(processes)

BOOST_AUTO_TEST_CASE(a_lock_keeps_other_processes_and_other_stores_out) {
  TempFolder folder;
  auto store = make_file_store(folder / "store");
  BOOST_TEST(locked(*store) == "acquired");
  auto second = make_file_store(folder / "store");
  BOOST_TEST(locked(*second) == "busy");
  Child other([&] { return locked(*make_file_store(folder / "store")) == "busy" ? 0 : 1; });
  BOOST_TEST(other.wait() == 0);
  BOOST_TEST(saved(*second, 0, "x", 1) == "!STORE_LOCKED");
  BOOST_TEST(loaded(*second) == "none");
  store->unlock(home_key);
  BOOST_TEST(locked(*second) == "acquired");
}

BOOST_AUTO_TEST_CASE(a_lock_ends_with_its_store) {
  TempFolder folder;
  BOOST_TEST(locked(*make_file_store(folder / "store")) == "acquired");
  BOOST_TEST(locked(*make_file_store(folder / "store")) == "acquired");
}

BOOST_AUTO_TEST_CASE(a_killed_holder_leaves_no_lock) {
  TempFolder folder;
  Signal held;
  Child holder([&] {
    auto store = make_file_store(folder / "store");
    bool fine = locked(*store) == "acquired" && saved(*store, 0, "first", 1) == "saved";
    held.give();
    if (!fine) return 1;
    for (;;) pause();
  });
  held.take();
  auto store = make_file_store(folder / "store");
  BOOST_TEST(locked(*store) == "busy");
  holder.kill();
  BOOST_TEST(locked(*store) == "acquired");
  BOOST_TEST(loaded(*store) == "first");
}

BOOST_AUTO_TEST_CASE(a_forked_child_does_not_keep_the_lock_of_its_parent) {
  TempFolder folder;
  Signal held, forked, end;
  // The parent of the two is a process of its own, so that it can die while its child lives on.
  Child parent([&] {
    auto store = make_file_store(folder / "store");
    if (locked(*store) != "acquired") return 1;
    Child child([&] {
      store->close_in_forked_child();
      forked.give();
      end.take();
      return 0;
    });
    forked.take();
    held.give();
    for (;;) pause();
  });
  held.take();
  auto store = make_file_store(folder / "store");
  BOOST_TEST(locked(*store) == "busy");  // the child has closed its copies, and that did not unlock
  parent.kill();
  BOOST_TEST(locked(*store) == "acquired");  // though the child lives
  end.give();
}

BOOST_AUTO_TEST_CASE(a_child_forked_between_opening_and_locking_does_not_keep_the_lock) {
  TempFolder folder;
  const std::string path = folder / "file.ecoauth";
  FileSystem& fs = posix_file_system();
  Signal held, end;
  Child parent([&] {
    LockTable table;
    // A fork in any other thread may come here, when the table does not know the descriptor yet.
    process_guard::ForkWatch before;
    auto file = token_file::open_or_create(fs, path);
    Child child([&] {
      table.close_all(fs);
      end.take();
      return 0;
    });
    auto lock = FileLock::take(fs, table, path, std::move(file.value()), before);
    bool gave_up = lock && !lock.value();
    process_guard::ForkWatch again;
    auto file_again = token_file::open_or_create(fs, path);
    auto second = FileLock::take(fs, table, path, std::move(file_again.value()), again);
    bool took = second && second.value();
    held.give();
    if (!gave_up || !took) return 1;
    for (;;) pause();
  });
  held.take();
  auto lock = [&] {
    LockTable table;
    process_guard::ForkWatch before;
    auto file = token_file::open_or_create(fs, path);
    auto taken = FileLock::take(fs, table, path, std::move(file.value()), before);
    return !taken ? "!" : taken.value() ? "acquired" : "busy";
  };
  BOOST_TEST(lock() == "busy");
  parent.kill();
  BOOST_TEST(lock() == "acquired");  // though the child lives
  end.give();
}

BOOST_AUTO_TEST_CASE(a_child_that_keeps_the_descriptor_does_not_keep_a_lock_that_was_given_back) {
  TempFolder folder;
  auto store = make_file_store(folder / "store");
  BOOST_TEST(locked(*store) == "acquired");
  Signal end;
  Child child([&] {
    end.take();
    return 0;
  });
  store->unlock(home_key);
  BOOST_TEST(locked(*make_file_store(folder / "store")) == "acquired");
  end.give();
}

BOOST_AUTO_TEST_CASE(two_processes_count_together_and_none_is_lost) {
  TempFolder folder(TempFolder::fast_parent());
  constexpr int each = 500;
  // Without locks of their own around it: compare-and-set alone has to do. The exit code tells of conflicts.
  auto count = [&](bool hold_lock) {
    return [&folder, hold_lock] {
      auto store = make_file_store(folder / "store");
      for (int done = 0; done < each;) {
        if (hold_lock && locked(*store) != "acquired") continue;
        int64_t seq = number_in(loaded(*store));
        if (seq < 0) return 1;
        std::string result = saved(*store, seq, numbered(seq + 1), seq + 1);
        if (hold_lock) store->unlock(home_key);
        if (result == "saved")
          ++done;
        else if (hold_lock || result != "conflict")
          return 2;
      }
      return 0;
    };
  };
  for (bool hold_lock : {false, true}) {
    auto store = make_file_store(folder / "store");
    int64_t before = number_in(loaded(*store));
    Child one(count(hold_lock)), two(count(hold_lock));
    BOOST_TEST(one.wait() == 0);
    BOOST_TEST(two.wait() == 0);
    BOOST_TEST(number_in(loaded(*store)) == before + 2 * each);
  }
}

BOOST_AUTO_TEST_CASE(two_processes_begin_the_same_record_at_once) {
  for (int round = 0; round < 20; ++round) {
    TempFolder folder(TempFolder::fast_parent());
    Signal go;
    auto begin = [&] {
      go.take();
      auto store = make_file_store(folder / "store");
      std::string result = saved(*store, 0, numbered(1), 1);
      return result == "saved" ? 1 : result == "conflict" ? 0 : 70;
    };
    Child one(begin), two(begin);
    go.give();
    go.give();
    int winners = one.wait() + two.wait();
    BOOST_TEST(winners == 1);
    BOOST_TEST(number_in(loaded(*make_file_store(folder / "store"))) == 1);
  }
}

BOOST_AUTO_TEST_CASE(a_reader_never_sees_a_record_in_the_making_nor_an_older_one) {
  TempFolder folder(TempFolder::fast_parent());
  auto store = make_file_store(folder / "store");
  BOOST_TEST(saved(*store, 0, numbered(1), 1) == "saved");
  Child writer([&] {
    auto own = make_file_store(folder / "store");
    if (locked(*own) != "acquired") return 1;
    for (int64_t seq = 1;; ++seq)
      if (saved(*own, seq, numbered(seq + 1), seq + 1) != "saved") return 2;
  });
  using Clock = std::chrono::steady_clock;
  auto end = Clock::now() + std::chrono::seconds(1);
  int64_t newest = 1, reads = 0;
  for (; Clock::now() < end || newest < 100; ++reads) {
    std::string found = loaded(*store);
    int64_t seq = number_in(found);
    BOOST_TEST_REQUIRE(seq >= newest, "after number " << newest << " came " << found.substr(0, 40));
    newest = seq;
    BOOST_TEST_REQUIRE((Clock::now() < end + std::chrono::seconds(30)));
  }
  BOOST_TEST_MESSAGE(reads << " reads of " << newest << " saves");
  writer.kill();
  BOOST_TEST(number_in(loaded(*store)) >= newest);
}

BOOST_AUTO_TEST_CASE(a_writer_killed_at_any_moment_loses_nothing) {
  TempFolder folder(TempFolder::fast_parent());
  auto store = make_file_store(folder / "store");
  int64_t newest = 0;
  for (int round = 0; round < 40; ++round) {
    Signal begun;
    Child writer([&] {
      auto own = make_file_store(folder / "store");
      int64_t seq = number_in(loaded(*own));
      begun.give();
      for (;; ++seq)
        if (saved(*own, seq, numbered(seq + 1), seq + 1) != "saved") return 1;
    });
    begun.take();
    usleep(static_cast<useconds_t>(round * 137 % 3000));
    writer.kill();
    int64_t seq = number_in(loaded(*store));
    BOOST_TEST_REQUIRE(seq >= newest);
    newest = seq;
  }
  BOOST_TEST(newest > 40);
}

BOOST_AUTO_TEST_SUITE_END()
