#include "base/worker_pool.hpp"

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include <boost/test/unit_test.hpp>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <fstream>
#include <future>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

using namespace ecoauth;
using namespace std::chrono_literals;

namespace {

using Settings = WorkerPool::Settings;

/// Waits for something that is to come; far longer than it can take.
template <typename Condition>
bool comes_true(Condition condition) {
  const auto deadline = std::chrono::steady_clock::now() + 30s;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::sleep_for(1ms);
  }
  return true;
}

/// Holds tasks until it is opened.
class Gate {
 public:
  void pass() {
    std::unique_lock lock(mutex_);
    ++waiting_;
    opened_.wait(lock, [this] { return open_; });
  }
  void open() {
    std::lock_guard lock(mutex_);
    open_ = true;
    opened_.notify_all();
  }
  int waiting() {
    std::lock_guard lock(mutex_);
    return waiting_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable opened_;
  bool open_ = false;
  int waiting_ = 0;
};

size_t threads_of_process() {
  std::ifstream status("/proc/self/status");
  std::string word;
  size_t count = 0;
  while (status >> word)
    if (word == "Threads:") status >> count;
  return count;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(worker_pool)

BOOST_AUTO_TEST_CASE(no_thread_without_work) {
  const size_t before = threads_of_process();
  WorkerPool pool(Settings{"test", 4, 10});
  BOOST_TEST(pool.thread_count() == 0u);
  BOOST_TEST(threads_of_process() == before);
  BOOST_TEST(!pool.on_worker());

  std::promise<bool> inside;
  BOOST_TEST(pool.post([&] { inside.set_value(pool.on_worker()); }));
  BOOST_TEST(inside.get_future().get());
  BOOST_TEST(comes_true([&] { return pool.thread_count() == 0; }), "idle threads end");
  BOOST_TEST(comes_true([&] { return threads_of_process() == before; }));

  std::promise<void> again;
  BOOST_TEST(pool.post([&] { again.set_value(); }));
  again.get_future().get();
}

BOOST_AUTO_TEST_CASE(grows_with_the_work_up_to_the_limit) {
  WorkerPool pool(Settings{"test", 3, 60000});
  auto gate = std::make_shared<Gate>();
  std::atomic<int> done{0};
  for (int i = 0; i < 10; ++i)
    BOOST_TEST(pool.post([&, gate] {
      gate->pass();
      ++done;
    }));
  BOOST_TEST(comes_true([&] { return gate->waiting() == 3; }));
  BOOST_TEST(pool.thread_count() == 3u);
  gate->open();
  BOOST_TEST(comes_true([&] { return done == 10; }));
  BOOST_TEST(pool.thread_count() == 3u);
  BOOST_TEST(pool.stop(30000));
}

BOOST_AUTO_TEST_CASE(an_idle_thread_is_used_again) {
  WorkerPool pool(Settings{"test", 8, 60000});
  for (int i = 0; i < 50; ++i) {
    std::promise<void> done;
    auto future = done.get_future();
    BOOST_TEST(pool.post([&] { done.set_value(); }));
    future.get();
    // The thread that has just told is not back in line at once.
    BOOST_TEST(comes_true([&] { return pool.idle_count() == 1; }));
    BOOST_TEST(pool.thread_count() == 1u);
  }
  BOOST_TEST(pool.stop(30000));
}

BOOST_AUTO_TEST_CASE(every_task_runs_exactly_once) {
  WorkerPool pool(Settings{"test", 8, 1});
  constexpr int posters = 4, each = 2500;
  std::vector<std::atomic<int>> runs(posters * each);
  std::vector<std::thread> threads;
  for (int p = 0; p < posters; ++p)
    threads.emplace_back([&, p] {
      for (int i = 0; i < each; ++i) {
        auto& run = runs[static_cast<size_t>(p * each + i)];
        if (!pool.post([&run] { ++run; })) run = -1000;
        if (i % 500 == 0) std::this_thread::sleep_for(2ms);  // lets idle threads end in between
      }
    });
  for (auto& thread : threads) thread.join();
  BOOST_TEST(pool.stop(30000));
  int wrong = 0;
  for (const auto& run : runs) wrong += run != 1;
  BOOST_TEST(wrong == 0);
}

BOOST_AUTO_TEST_CASE(a_task_that_throws_is_reported_and_costs_nothing) {
  std::mutex mutex;
  std::vector<std::string> defects;
  WorkerPool pool(Settings{"test", 1, 60000}, [&](const char* what) {
    std::lock_guard lock(mutex);
    defects.emplace_back(what);
  });
  BOOST_TEST(pool.post([] { throw std::runtime_error("a defect"); }));
  BOOST_TEST(pool.post([] { throw 7; }));
  std::promise<void> after;
  BOOST_TEST(pool.post([&] { after.set_value(); }));
  after.get_future().get();
  BOOST_TEST(pool.thread_count() == 1u);
  BOOST_TEST(pool.stop(30000));
  BOOST_TEST(defects == (std::vector<std::string>{"a defect", "unknown exception"}), boost::test_tools::per_element());

  WorkerPool deaf(Settings{"test", 1, 60000});
  BOOST_TEST(deaf.post([] { throw std::runtime_error("nobody listens"); }));
  BOOST_TEST(deaf.stop(30000));
}

BOOST_AUTO_TEST_CASE(stop_runs_what_is_queued_and_takes_no_more) {
  WorkerPool pool(Settings{"test", 1, 60000});
  auto gate = std::make_shared<Gate>();
  std::atomic<int> done{0};
  BOOST_TEST(pool.post([gate] { gate->pass(); }));
  for (int i = 0; i < 5; ++i) BOOST_TEST(pool.post([&] { ++done; }));
  BOOST_TEST(comes_true([&] { return gate->waiting() == 1; }));

  const auto begin = std::chrono::steady_clock::now();
  BOOST_TEST(!pool.stop(50));
  const auto took = std::chrono::steady_clock::now() - begin;
  BOOST_TEST((took >= 50ms));
  BOOST_TEST((took < 10s), "stop is bounded");
  BOOST_TEST(!pool.post([&] { done = -1000; }));
  BOOST_TEST(done == 0);

  gate->open();
  BOOST_TEST(pool.stop(30000));
  BOOST_TEST(done == 5);
  BOOST_TEST(pool.thread_count() == 0u);
  BOOST_TEST(!pool.post([&] { done = -1000; }));
  BOOST_TEST(pool.stop(0));
}

BOOST_AUTO_TEST_CASE(stop_from_a_worker_does_not_wait_for_itself) {
  WorkerPool pool(Settings{"test", 2, 60000});
  std::promise<bool> stopped;
  BOOST_TEST(pool.post([&] { stopped.set_value(pool.stop(30000)); }));
  auto future = stopped.get_future();
  BOOST_REQUIRE((future.wait_for(20s) == std::future_status::ready));
  BOOST_TEST(future.get());
  BOOST_TEST(pool.stop(30000));
}

BOOST_AUTO_TEST_CASE(ends_before_its_task_does) {
  auto gate = std::make_shared<Gate>();
  auto captured = std::make_shared<int>(1);
  auto pool = std::make_unique<WorkerPool>(Settings{"test", 1, 60000});
  BOOST_TEST(pool->post([gate, captured] { gate->pass(); }));
  BOOST_TEST(comes_true([&] { return gate->waiting() == 1; }));
  const auto begin = std::chrono::steady_clock::now();
  pool.reset();
  BOOST_TEST((std::chrono::steady_clock::now() - begin < 10s), "the destructor does not wait");
  BOOST_TEST(captured.use_count() == 2);
  gate->open();
  BOOST_TEST(comes_true([&] { return captured.use_count() == 1; }), "what a task holds ends with it");
}

BOOST_AUTO_TEST_CASE(workers_have_the_pools_name) {
  WorkerPool pool(Settings{"ecoauth-x", 1, 60000});
  std::promise<std::string> name;
  BOOST_TEST(pool.post([&] {
    char text[32] = "";
    pthread_getname_np(pthread_self(), text, sizeof text);
    name.set_value(text);
  }));
  BOOST_TEST(name.get_future().get() == "ecoauth-x");
  BOOST_TEST(pool.stop(30000));
}

BOOST_AUTO_TEST_CASE(no_thread_to_be_had) {
  const pid_t child = fork();
  if (child == 0) {
    if (geteuid() == 0 && setresuid(65534, 65534, 65534) != 0) _exit(3);  // the limit does not bind root
    const rlimit none{0, 0};
    if (setrlimit(RLIMIT_NPROC, &none) != 0) _exit(3);
    WorkerPool pool(Settings{"test", 2, 1000});
    bool ran = false;
    const bool posted = pool.post([&] { ran = true; });
    _exit(!posted && !ran && pool.thread_count() == 0 && pool.stop(1000) ? 0 : 1);
  }
  int status = -1;
  BOOST_REQUIRE(waitpid(child, &status, 0) == child);
  BOOST_TEST(status == 0);
}

BOOST_AUTO_TEST_SUITE_END()
