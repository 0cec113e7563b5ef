// Runs a program and kills it at one of its system calls, or makes calls on its store fail; says what it saw.
//
//   tracer [OPTION ...] --out FILE -- PROGRAM ARGUMENT ...
//     --kill N             SIGKILL at the N-th system call (of any thread) between the marks of marks.h
//     --store FOLDER       notes every call that concerns it, and counts them from the first mark on, from 1
//     --fail FIRST-LAST    of these, the calls number FIRST to LAST (0: for ever) fail ...
//     --calls NAME,NAME    ... counting only calls of these names ...
//     --error WHAT         ... with an errno's name, "short" (half the bytes), or "type=0x..." (statfs says this type)
//     --durable marks      records are durable when the host says so; otherwise with fsync() and fdatasync()
//     --light              sees only what the exposure window needs, and disturbs the program less
//
// FILE gets one JSON object. The exposure window is open from the first byte sent after the first durable record (that
// is the intent) until the next record is durable.
#include <fcntl.h>
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "marks.h"
#include "tracee.hpp"

namespace {

using Clock = std::chrono::steady_clock;

struct Named {
  long number;
  const char* name;
  enum { descriptor, path, path_in_folder, locks, other } subject;
};
const Named named_calls[] = {
#ifdef SYS_open
    {SYS_open, "open", Named::path},
    {SYS_stat, "stat", Named::path},
    {SYS_lstat, "lstat", Named::path},
    {SYS_mkdir, "mkdir", Named::path},
    {SYS_rename, "rename", Named::path},
    {SYS_unlink, "unlink", Named::path},
#endif
    {SYS_openat, "openat", Named::path_in_folder},
    {SYS_newfstatat, "fstatat", Named::path_in_folder},
    {SYS_mkdirat, "mkdirat", Named::path_in_folder},
    {SYS_renameat, "renameat", Named::path_in_folder},
    {SYS_renameat2, "renameat2", Named::path_in_folder},
    {SYS_unlinkat, "unlinkat", Named::path_in_folder},
    {SYS_statfs, "statfs", Named::path},
    {SYS_fstat, "fstat", Named::descriptor},
    {SYS_fchmod, "fchmod", Named::descriptor},
    {SYS_read, "read", Named::descriptor},
    {SYS_write, "write", Named::descriptor},
    {SYS_pread64, "pread", Named::descriptor},
    {SYS_pwrite64, "pwrite", Named::descriptor},
    {SYS_fsync, "fsync", Named::descriptor},
    {SYS_fdatasync, "fdatasync", Named::descriptor},
    {SYS_getdents64, "getdents", Named::descriptor},
    {SYS_fcntl, "lock", Named::locks},
    {SYS_sendto, "sendto", Named::other},
    {SYS_sendmsg, "sendmsg", Named::other},
    {SYS_recvfrom, "recvfrom", Named::other},
    {SYS_connect, "connect", Named::other},
    {SYS_socket, "socket", Named::other},
    {SYS_setsockopt, "setsockopt", Named::other},
    {SYS_futex, "futex", Named::other},
    {SYS_close, "close", Named::other},
    {SYS_mmap, "mmap", Named::other},
    {SYS_munmap, "munmap", Named::other},
    {SYS_mprotect, "mprotect", Named::other},
    {SYS_madvise, "madvise", Named::other},
    {SYS_brk, "brk", Named::other},
    {SYS_rt_sigprocmask, "rt_sigprocmask", Named::other},
    {SYS_clone3, "clone3", Named::other},
    {SYS_timerfd_settime, "timerfd_settime", Named::other},
    {SYS_prctl, "prctl", Named::other},
    {SYS_exit_group, "exit_group", Named::other},
};
const std::vector<long> window_calls{SYS_sendto, SYS_sendmsg, SYS_write, SYS_fsync, SYS_fdatasync, SYS_prctl};

/// Does the call send to a socket? TLS writes to it like to a file.
bool sends(pid_t thread, const SystemCall& call) {
  if (call.number == SYS_sendto || call.number == SYS_sendmsg) return true;
  return call.number == SYS_write &&
         path_of_descriptor(thread, static_cast<int>(call.arguments[0])).rfind("socket:", 0) == 0;
}

const std::map<std::string, int> errnos{{"EIO", EIO},       {"ENOSPC", ENOSPC}, {"EDQUOT", EDQUOT}, {"EROFS", EROFS},
                                        {"EACCES", EACCES}, {"EMFILE", EMFILE}, {"ENFILE", ENFILE}, {"EINTR", EINTR},
                                        {"ENOLCK", ENOLCK}, {"ENOENT", ENOENT}, {"ESTALE", ESTALE}, {"EBUSY", EBUSY}};

const Named* named(long number) {
  auto at = std::find_if(std::begin(named_calls), std::end(named_calls),
                         [&](const Named& each) { return each.number == number; });
  return at == std::end(named_calls) ? nullptr : at;
}

struct Options {
  long kill_at = 0;
  std::string store;
  std::set<std::string> calls;
  long fail_first = 0, fail_last = -1;
  std::string error;
  bool durable_by_marks = false;
  bool light = false;
  std::string out;
  std::vector<std::string> command;
};

[[noreturn]] void usage() {
  fprintf(stderr, "tracer: wrong arguments\n");
  exit(126);
}

Options parse(int argc, char** argv) {
  Options options;
  for (int i = 1; i < argc; ++i) {
    std::string word = argv[i];
    if (word == "--") {
      options.command.assign(argv + i + 1, argv + argc);
      break;
    }
    if (word == "--light") {
      options.light = true;
      continue;
    }
    if (i + 1 >= argc) usage();
    std::string value = argv[++i];
    if (word == "--kill") {
      options.kill_at = atol(value.c_str());
    } else if (word == "--store") {
      options.store = value;
    } else if (word == "--calls") {
      for (size_t from = 0, to; from < value.size(); from = to + 1) {
        to = std::min(value.find(',', from), value.size());
        options.calls.insert(value.substr(from, to - from));
      }
    } else if (word == "--fail") {
      if (sscanf(value.c_str(), "%ld-%ld", &options.fail_first, &options.fail_last) != 2) usage();
    } else if (word == "--error") {
      options.error = value;
      if (value != "short" && value.rfind("type=", 0) != 0 && !errnos.count(value)) usage();
    } else if (word == "--durable") {
      options.durable_by_marks = value == "marks";
    } else if (word == "--out") {
      options.out = value;
    } else {
      usage();
    }
  }
  if (options.command.empty() || options.out.empty() || (options.fail_first && options.error.empty())) usage();
  return options;
}

enum class Window { before, armed, open, closed };
const char* name_of(Window window) {
  static const char* const names[] = {"before", "armed", "open", "closed"};
  return names[static_cast<int>(window)];
}

struct Thread {
  bool known = false;
  bool inside = false;  // a system call
  SystemCall call;
  long store_number = 0;  // of the call under way, if it concerns the store
  bool fails = false;
};

class Tracer {
 public:
  explicit Tracer(Options options) : options_(std::move(options)) {}
  int run();

