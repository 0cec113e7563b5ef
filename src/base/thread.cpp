#include "base/thread.hpp"

#include <pthread.h>
#include <signal.h>

#include <memory>
#include <string>

namespace ecoauth {
namespace {

struct Start {
  std::string name;
  std::function<void()> body;
};

void* run(void* argument) {
  std::unique_ptr<Start> start(static_cast<Start*>(argument));
  pthread_setname_np(pthread_self(), start->name.substr(0, 15).c_str());
  start->body();
  return nullptr;
}

// glibc's default is the host's RLIMIT_STACK; a TLS handshake and getaddrinfo need far less than this.
constexpr size_t stack_bytes = 512 * 1024;

}  // namespace

bool start_thread(const char* name, std::function<void()> body) {
  auto start = std::make_unique<Start>(Start{name, std::move(body)});
  pthread_attr_t attributes;
  if (pthread_attr_init(&attributes) != 0) return false;
  pthread_attr_setstacksize(&attributes, stack_bytes);
  pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);

  // A thread inherits the mask of its maker, so block here and never run with signals open. The synchronous ones stay open
  // for crash reporters, SIGPROF for profilers.
  sigset_t blocked, before;
  sigfillset(&blocked);
  for (int open : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGABRT, SIGPROF}) sigdelset(&blocked, open);
  pthread_sigmask(SIG_SETMASK, &blocked, &before);
  pthread_t thread;
  int failed = pthread_create(&thread, &attributes, run, start.get());
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  pthread_attr_destroy(&attributes);
  if (failed) return false;
  start.release();
  return true;
}

}  // namespace ecoauth
