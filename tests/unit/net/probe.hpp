// What can be seen of this process from outside: memory, threads, descriptors, connections.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <set>
#include <string>
#include <vector>

/// Looks again every few milliseconds, at most `bound_ms`. For what cannot be waited for otherwise.
bool wait_until(const std::function<bool()>& condition, int64_t bound_ms = 10000);

int64_t monotonic_ms();

/// False where memory is not the program's own (sanitizers).
bool memory_can_be_measured();
int64_t resident_bytes();
/// The highest resident size since forget_peak().
int64_t peak_resident_bytes();
void forget_peak();

std::vector<pid_t> threads_named(const std::string& name_prefix);
size_t thread_count();

std::set<int> open_descriptors();
/// Those of `now` that are not in `before` and would be inherited by a child program.
std::vector<int> inheritable(const std::set<int>& before, const std::set<int>& now);

/// Is there a TCP connection to this port of loopback that stands, or one that its peer has half closed?
bool connected_to(uint16_t port);
bool half_closed_to(uint16_t port);
/// How many wait for an answer.
size_t connecting_to(uint16_t port);

/// How many packets with data the socket has received.
uint32_t data_segments_received(int fd);

/// Returns the path.
std::string write_file(const std::string& path, const std::string& text);
std::string read_file(const std::string& path);
