// What must not happen to the program, as ../../scenario.json lists it.
// SPDX-License-Identifier: MIT
#define BOOST_TEST_MODULE cpp_harm
#include <pthread.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <fstream>
#include <thread>

#include "map_store.hpp"
#include "sandbox.hpp"

using namespace ecoauth;
using namespace std::chrono_literals;

namespace {
const std::vector<const char*> approves = {"--auto-approve", "0"};

int wait_for(pid_t process) {
  int status = -1;
  BOOST_REQUIRE_EQUAL(waitpid(process, &status, 0), process);
  return status;
}

size_t entries(const char* folder) {
  return std::distance(std::filesystem::directory_iterator(folder), std::filesystem::directory_iterator());
}

size_t resident_bytes() {
  size_t pages = 0, resident = 0;
  std::ifstream("/proc/self/statm") >> pages >> resident;
  return resident * size_t(sysconf(_SC_PAGESIZE));
}

struct Mask {
  Mask() { pthread_sigmask(SIG_SETMASK, nullptr, &set); }
  bool operator==(const Mask& other) const {
    for (int number = 1; number < NSIG; ++number)
      if (sigismember(&set, number) != sigismember(&other.set, number)) return false;
    return true;
  }
  sigset_t set;
};
}  // namespace

BOOST_AUTO_TEST_CASE(ticking) {
  Sandbox sandbox;
  Client client(options_for(sandbox));
  Account account = client.account();
  std::atomic<bool> over{false};
  int ticks = 0;
  std::chrono::steady_clock::duration longest{};
  std::thread ticker([&] {
    auto last = std::chrono::steady_clock::now();
    while (!over) {
      std::this_thread::sleep_for(10ms);
      account.status();  // not held up by the wait, either
      const auto now = std::chrono::steady_clock::now();
      longest = std::max(longest, now - last);
      last = now;
      ++ticks;
    }
  });
  BOOST_REQUIRE_EQUAL(account.try_authorize_pin(2s).code(), ECOAUTH_ERROR_TIMEOUT);
  over = true;
  ticker.join();
  BOOST_REQUIRE_GE(ticks, 50);
  BOOST_REQUIRE(longest < 500ms);
  proven("ticking");
}

BOOST_AUTO_TEST_CASE(exit_with_an_authorization_running) {
  Sandbox sandbox;
  int out[2];
  BOOST_REQUIRE_EQUAL(pipe(out), 0);
  for (int run = 0; run < 100; ++run) {
    const pid_t process = fork();
    if (process == 0) {
      dup2(out[1], STDERR_FILENO);
      execl(ECOAUTH_TEST_HOST, ECOAUTH_TEST_HOST, "exit", sandbox.url().c_str(), nullptr);
      _exit(127);
    }
    BOOST_REQUIRE_EQUAL(wait_for(process), 0);
  }
  close(out[1]);
  char said = 0;
  BOOST_REQUIRE_EQUAL(read(out[0], &said, 1), 0);
  close(out[0]);
  proven("exit");
}

BOOST_AUTO_TEST_CASE(nothing_is_kept_by_the_program) {
  Sandbox sandbox(approves);
  auto shown = std::make_shared<std::atomic<int>>(0);
  auto store = std::make_shared<MapStore>();
  std::optional<Client> client;
  {
    Options options = options_for(sandbox);
    options.store(own_store(store)).on_pin([shown](const Pin&) { ++*shown; });
    client.emplace(options);
  }
  const std::weak_ptr<MapStore> watched = store;
  store.reset();
  client->account().authorize_pin(30s);
  BOOST_REQUIRE_GT(*shown, 0);
  BOOST_REQUIRE(!watched.expired());
  client.reset();
  BOOST_REQUIRE(watched.expired());
  BOOST_REQUIRE_EQUAL(shown.use_count(), 1);
  proven("garbage");
}

BOOST_AUTO_TEST_CASE(fork_with_a_client) {
  Sandbox sandbox(approves);
  Client client(options_for(sandbox));
  Account account = client.account();
  account.authorize_pin(30s);
  const pid_t process = fork();
  if (process == 0) {
    if (account.try_token().code() != ECOAUTH_ERROR_FORKED) _exit(1);
    Client other(options_for(sandbox));
    _exit(other.account().try_authorize_pin(30s) ? 0 : 2);
  }
  BOOST_REQUIRE_EQUAL(wait_for(process), 0);
  account.refresh(30s);
  proven("fork");
}

