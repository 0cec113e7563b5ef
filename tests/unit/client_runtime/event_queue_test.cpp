#include "client/event_queue.hpp"

#include <ecoauth/event.h>
#include <poll.h>
#include <unistd.h>

#include <atomic>
#include <boost/test/unit_test.hpp>
#include <thread>

#include "base/callback_scope.hpp"
#include "world.hpp"

using namespace ecoauth;
using namespace ecoauth::test;

namespace {

std::shared_ptr<EventQueue> polled() { return std::make_shared<EventQueue>(Dispatch::poll, nullptr, nullptr); }

Event event(int32_t kind, const std::string& account = "", int64_t number = 0) {
  Event made;
  made.kind = kind;
  made.account_key = account;
  made.operation = number;
  return made;
}

bool readable(int fd) {
  pollfd watched{fd, POLLIN, 0};
  return poll(&watched, 1, 0) == 1;
}

void drain(int fd) {
  char bytes[64];
  while (read(fd, bytes, sizeof bytes) > 0) {
  }
}

}  // namespace

BOOST_AUTO_TEST_SUITE(event_queue)

BOOST_AUTO_TEST_CASE(order_and_coalescing) {
  auto queue = polled();
  queue->push(event(ECOAUTH_EVENT_STATE, "a", 1));
  queue->push(event(ECOAUTH_EVENT_COMPLETED, "a", 2));
  queue->push(event(ECOAUTH_EVENT_STATE, "b", 3));
  queue->push(event(ECOAUTH_EVENT_STATE, "a", 4));
  queue->push(event(ECOAUTH_EVENT_COMPLETED, "a", 5));
  std::vector<int64_t> got;
  for (;;) {
    auto next = queue->next(0);
    if (!next.value()) break;
    got.push_back(next.value()->operation);
  }
  BOOST_TEST(got == (std::vector<int64_t>{2, 3, 4, 5}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(log_lines_are_dropped_oldest_first_and_counted) {
  auto queue = polled();
  queue->push(event(ECOAUTH_EVENT_COMPLETED, "", 7));
  for (int i = 0; i < 300; ++i) queue->push(event(ECOAUTH_EVENT_LOG, "", i));
  BOOST_TEST(queue->next(0).value()->kind == ECOAUTH_EVENT_COMPLETED);
  int64_t lines = 0, dropped = 0, last = -1;
  for (;;) {
    auto next = queue->next(0);
    if (!next.value()) break;
    ++lines;
    dropped += next.value()->dropped;
    BOOST_TEST(next.value()->operation > last);
    last = next.value()->operation;
  }
  BOOST_TEST(lines == 256);
  BOOST_TEST(lines + dropped == 300);
  BOOST_TEST(last == 299);
}

BOOST_AUTO_TEST_CASE(every_wakeup_socket_is_told_and_none_is_lost) {
  auto queue = polled();
  const int first = queue->wakeup_fd().value();
  BOOST_TEST(!readable(first));
  queue->push(event(ECOAUTH_EVENT_COMPLETED, "", 1));
  queue->push(event(ECOAUTH_EVENT_COMPLETED, "", 2));
  const int late = queue->wakeup_fd().value();
  BOOST_TEST(readable(first));
  BOOST_TEST(readable(late));
  drain(first);
  drain(late);
  BOOST_TEST(!readable(first));
  queue->next(0);
  BOOST_TEST(readable(first));  // one is left
  drain(first);
  queue->next(0);
  BOOST_TEST(!readable(first));
  close(late);
  queue->push(event(ECOAUTH_EVENT_COMPLETED, "", 3));
  queue->next(0);
  queue->push(event(ECOAUTH_EVENT_COMPLETED, "", 4));
  BOOST_TEST(readable(first));
  queue->stop(1000);
  drain(first);
  char byte;
  BOOST_TEST(read(first, &byte, 1) == 0);
  close(first);
}

BOOST_AUTO_TEST_CASE(closed_is_the_last) {
  auto queue = polled();
  queue->push(event(ECOAUTH_EVENT_COMPLETED, "", 1));
  queue->push_closed();
  queue->push(event(ECOAUTH_EVENT_COMPLETED, "", 2));
  BOOST_TEST(queue->next(0).value()->operation == 1);
  BOOST_TEST(queue->next(0).value()->kind == ECOAUTH_EVENT_CLOSED);
  BOOST_TEST(queue->next(0).error().code == ECOAUTH_ERROR_CLOSED);
}

BOOST_AUTO_TEST_CASE(closing_wakes_everybody_who_waits) {
  auto queue = polled();
  std::atomic<int> ended{0};
  std::vector<std::thread> waiting;
  for (int i = 0; i < 4; ++i)
    waiting.emplace_back([&] {
      auto got = queue->next(-1);
      ended += !got.ok() || got.value()->kind == ECOAUTH_EVENT_CLOSED;
    });
  queue->push_closed();
  for (auto& thread : waiting) thread.join();
  BOOST_TEST(ended == 4);
}

BOOST_AUTO_TEST_CASE(worker_callbacks_come_in_order_and_never_overlap) {
  std::atomic<int> inside{0}, overlaps{0}, unscoped{0};
  std::vector<int64_t> got;
  auto queue = std::make_shared<EventQueue>(
      Dispatch::worker,
      [&](const Event& delivered) {
        overlaps += inside++ != 0;
        unscoped += !inside_callback();
        got.push_back(delivered.operation);
        --inside;
      },
      nullptr);
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&, t] {
      for (int i = 0; i < 500; ++i) queue->push(event(ECOAUTH_EVENT_COMPLETED, "", t * 1000 + i));
    });
  for (auto& thread : threads) thread.join();
  queue->push_closed();
  BOOST_TEST(queue->stop(10000));
  BOOST_TEST(got.size() == 2001u);
  BOOST_TEST(overlaps == 0);
  BOOST_TEST(unscoped == 0);
  std::vector<int64_t> last(4, -1);
  for (size_t i = 0; i + 1 < got.size(); ++i) {
    auto& before = last[static_cast<size_t>(got[i] / 1000)];
    BOOST_TEST(got[i] > before);
    before = got[i];
  }
}

BOOST_AUTO_TEST_CASE(the_wakeup_callback_comes_at_every_edge) {
  std::atomic<int> wakeups{0};
  auto queue = std::make_shared<EventQueue>(Dispatch::poll, nullptr, [&] { ++wakeups; });
  for (int i = 1; i <= 3; ++i) {
    queue->push(event(ECOAUTH_EVENT_COMPLETED, "", i));
    BOOST_TEST(eventually([&] { return wakeups == i; }));
    queue->next(0);
  }
  queue->stop(1000);
}

BOOST_AUTO_TEST_CASE(dispatch_delivers_what_waits) {
  std::vector<int64_t> got;
  auto queue =
      std::make_shared<EventQueue>(Dispatch::caller, [&](const Event& e) { got.push_back(e.operation); }, nullptr);
  BOOST_TEST(queue->dispatch(0).value() == 0);
  queue->push(event(ECOAUTH_EVENT_COMPLETED, "", 1));
  queue->push(event(ECOAUTH_EVENT_COMPLETED, "", 2));
  BOOST_TEST(queue->dispatch(0).value() == 2);
  BOOST_TEST(got == (std::vector<int64_t>{1, 2}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_SUITE_END()
