#include "base/clock.hpp"

#include <fcntl.h>
#include <time.h>
#include <unistd.h>

#include "base/text.hpp"

namespace ecoauth {
namespace {

int64_t read_clock(clockid_t id) {
  timespec now{};
  clock_gettime(id, &now);
  return static_cast<int64_t>(now.tv_sec) * 1000 + now.tv_nsec / 1000000;
}

std::string read_boot_id() {
  int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
  if (fd < 0) return {};
  char buffer[64];
  ssize_t size = read(fd, buffer, sizeof buffer);
  close(fd);
  return size > 0 ? std::string(trim({buffer, static_cast<size_t>(size)})) : std::string();
}

class SystemClock final : public Clock {
 public:
  int64_t boot_ms() const override { return read_clock(CLOCK_BOOTTIME); }
  int64_t wall_ms() const override { return read_clock(CLOCK_REALTIME); }
  std::string boot_id() const override { return boot_id_; }

 private:
  const std::string boot_id_ = read_boot_id();
};

}  // namespace

const Clock& system_clock() {
  static const Clock* forever = new SystemClock;
  return *forever;
}

int64_t build_wall_ms() { return static_cast<int64_t>(ECOAUTH_BUILD_TIME_S) * 1000; }

}  // namespace ecoauth
