// The host's callbacks: what their results mean, what they may not do, and when their data ends.
#include "store/callback_store.hpp"

#include <pthread.h>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <stdexcept>

#include "store_support.hpp"
#include "support/host_store.hpp"

using namespace ecoauth;

BOOST_AUTO_TEST_SUITE(callbacks)

BOOST_AUTO_TEST_CASE(the_finalizer_runs_once_when_the_store_ends) {
  HostStore host;
  auto store = make_callback_store(host.callbacks());
  auto second_owner = store;
  store.reset();
  BOOST_TEST(host.finalized == 0);
  second_owner.reset();
  BOOST_TEST(host.finalized == 1);
}

BOOST_AUTO_TEST_CASE(the_finalizer_runs_at_once_when_a_needed_callback_is_missing) {
  using Drop = void (*)(StoreCallbacks&);
  const Drop drops[] = {
      [](StoreCallbacks& all) { all.load = nullptr; }, [](StoreCallbacks& all) { all.save = nullptr; },
      [](StoreCallbacks& all) { all.erase = nullptr; }, [](StoreCallbacks& all) { all.lock = nullptr; },
      [](StoreCallbacks& all) { all.unlock = nullptr; }};
  for (Drop drop : drops) {
    HostStore host;
    StoreCallbacks all = host.callbacks();
    drop(all);
    BOOST_TEST(!make_callback_store(all));
    BOOST_TEST(host.finalized == 1);
  }
}

BOOST_AUTO_TEST_CASE(without_a_finalizer_nothing_is_called) {
  HostStore host;
  StoreCallbacks all = host.callbacks();
  all.finalizer = nullptr;
  make_callback_store(all).reset();
  BOOST_TEST(host.finalized == 0);
}

BOOST_AUTO_TEST_CASE(without_list_and_lock) {
  HostStore host;
  StoreCallbacks all = host.callbacks();
  all.list = nullptr;
  all.lock = nullptr;
  all.unlock = nullptr;
  auto store = make_callback_store(all);
  BOOST_TEST(listed(*store) == "!UNSUPPORTED");
  BOOST_TEST(locked(*store) == "acquired");
  store->unlock(home_key);
  BOOST_TEST(!store->excludes_other_processes());
  BOOST_TEST(make_callback_store(host.callbacks())->excludes_other_processes());
}

BOOST_AUTO_TEST_CASE(failures_are_told_apart) {
  HostStore host;
  auto store = make_callback_store(host.callbacks());
  BOOST_TEST(saved(*store, 0, "kept", 1) == "saved");
  struct Row {
    int32_t result;
    int32_t action;
  };
  for (Row row : {Row{ECOAUTH_STORE_RETRY, ECOAUTH_ACTION_RETRY}, Row{ECOAUTH_STORE_FATAL, ECOAUTH_ACTION_FIX_STORAGE},
                  Row{5, ECOAUTH_ACTION_FIX_STORAGE}, Row{-1, ECOAUTH_ACTION_FIX_STORAGE},
                  Row{INT32_MIN, ECOAUTH_ACTION_FIX_STORAGE}}) {
    host.disturb = [&](const std::string&) { return row.result; };
    BOOST_TEST(loaded(*store) == "!CALLBACK");
    BOOST_TEST(saved(*store, 1, "new", 2) == "!CALLBACK");
    BOOST_TEST(erased(*store) == "!CALLBACK");
    BOOST_TEST(listed(*store) == "!CALLBACK");
    BOOST_TEST(locked(*store) == "!CALLBACK");
    BOOST_TEST(store->load(home_key).error().action == row.action);
    BOOST_TEST((store->load(home_key).error().retry_after_ms > 0) == (row.action == ECOAUTH_ACTION_RETRY));
  }
  // Results that make no sense where they come are failures as well, not successes.
  host.disturb = [](const std::string&) { return ECOAUTH_STORE_CONFLICT; };
  BOOST_TEST(loaded(*store) == "!CALLBACK");
  BOOST_TEST(erased(*store) == "!CALLBACK");
  BOOST_TEST(listed(*store) == "!CALLBACK");
  BOOST_TEST(locked(*store) == "busy");
  BOOST_TEST(saved(*store, 1, "new", 2) == "conflict");
  host.disturb = [](const std::string&) { return ECOAUTH_STORE_NOT_FOUND; };
  BOOST_TEST(saved(*store, 1, "new", 2) == "!CALLBACK");
  BOOST_TEST(listed(*store) == "!CALLBACK");
  BOOST_TEST(locked(*store) == "!CALLBACK");
  host.disturb = nullptr;
  BOOST_TEST(loaded(*store) == "kept");
}

