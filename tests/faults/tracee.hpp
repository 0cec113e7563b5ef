// A process under ptrace: its system calls one by one, and the few registers that make one of them fail.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

/// Starts `command` traced, stopped before its first instruction. With `only`, system calls of other numbers pass
/// unseen.
pid_t start_traced(const std::vector<std::string>& command, const std::vector<long>& only);

struct SystemCall {
  enum class When { entry, exit } when;
  long number = 0;
  uint64_t arguments[6] = {};
  int64_t result = 0;  ///< exit
};
/// What a stopped thread is about to do or has done.
SystemCall system_call_of(pid_t thread, const SystemCall* entered);

/// At entry: the call is not made. Its result must be set at exit.
void skip_call(pid_t thread);
void set_result(pid_t thread, int64_t result);
void set_third_argument(pid_t thread, uint64_t value);

std::string text_at(pid_t thread, uint64_t address);
void write_word(pid_t thread, uint64_t address, uint64_t value);
/// Where a descriptor of the thread leads; empty when nowhere.
std::string path_of_descriptor(pid_t thread, int descriptor);
