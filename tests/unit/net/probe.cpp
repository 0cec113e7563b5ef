#include "probe.hpp"

#include <fcntl.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>

namespace fs = std::filesystem;

bool wait_until(const std::function<bool()>& condition, int64_t bound_ms) {
  int64_t until_ms = monotonic_ms() + bound_ms;
  while (!condition()) {
    if (monotonic_ms() >= until_ms) return condition();
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  return true;
}

int64_t monotonic_ms() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<int64_t>(now.tv_sec) * 1000 + now.tv_nsec / 1000000;
}

std::string read_file(const std::string& path) {
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

namespace {

int64_t status_bytes(const std::string& field) {
  std::istringstream status(read_file("/proc/self/status"));
  for (std::string line; std::getline(status, line);)
    if (line.compare(0, field.size(), field) == 0) return std::stoll(line.substr(field.size() + 1)) * 1024;
  return 0;
}

size_t connections_in_state(uint16_t port, const std::string& wanted) {
  size_t count = 0;
  char remote[8];
  snprintf(remote, sizeof remote, ":%04X", port);
  for (const char* table : {"/proc/self/net/tcp", "/proc/self/net/tcp6"}) {
    std::istringstream lines(read_file(table));
    std::string line;
    std::getline(lines, line);
    while (std::getline(lines, line)) {
      std::istringstream words(line);
      std::string number, local, peer, state;
      words >> number >> local >> peer >> state;
      count += state == wanted && peer.size() > 5 && peer.compare(peer.size() - 5, 5, remote) == 0;
    }
  }
  return count;
}

}  // namespace

bool memory_can_be_measured() {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  return false;
#else
  return true;
#endif
}

int64_t resident_bytes() { return status_bytes("VmRSS"); }
int64_t peak_resident_bytes() { return status_bytes("VmHWM"); }
void forget_peak() { std::ofstream("/proc/self/clear_refs") << "5"; }

std::vector<pid_t> threads_named(const std::string& name_prefix) {
  std::vector<pid_t> out;
  std::error_code gone;  // a thread may end while we look
  for (const auto& task : fs::directory_iterator("/proc/self/task", gone))
    if (read_file(task.path() / "comm").compare(0, name_prefix.size(), name_prefix) == 0)
      out.push_back(static_cast<pid_t>(std::stol(task.path().filename().string())));
  return out;
}

size_t thread_count() { return threads_named("").size(); }

std::set<int> open_descriptors() {
  std::set<int> out;
  for (const auto& entry : fs::directory_iterator("/proc/self/fd")) out.insert(std::stoi(entry.path().filename()));
  for (auto at = out.begin(); at != out.end();) at = fcntl(*at, F_GETFD) < 0 ? out.erase(at) : std::next(at);
  return out;
}

std::vector<int> inheritable(const std::set<int>& before, const std::set<int>& now) {
  std::vector<int> out;
  for (int fd : now)
    if (int flags = fcntl(fd, F_GETFD); !before.count(fd) && flags >= 0 && !(flags & FD_CLOEXEC)) out.push_back(fd);
  return out;
}

bool connected_to(uint16_t port) { return connections_in_state(port, "01") > 0 || half_closed_to(port); }
bool half_closed_to(uint16_t port) { return connections_in_state(port, "08") > 0; }
size_t connecting_to(uint16_t port) { return connections_in_state(port, "02"); }

uint32_t data_segments_received(int fd) {
  tcp_info info{};
  socklen_t size = sizeof info;
  getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size);
  return info.tcpi_data_segs_in;
}

std::string write_file(const std::string& path, const std::string& text) {
  std::ofstream(path, std::ios::trunc) << text;
  return path;
}
