#include "tracee.hpp"

#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#if defined(__aarch64__)
#include <elf.h>
#elif !defined(__x86_64__)
#error "say here how a system call is skipped on this processor"
#endif

namespace {

[[noreturn]] void give_up(const char* what) {
  perror(what);
  _exit(125);
}

/// Stops at the calls of `only`; the others cost nothing.
void see_only(const std::vector<long>& only) {
  std::vector<sock_filter> program{BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr))};
  for (size_t i = 0; i < only.size(); ++i)
    program.push_back(
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, static_cast<__u32>(only[i]), static_cast<__u8>(only.size() - i), 0));
  program.push_back(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW));
  program.push_back(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRACE));
  sock_fprog filter{static_cast<unsigned short>(program.size()), program.data()};
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) != 0)
    give_up("seccomp");
}

#if defined(__x86_64__)
user_regs_struct registers_of(pid_t thread) {
  user_regs_struct registers;
  if (ptrace(PTRACE_GETREGS, thread, nullptr, &registers) != 0) memset(&registers, 0, sizeof registers);
  return registers;
}
#else
user_regs_struct registers_of(pid_t thread) {
  user_regs_struct registers{};
  iovec all{&registers, sizeof registers};
  ptrace(PTRACE_GETREGSET, thread, NT_PRSTATUS, &all);
  return registers;
}
void set_registers(pid_t thread, user_regs_struct& registers) {
  iovec all{&registers, sizeof registers};
  ptrace(PTRACE_SETREGSET, thread, NT_PRSTATUS, &all);
}
#endif

}  // namespace

pid_t start_traced(const std::vector<std::string>& command, const std::vector<long>& only) {
  pid_t child = fork();
  if (child < 0) give_up("fork");
  if (child == 0) {
    std::vector<char*> words;
    for (const std::string& word : command) words.push_back(const_cast<char*>(word.c_str()));
    words.push_back(nullptr);
    if (ptrace(PTRACE_TRACEME, 0, nullptr, nullptr) != 0) give_up("ptrace");
    raise(SIGSTOP);
    if (!only.empty()) see_only(only);
    execv(words[0], words.data());
    give_up(words[0]);
  }
  int status = 0;
  if (waitpid(child, &status, __WALL) != child || !WIFSTOPPED(status)) give_up("waitpid");
  long options = PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACECLONE | PTRACE_O_TRACEEXEC | PTRACE_O_EXITKILL;
  if (!only.empty()) options |= PTRACE_O_TRACESECCOMP;
  if (ptrace(PTRACE_SETOPTIONS, child, nullptr, options) != 0) give_up("PTRACE_SETOPTIONS");
  return child;
}

SystemCall system_call_of(pid_t thread, const SystemCall* entered) {
  __ptrace_syscall_info info{};
  SystemCall call{};
  if (ptrace(PTRACE_GET_SYSCALL_INFO, thread, sizeof info, &info) <= 0) return call;
  if (info.op == PTRACE_SYSCALL_INFO_EXIT) {
    if (entered) call = *entered;
    call.when = SystemCall::When::exit;
    call.result = info.exit.rval;
    return call;
  }
  call.when = SystemCall::When::entry;
  const bool filtered = info.op == PTRACE_SYSCALL_INFO_SECCOMP;
  call.number = static_cast<long>(filtered ? info.seccomp.nr : info.entry.nr);
  for (int i = 0; i < 6; ++i) call.arguments[i] = filtered ? info.seccomp.args[i] : info.entry.args[i];
  return call;
}

#if defined(__x86_64__)
void skip_call(pid_t thread) {
  ptrace(PTRACE_POKEUSER, thread, offsetof(user_regs_struct, orig_rax), static_cast<long>(-1));
}
void set_result(pid_t thread, int64_t result) {
  ptrace(PTRACE_POKEUSER, thread, offsetof(user_regs_struct, rax), static_cast<long>(result));
}
void set_third_argument(pid_t thread, uint64_t value) {
  user_regs_struct registers = registers_of(thread);
  registers.rdx = value;
  ptrace(PTRACE_SETREGS, thread, nullptr, &registers);
}
#else
void skip_call(pid_t thread) {
  int none = -1;
  iovec number{&none, sizeof none};
  ptrace(PTRACE_SETREGSET, thread, NT_ARM_SYSTEM_CALL, &number);
}
void set_result(pid_t thread, int64_t result) {
  user_regs_struct registers = registers_of(thread);
  registers.regs[0] = static_cast<uint64_t>(result);
  set_registers(thread, registers);
}
void set_third_argument(pid_t thread, uint64_t value) {
  user_regs_struct registers = registers_of(thread);
  registers.regs[2] = value;
  set_registers(thread, registers);
}
#endif

std::string text_at(pid_t thread, uint64_t address) {
  std::string text;
  char piece[256];
  while (address && text.size() < 4096) {
    // Not across a page that may not be there.
    size_t size = std::min<size_t>(sizeof piece, 4096 - address % 4096);
    iovec here{piece, size}, there{reinterpret_cast<void*>(address), size};
    ssize_t got = process_vm_readv(thread, &here, 1, &there, 1, 0);
    if (got <= 0) break;
    const void* end = memchr(piece, '\0', static_cast<size_t>(got));
    if (end) return text.append(piece, static_cast<size_t>(static_cast<const char*>(end) - piece));
    text.append(piece, static_cast<size_t>(got));
    address += static_cast<uint64_t>(got);
  }
  return text;
}

void write_word(pid_t thread, uint64_t address, uint64_t value) {
  iovec here{&value, sizeof value}, there{reinterpret_cast<void*>(address), sizeof value};
  if (process_vm_writev(thread, &here, 1, &there, 1, 0) != sizeof value) give_up("process_vm_writev");
}

std::string path_of_descriptor(pid_t thread, int descriptor) {
  char target[4096];
  std::string link = "/proc/" + std::to_string(thread) + "/fd/" + std::to_string(descriptor);
  ssize_t size = readlink(link.c_str(), target, sizeof target);
  return size > 0 ? std::string(target, static_cast<size_t>(size)) : std::string();
}
