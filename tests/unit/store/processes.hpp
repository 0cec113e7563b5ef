// Real processes for tests: forked, told to begin, ended by id.
#pragma once

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <functional>
#include <stdexcept>
#include <utility>

namespace ecoauth {

/// A forked child that runs `body` and exits with its result; killed and awaited when it goes out of scope.
class Child {
 public:
  explicit Child(const std::function<int()>& body) : id_(fork()) {
    if (id_ < 0) throw std::runtime_error("cannot fork");
    if (id_ > 0) return;
    int result = 70;
    try {
      result = body();
    } catch (const std::exception&) {
    }
    _exit(result);
  }
  ~Child() {
    if (id_ > 0) kill();
  }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  void kill() {
    ::kill(id_, SIGKILL);
    wait();
  }
  /// The exit code, or minus the signal.
  int wait() {
    int status = 0;
    while (waitpid(id_, &status, 0) < 0 && errno == EINTR) {
    }
    id_ = -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
  }

 private:
  pid_t id_;
};

/// One byte from one process to another: "I am there", "go on".
class Signal {
 public:
  Signal() {
    if (pipe(ends_) != 0) throw std::runtime_error("cannot make a pipe");
  }
  ~Signal() { close(ends_[0]), close(ends_[1]); }
  Signal(const Signal&) = delete;
  Signal& operator=(const Signal&) = delete;

  void give() { (void)!write(ends_[1], "x", 1); }
  void take() {
    char byte;
    while (read(ends_[0], &byte, 1) < 0 && errno == EINTR) {
    }
  }

 private:
  int ends_[2];
};

}  // namespace ecoauth
