// The scheduler and the lock-free token cell.

#include <atomic>
#include <boost/test/unit_test.hpp>
#include <chrono>
#include <cstring>
#include <thread>

#include "client/scheduler.hpp"
#include "client/token_cell.hpp"
#include "world.hpp"

using namespace ecoauth;
using namespace ecoauth::test;

BOOST_AUTO_TEST_SUITE(scheduler)

BOOST_AUTO_TEST_CASE(tasks_run_once_in_the_order_of_their_time) {
  Scheduler scheduler(system_clock());
  BOOST_TEST(!scheduler.running());
  std::mutex mutex;
  std::vector<int> ran;
  auto note = [&](int which) {
    return [&, which] {
      std::lock_guard lock(mutex);
      ran.push_back(which);
    };
  };
  const int64_t now_ms = system_clock().boot_ms();
  scheduler.set(1, now_ms + 120, note(1));
  scheduler.set(2, now_ms + 40, note(2));
  scheduler.set(3, now_ms + 80, note(3));
  scheduler.set(4, now_ms + 60, note(4));
  scheduler.clear(4);
  scheduler.set(3, now_ms + 10, note(33));
  scheduler.set(5, now_ms - 1000, note(5));
  BOOST_TEST(eventually([&] {
    std::lock_guard lock(mutex);
    return ran.size() == 4;
  }));
  std::lock_guard lock(mutex);
  BOOST_TEST(ran == (std::vector<int>{5, 33, 2, 1}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_task_without_memory_ends_neither_the_process_nor_itself) {
  Scheduler scheduler(system_clock());
  std::atomic<int> tried{0}, others{0};
  scheduler.set(1, system_clock().boot_ms(), [&] {
    if (++tried == 1) throw std::bad_alloc();
  });
  scheduler.set(2, system_clock().boot_ms() + 5, [&] { ++others; });
  BOOST_TEST(eventually([&] { return others == 1 && tried == 2; }));
  BOOST_TEST(scheduler.stop(5000));
}

BOOST_AUTO_TEST_CASE(a_far_deadline_is_overtaken_and_forgotten) {
  Scheduler scheduler(system_clock());
  std::atomic<int> ran{0};
  scheduler.set(1, system_clock().boot_ms() + 7 * 24 * 3600 * 1000LL, [&] { ran += 100; });
  scheduler.set(2, system_clock().boot_ms() + 5, [&] { ++ran; });
  BOOST_TEST(eventually([&] { return ran == 1; }));
  BOOST_TEST(scheduler.stop(5000));
  BOOST_TEST(!scheduler.running());
  BOOST_TEST(!scheduler.set(3, 0, [] {}));
  BOOST_TEST(ran == 1);
}

BOOST_AUTO_TEST_CASE(a_task_may_set_the_next) {
  Scheduler scheduler(system_clock());
  std::atomic<int> ran{0};
  std::function<void()> again = [&] {
    if (++ran < 50) scheduler.set(1, system_clock().boot_ms(), again);
  };
  scheduler.set(1, system_clock().boot_ms(), again);
  BOOST_TEST(eventually([&] { return ran == 50; }));
  scheduler.stop(5000);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(token_cell)

BOOST_AUTO_TEST_CASE(sizes) {
  TokenCell cell;
  char buffer[64];
  size_t needed = 0;
  int64_t generation = 0;
  const Clock& clock = system_clock();
  auto copy = [&](bool scheme, size_t size) { return cell.copy(clock, scheme, buffer, size, &needed, &generation); };
  BOOST_TEST((copy(false, sizeof buffer) == TokenCell::Copy::none));
  cell.publish(Secret("Bearer abcd"), 3, clock.boot_ms() + 60000);
  for (size_t size = 0; size < 5; ++size) {
    std::memset(buffer, '#', sizeof buffer);
    BOOST_TEST((copy(false, size) == TokenCell::Copy::too_small));
    BOOST_TEST(needed == 5u);
    BOOST_TEST(buffer[size] == '#');
  }
  std::memset(buffer, '#', sizeof buffer);
  BOOST_TEST((copy(false, 5) == TokenCell::Copy::copied));
  BOOST_TEST(std::string(buffer) == "abcd");
  BOOST_TEST(buffer[5] == '#');
  BOOST_TEST((copy(true, 12) == TokenCell::Copy::copied));
  BOOST_TEST(std::string(buffer) == "Bearer abcd");
  BOOST_TEST(generation == 3);
  cell.publish(Secret("Bearer abcd"), 4, clock.boot_ms() - 1);
  BOOST_TEST((copy(false, 64) == TokenCell::Copy::none));
  BOOST_TEST(cell.generation() == 4);
  cell.withhold(5);
  BOOST_TEST((copy(false, 64) == TokenCell::Copy::none));
  BOOST_TEST(cell.generation() == 5);
  cell.clear();
  BOOST_TEST(cell.generation() == 0);
}

BOOST_AUTO_TEST_CASE(readers_never_see_a_mixture) {
  TokenCell cell;
  std::atomic<bool> stop{false};
  std::atomic<int64_t> copies{0}, bad{0};
  std::vector<std::thread> readers;
  for (int i = 0; i < 4; ++i)
    readers.emplace_back([&] {
      char buffer[2048];
      size_t needed;
      int64_t generation;
      while (!stop) {
        if (cell.copy(system_clock(), false, buffer, sizeof buffer, &needed, &generation) != TokenCell::Copy::copied)
          continue;
        ++copies;
        const char expected = static_cast<char>('a' + generation % 26);
        for (size_t at = 0; at + 1 < needed; ++at) bad += buffer[at] != expected;
      }
    });
  for (int64_t generation = 1; generation < 3000 || copies < 1000; ++generation) {
    std::string header = "Bearer " + std::string(static_cast<size_t>(500 + generation % 1000),
                                                 static_cast<char>('a' + generation % 26));
    cell.publish(Secret(header), generation, system_clock().boot_ms() + 60000);
  }
  stop = true;
  for (auto& reader : readers) reader.join();
  BOOST_TEST(bad == 0);
}

BOOST_AUTO_TEST_SUITE_END()
