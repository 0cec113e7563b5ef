// The watcher of deadlines, and the descriptors it may shut.
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <boost/test/unit_test.hpp>
#include <thread>

#include "base/clock.hpp"
#include "net/deadline_guard.hpp"
#include "net/guarded_socket.hpp"
#include "probe.hpp"

using namespace ecoauth;

namespace {

int64_t now_ms() { return system_clock().boot_ms(); }

struct Bell {
  std::atomic<int> rung{0};
  std::function<void()> ring() {
    return [this] { ++rung; };
  }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(guard)

BOOST_AUTO_TEST_CASE(each_watch_expires_once_and_in_order) {
  DeadlineGuard guard(system_clock());
  std::mutex mutex;
  std::string order;
  auto note = [&](char name) {
    return [&, name] {
      std::lock_guard lock(mutex);
      order += name;
    };
  };
  int64_t from_ms = now_ms();
  guard.watch(from_ms + 150, note('c'));
  guard.watch(from_ms + 50, note('a'));
  guard.watch(from_ms + 100, note('b'));
  guard.watch(from_ms - 5, note('0'));
  BOOST_TEST(wait_until([&] {
    std::lock_guard lock(mutex);
    return order.size() == 4;
  }));
  BOOST_TEST(now_ms() - from_ms >= 150);
  std::lock_guard lock(mutex);
  BOOST_TEST(order == "0abc");
}

BOOST_AUTO_TEST_CASE(moved_and_forgotten) {
  DeadlineGuard guard(system_clock());
  Bell sooner, later, never;
  int64_t from_ms = now_ms();
  auto first = guard.watch(from_ms + 60000, sooner.ring());
  auto second = guard.watch(from_ms + 60, later.ring());
  auto third = guard.watch(from_ms + 30, never.ring());
  guard.forget(third);
  guard.move(first, from_ms + 100);
  guard.move(second, from_ms + 200);
  BOOST_TEST(wait_until([&] { return sooner.rung == 1; }));
  BOOST_TEST(now_ms() - from_ms >= 100);
  BOOST_TEST(later.rung == 0);
  BOOST_TEST(wait_until([&] { return later.rung == 1; }));
  BOOST_TEST(now_ms() - from_ms >= 200);
  BOOST_TEST(never.rung == 0);
  guard.move(first, from_ms);  // over: nothing happens
  guard.forget(second);
  BOOST_TEST(sooner.rung == 1);
}

BOOST_AUTO_TEST_CASE(no_thread_before_a_watch_and_none_after) {
  size_t before = threads_named("ecoauth-guard").size();
  DeadlineGuard guard(system_clock());
  BOOST_TEST(!guard.running());
  Bell bell;
  auto watch = guard.watch(now_ms() + 60000, bell.ring());
  BOOST_TEST(guard.running());
  guard.forget(watch);
  BOOST_TEST(wait_until([&] { return !guard.running(); }, 5000));
  guard.watch(now_ms() + 10, bell.ring());  // and again
  BOOST_TEST(wait_until([&] { return bell.rung == 1; }));
  BOOST_TEST(guard.stop(5000));
  BOOST_TEST(wait_until([&] { return threads_named("ecoauth-guard").size() <= before; }));
  BOOST_TEST(guard.watch(now_ms(), bell.ring()) == 0u);
}

BOOST_AUTO_TEST_CASE(what_is_watched_is_let_go) {
  DeadlineGuard guard(system_clock());
  auto held = std::make_shared<int>(0);
  guard.watch(now_ms(), [held] {});
  auto watch = guard.watch(now_ms() + 60000, [held] {});
  BOOST_TEST(wait_until([&] { return held.use_count() == 2; }));
  guard.forget(watch);
  BOOST_TEST(held.use_count() == 1);
}

BOOST_AUTO_TEST_CASE(an_interruption_shuts_what_is_open_and_nothing_else) {
  auto interruption = std::make_shared<Interruption>();
  int pair[2], other[2];
  BOOST_REQUIRE(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == 0);
  GuardedSocket closed(interruption, pair[0]);
  closed.close();
  BOOST_REQUIRE(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, other) == 0);
  BOOST_TEST(other[0] == pair[0]);  // the number belongs to somebody else now
  interruption->raise(HttpFailure::cancelled);
  interruption->raise(HttpFailure::timeout);
  BOOST_TEST((interruption->raised() == HttpFailure::cancelled));
  BOOST_TEST(send(other[0], "x", 1, MSG_NOSIGNAL) == 1);
  GuardedSocket late(interruption, other[0]);
  BOOST_TEST(!late.open());
  BOOST_TEST(read(other[1], pair, 1) == 1);
  BOOST_TEST(read(other[1], pair, 1) == 0);  // closed at once
  close(other[1]);
  close(pair[1]);
}

BOOST_AUTO_TEST_SUITE_END()