 private:
  void stopped(pid_t thread, int status);
  void entered(pid_t thread, Thread& state);
  void left(pid_t thread, Thread& state);
  std::string store_path(pid_t thread, const SystemCall& call) const;
  void spoil(pid_t thread, Thread& state);
  void durable();
  void resume(pid_t thread, int signal);
  void report(int status);

  const Options options_;
  pid_t process_ = 0;
  std::map<pid_t, Thread> threads_;
  bool counting_ = false, marked_ = false, ended_ = false;
  long calls_ = 0, store_calls_ = 0, matching_ = 0;
  long killed_at_ = 0;
  long armed_at_ = 0, opened_at_ = 0, closed_at_ = 0;  // in system calls
  std::string killed_in_;
  Window window_ = Window::before, window_at_kill_ = Window::before, window_at_end_ = Window::before;
  Clock::time_point opened_;
  double window_us_ = -1;
  std::string store_log_;
};

int Tracer::run() {
  process_ = start_traced(options_.command, options_.light ? window_calls : std::vector<long>());
  threads_[process_].known = true;
  resume(process_, 0);
  for (;;) {
    int status = 0;
    pid_t thread = waitpid(-1, &status, __WALL);
    if (thread < 0 && errno == EINTR) continue;
    if (thread < 0) return 125;
    if (WIFSTOPPED(status)) {
      stopped(thread, status);
      continue;
    }
    threads_.erase(thread);
    if (thread != process_) continue;
    report(status);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  }
}

void Tracer::resume(pid_t thread, int signal) {
  // Under the filter only a call that is let through needs its end seen.
  bool every_call = !options_.light || threads_[thread].inside;
  __ptrace_request how = every_call ? PTRACE_SYSCALL : PTRACE_CONT;
  ptrace(how, thread, nullptr, signal);
}

void Tracer::stopped(pid_t thread, int status) {
  Thread& state = threads_[thread];
  int signal = WSTOPSIG(status), event = status >> 16;
  if (signal == (SIGTRAP | 0x80) || event == PTRACE_EVENT_SECCOMP) {
    if (!state.inside) {
      state.call = system_call_of(thread, nullptr);
      state.inside = true;
      entered(thread, state);
    } else {
      state.call = system_call_of(thread, &state.call);
      left(thread, state);
      state.inside = false;
    }
    signal = 0;
  } else if (event != 0 || (signal == SIGSTOP && !state.known)) {
    if (event == PTRACE_EVENT_EXEC) state.inside = !options_.light;
    signal = 0;  // a new thread begins with a stop, which is ours
  }
  state.known = true;
  resume(thread, signal);
}

void Tracer::entered(pid_t thread, Thread& state) {
  const SystemCall& call = state.call;
  state.store_number = 0;
  state.fails = false;
  if (call.number == SYS_prctl && call.arguments[0] == FAULTS_MARK) {
    if (call.arguments[1] == FAULTS_MARK_BEGIN) counting_ = marked_ = true;
    if (call.arguments[1] == FAULTS_MARK_END) counting_ = false, ended_ = true, window_at_end_ = window_;
    if (call.arguments[1] == FAULTS_MARK_SAVED && options_.durable_by_marks) durable();
    return;
  }
  if (counting_ && ++calls_ == options_.kill_at) {
    const Named* known = named(call.number);
    killed_at_ = calls_;
    killed_in_ = known ? known->name : std::to_string(call.number);
    window_at_kill_ = window_;
    kill(process_, SIGKILL);
    return;
  }
  if (marked_ && window_ == Window::armed && sends(thread, call)) {
    window_ = Window::open;
    opened_at_ = calls_;
    opened_ = Clock::now();
  }
  if (marked_ && !options_.store.empty() && !store_path(thread, call).empty()) {
    state.store_number = ++store_calls_;
    const Named* known = named(call.number);
    if (options_.calls.empty() || options_.calls.count(known->name)) {
      ++matching_;
      state.fails = options_.fail_first > 0 && matching_ >= options_.fail_first &&
                    (options_.fail_last == 0 || matching_ <= options_.fail_last);
      if (state.fails && options_.error == "short")
        set_third_argument(thread, std::max<uint64_t>(1, call.arguments[2] / 2));
      else if (state.fails && options_.error.rfind("type=", 0) != 0)
        skip_call(thread);
    }
  }
}

void Tracer::left(pid_t thread, Thread& state) {
  if (state.fails) spoil(thread, state);
  const SystemCall& call = state.call;
  bool sync = call.number == SYS_fsync || call.number == SYS_fdatasync;
  if (marked_ && !options_.durable_by_marks && sync && call.result == 0) durable();
  if (state.store_number > 0) {
    std::string path = store_path(thread, call);
    char line[512];
    bool placed = call.number == SYS_pread64 || call.number == SYS_pwrite64;
    snprintf(line, sizeof line,
             "%s\n  {\"number\": %ld, \"call\": \"%s\", \"name\": \"%.100s\", \"offset\": %lld, \"size\": %lld, "
             "\"result\": %lld, \"failed\": %s, \"window\": \"%s\"}",
             store_log_.empty() ? "" : ",", state.store_number, named(call.number)->name,
             path.substr(path.rfind('/') + 1).c_str(), placed ? static_cast<long long>(call.arguments[3]) : -1,
             static_cast<long long>(call.arguments[2]), static_cast<long long>(call.result),
             state.fails ? "true" : "false", name_of(window_));
    store_log_ += line;
  }
}

void Tracer::spoil(pid_t thread, Thread& state) {
  if (options_.error == "short") return;
  if (options_.error.rfind("type=", 0) == 0) {
    static_assert(offsetof(struct statfs, f_type) == 0 && sizeof(reinterpret_cast<struct statfs*>(0)->f_type) == 8, "");
    if (state.call.number == SYS_statfs && state.call.result == 0)
      write_word(thread, state.call.arguments[1], strtoull(options_.error.c_str() + 5, nullptr, 0));
    return;
  }
  state.call.result = -errnos.at(options_.error);
  set_result(thread, state.call.result);
}

/// The path that a call concerns, if it is the store's folder or in it.
std::string Tracer::store_path(pid_t thread, const SystemCall& call) const {
  const Named* known = named(call.number);
  if (!known || known->subject == Named::other) return {};
  if (known->subject == Named::locks && call.arguments[1] != F_OFD_SETLK) return {};
  std::string path;
  if (known->subject == Named::path) {
    path = text_at(thread, call.arguments[0]);
  } else if (known->subject == Named::path_in_folder) {
    path = text_at(thread, call.arguments[1]);
    if (path.empty()) path = path_of_descriptor(thread, static_cast<int>(call.arguments[0]));
  } else {
    path = path_of_descriptor(thread, static_cast<int>(call.arguments[0]));
  }
  bool concerns = path.rfind(options_.store, 0) == 0 &&
                  (path.size() == options_.store.size() || path[options_.store.size()] == '/');
  return concerns ? path : std::string();
}

void Tracer::durable() {
  if (window_ == Window::before) {
    window_ = Window::armed;
    armed_at_ = calls_;
  } else if (window_ == Window::open) {
    window_ = Window::closed;
    closed_at_ = calls_;
    window_us_ = std::chrono::duration<double, std::micro>(Clock::now() - opened_).count();
  }
}

void Tracer::report(int status) {
  FILE* out = fopen(options_.out.c_str(), "w");
  if (!out) return;
  fprintf(out,
          "{\"calls\": %ld, \"complete\": %s, \"killed_at\": %ld, \"killed_in\": \"%s\", \"window_at_kill\": \"%s\", "
          "\"window\": \"%s\", \"window_at_end\": \"%s\", \"window_us\": %.1f, \"edges\": [%ld, %ld, %ld], \"exit\": "
          "%d, \"signal\": %d, "
          "\"store_calls\": %ld, \"matching\": %ld, "
          "\"store\": [%s]}\n",
          calls_, ended_ ? "true" : "false", killed_at_, killed_in_.c_str(), name_of(window_at_kill_), name_of(window_),
          name_of(window_at_end_), window_us_, armed_at_, opened_at_, closed_at_,
          WIFEXITED(status) ? WEXITSTATUS(status) : -1, WIFSIGNALED(status) ? WTERMSIG(status) : 0, store_calls_,
          matching_, store_log_.c_str());
  fclose(out);
}

}  // namespace

int main(int argc, char** argv) { return Tracer(parse(argc, argv)).run(); }