BOOST_AUTO_TEST_CASE(sigpipe) {
  struct sigaction before {
  }, after{};
  sigaction(SIGPIPE, nullptr, &before);
  std::thread([&] {
    sigset_t pipe_only;
    sigemptyset(&pipe_only);
    sigaddset(&pipe_only, SIGPIPE);
    pthread_sigmask(SIG_UNBLOCK, &pipe_only, nullptr);  // a dynamic POCO has blocked it
    const Mask mask;
    Sandbox sandbox(approves);
    Client client(options_for(sandbox));
    Account account = client.account();
    account.authorize_pin(30s);
    sandbox.control("fault", "name=reset&count=2&at=api");
    for (int request = 0; request < 3; ++request) account.try_request("GET", summary, std::nullopt, 30s);
    BOOST_REQUIRE_EQUAL(account.request("GET", summary, std::nullopt, 30s).http_status, 200);
    BOOST_REQUIRE(mask == Mask());
  }).join();
  sigaction(SIGPIPE, nullptr, &after);
  BOOST_REQUIRE(before.sa_handler == after.sa_handler);
  proven("sigpipe");
}

BOOST_AUTO_TEST_CASE(thrown) {
  Sandbox sandbox(approves);
  auto store = std::make_shared<MapStore>();
  Options options = options_for(sandbox);
  options.store(own_store(store)).on_event([](const Event&) { throw std::runtime_error("from a handler"); });
  Client client(options);
  Account account = client.account();
  account.authorize_pin(30s);
  const auto from_handler = client.take_exception();
  BOOST_REQUIRE(from_handler);
  BOOST_REQUIRE_EQUAL(thrown_by<std::runtime_error>([&] { std::rethrow_exception(from_handler); }).what(),
                      std::string("from a handler"));

  store->disturb = [] { throw std::runtime_error("the disk has gone"); };
  Options second = options_for(sandbox);
  second.store(own_store(store));
  Client other(second);
  const auto error = thrown_by<StorageError>([&] { other.account().token(0ms, 30s); });
  BOOST_REQUIRE_EQUAL(error.code(), ECOAUTH_ERROR_CALLBACK);
  BOOST_REQUIRE(error.cause());
  BOOST_REQUIRE_EQUAL(thrown_by<std::runtime_error>([&] { std::rethrow_exception(error.cause()); }).what(),
                      std::string("the disk has gone"));
  other.close();
  store->disturb = nullptr;
  Options third = options_for(sandbox);
  third.store(own_store(store));
  BOOST_REQUIRE_EQUAL(Client(third).account().token(0ms, 30s).generation(), 1);
  proven("thrown");
}

BOOST_AUTO_TEST_CASE(used_after_close) {
  Sandbox sandbox;
  Client client(options_for(sandbox));
  Account account = client.account();
  Account ended = client.account();
  auto running = std::move(account.start_authorize_pin().value());
  std::thread closer([&] { client.close(); });
  const int32_t code = running.try_get(30s).code();
  closer.join();
  BOOST_REQUIRE(code == ECOAUTH_ERROR_CANCELLED || code == ECOAUTH_ERROR_CLOSED);
  client.close();
  ended.close();
  ended.close();
  thrown_by<Closed>([&] { account.token(); });
  thrown_by<Closed>([&] { ended.token(); });
  thrown_by<Closed>([&] { client.account(); });
  thrown_by<Closed>([&] { client.next_event(0ms); });
  BOOST_REQUIRE(!ended.token_in_memory());
  running.cancel();
  Client moved = std::move(client);
  thrown_by<Closed>([&] { client.account(); });
  proven("closed");
}

BOOST_AUTO_TEST_CASE(reopened) {
  size_t memory = 0, descriptors = 0;
  for (int run = 0; run < 10000; ++run) {
    if (run == 1000) memory = resident_bytes(), descriptors = entries("/proc/self/fd");
    Options options;
    options.client_id(client_id).store(own_store(std::make_shared<MapStore>())).on_pin([](const Pin&) {});
    Client client(options);
    client.account().status();
  }
  BOOST_REQUIRE_EQUAL(entries("/proc/self/fd"), descriptors);
  // A thread that has been joined is listed for a moment longer.
  for (int tries = 0; entries("/proc/self/task") > 1 && tries < 1000; ++tries) std::this_thread::sleep_for(10ms);
  BOOST_REQUIRE_EQUAL(entries("/proc/self/task"), 1u);
  BOOST_REQUIRE_LT(resident_bytes(), memory + (8 << 20));
  std::cout << "grown by " << (int64_t(resident_bytes()) - int64_t(memory)) / 1024 << " KiB over 9,000 clients"
            << std::endl;
  proven("reopen");
}
