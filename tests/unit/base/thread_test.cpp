#include "base/thread.hpp"

#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include <boost/test/unit_test.hpp>

#include <future>
#include <set>
#include <string>

using namespace ecoauth;

namespace {

struct Seen {
  std::string name;
  std::set<int> blocked;
  size_t stack_bytes = 0;
  int detach_state = -1;
};

std::set<int> blocked_signals() {
  sigset_t mask;
  pthread_sigmask(SIG_SETMASK, nullptr, &mask);
  std::set<int> blocked;
  for (int signal = 1; signal < 32; ++signal)
    if (sigismember(&mask, signal) == 1) blocked.insert(signal);
  return blocked;
}

Seen look_around(const char* name) {
  std::promise<Seen> seen;
  auto future = seen.get_future();
  const bool started = start_thread(name, [&seen] {
    Seen here;
    char text[32] = "";
    pthread_getname_np(pthread_self(), text, sizeof text);
    here.name = text;
    here.blocked = blocked_signals();
    pthread_attr_t attributes;
    pthread_getattr_np(pthread_self(), &attributes);
    void* base = nullptr;
    pthread_attr_getstack(&attributes, &base, &here.stack_bytes);
    pthread_attr_getdetachstate(&attributes, &here.detach_state);
    pthread_attr_destroy(&attributes);
    seen.set_value(std::move(here));
  });
  BOOST_REQUIRE(started);
  return future.get();
}

}  // namespace

BOOST_AUTO_TEST_SUITE(threads)

BOOST_AUTO_TEST_CASE(a_guest_in_the_process) {
  const std::set<int> before = blocked_signals();
  const Seen seen = look_around("ecoauth-test");
  BOOST_TEST(seen.name == "ecoauth-test");
  for (int signal : {SIGHUP, SIGINT, SIGQUIT, SIGPIPE, SIGALRM, SIGTERM, SIGUSR1, SIGUSR2, SIGCHLD, SIGWINCH, SIGIO})
    BOOST_TEST(seen.blocked.count(signal) == 1u, strsignal(signal));
  for (int signal : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGABRT, SIGPROF})
    BOOST_TEST(seen.blocked.count(signal) == 0u, strsignal(signal));
  BOOST_TEST(seen.stack_bytes >= 256u * 1024);
  BOOST_TEST(seen.stack_bytes <= 1024u * 1024);
  BOOST_TEST(seen.detach_state == PTHREAD_CREATE_DETACHED);
  BOOST_TEST(blocked_signals() == before, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_long_name_is_cut) {
  BOOST_TEST(look_around("a-name-longer-than-the-kernel-keeps").name == "a-name-longer-t");
}

BOOST_AUTO_TEST_CASE(signals_of_the_process_reach_the_host_only) {
  const pid_t child = fork();
  if (child == 0) {
    static volatile sig_atomic_t handled_by_host = 0;
    static pthread_t host;
    host = pthread_self();
    struct sigaction action {};
    action.sa_handler = [](int) { handled_by_host = pthread_equal(pthread_self(), host) ? 1 : 2; };
    sigaction(SIGUSR1, &action, nullptr);
    std::promise<void> running, over;
    if (!start_thread("ecoauth-test", [&] {
          running.set_value();
          over.get_future().wait();
        }))
      _exit(3);
    running.get_future().wait();
    kill(getpid(), SIGUSR1);
    for (int i = 0; i < 10000 && !handled_by_host; ++i) usleep(1000);
    _exit(handled_by_host == 1 ? 0 : 1);
  }
  int status = -1;
  BOOST_REQUIRE(waitpid(child, &status, 0) == child);
  BOOST_TEST(status == 0);
}

BOOST_AUTO_TEST_CASE(no_thread_to_be_had) {
  const pid_t child = fork();
  if (child == 0) {
    if (geteuid() == 0 && setresuid(65534, 65534, 65534) != 0) _exit(3);  // the limit does not bind root
    const rlimit none{0, 0};
    if (setrlimit(RLIMIT_NPROC, &none) != 0) _exit(3);
    const std::set<int> before = blocked_signals();
    const bool started = start_thread("ecoauth-test", [] {});
    _exit(started ? 1 : blocked_signals() == before ? 0 : 2);
  }
  int status = -1;
  BOOST_REQUIRE(waitpid(child, &status, 0) == child);
  BOOST_TEST(status == 0);
}

BOOST_AUTO_TEST_SUITE_END()