BOOST_AUTO_TEST_CASE(a_load_that_hands_nothing_over_is_no_record_and_no_absence) {
  HostStore host;
  StoreCallbacks all = host.callbacks();
  all.load = [](void*, const char*, ecoauth_blob*) -> int32_t { return ECOAUTH_STORE_OK; };
  BOOST_TEST(loaded(*make_callback_store(all)) == "!CALLBACK");
  all.load = [](void*, const char*, ecoauth_blob* out) -> int32_t { return out->set(nullptr, 0), ECOAUTH_STORE_OK; };
  BOOST_TEST(loaded(*make_callback_store(all)) == "!CALLBACK");
  all.load = [](void*, const char*, ecoauth_blob* out) -> int32_t {
    return out->set(nullptr, 5) ? ECOAUTH_STORE_OK : ECOAUTH_STORE_RETRY;
  };
  BOOST_TEST(loaded(*make_callback_store(all)) == "!CALLBACK");
}

BOOST_AUTO_TEST_CASE(an_exception_is_a_failure_and_its_text_is_made_harmless) {
  HostStore host;
  auto store = make_callback_store(host.callbacks());
  host.disturb = [](const std::string& name) -> int32_t { throw std::runtime_error("no\n" + name); };
  BOOST_TEST(loaded(*store) == "!CALLBACK");
  BOOST_TEST(saved(*store, 0, "x", 1) == "!CALLBACK");
  BOOST_TEST(erased(*store) == "!CALLBACK");
  BOOST_TEST(listed(*store) == "!CALLBACK");
  BOOST_TEST(locked(*store) == "!CALLBACK");
  store->unlock(home_key);
  BOOST_TEST(store->load(home_key).error().message.find("no load") != std::string::npos);
  BOOST_TEST(!inside_callback());
}

BOOST_AUTO_TEST_CASE(a_thread_that_ends_inside_a_callback_is_let_go) {
  // CPython ends foreign threads like this while it shuts down.
  HostStore host;
  auto store = make_callback_store(host.callbacks());
  host.disturb = [](const std::string&) -> int32_t { pthread_exit(nullptr); };
  struct Thread {
    TokenStore& store;
    bool unwound = false, came_back = false;
  } state{*store};
  pthread_t thread;
  auto body = [](void* argument) -> void* {
    auto& self = *static_cast<Thread*>(argument);
    struct Unwound {
      bool& flag;
      ~Unwound() { flag = true; }
    } unwound{self.unwound};
    loaded(self.store);
    self.came_back = true;
    return nullptr;
  };
  BOOST_TEST_REQUIRE(pthread_create(&thread, nullptr, body, &state) == 0);
  BOOST_TEST(pthread_join(thread, nullptr) == 0);
  BOOST_TEST(state.unwound);
  BOOST_TEST(!state.came_back);
}

BOOST_AUTO_TEST_CASE(every_callback_runs_under_the_mark_that_refuses_blocking_calls) {
  HostStore host;
  {
    auto store = make_callback_store(host.callbacks());
    BOOST_TEST(saved(*store, 0, "x", 1) == "saved");
    BOOST_TEST(loaded(*store) == "x");
    BOOST_TEST(listed(*store) == home_key);
    BOOST_TEST(locked(*store) == "acquired");
    store->unlock(home_key);
    BOOST_TEST(erased(*store) == "erased");
  }
  BOOST_TEST(host.always_inside_callback);
  BOOST_TEST(!inside_callback());
}

BOOST_AUTO_TEST_SUITE_END()
