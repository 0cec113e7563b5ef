#include "base/clock.hpp"

#include <fcntl.h>
#include <sched.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <boost/test/unit_test.hpp>

#include <fstream>
#include <string>

#include "base/text.hpp"
#include "support/virtual_clock.hpp"

using namespace ecoauth;

namespace {

std::string first_word(const char* path) {
  std::string word;
  std::ifstream(path) >> word;
  return word;
}

bool write_file(const char* path, const std::string& content) {
  const int fd = open(path, O_WRONLY | O_CLOEXEC);
  if (fd < 0) return false;
  const bool written = write(fd, content.data(), content.size()) == static_cast<ssize_t>(content.size());
  close(fd);
  return written;
}

/// What boot_ms() says in a time namespace that has been "suspended" for `hours`; -1 when the kernel makes none.
int64_t boot_ms_after_suspend(int64_t hours) {
  int answer[2];
  BOOST_REQUIRE(pipe2(answer, O_CLOEXEC) == 0);
  const pid_t outer = fork();
  if (outer == 0) {
    int flags = CLONE_NEWTIME | (geteuid() == 0 ? 0 : CLONE_NEWUSER);
    const std::string offsets = "boottime " + to_text(hours * 3600) + " 0\n";  // monotonic stands still in a suspend
    if (unshare(flags) != 0 || !write_file("/proc/self/timens_offsets", offsets)) _exit(1);
    const pid_t inner = fork();  // the namespace is for children
    if (inner == 0) {
      const int64_t now_ms = system_clock().boot_ms();
      _exit(write(answer[1], &now_ms, sizeof now_ms) == sizeof now_ms ? 0 : 1);
    }
    int status = 0;
    _exit(inner > 0 && waitpid(inner, &status, 0) == inner && status == 0 ? 0 : 1);
  }
  close(answer[1]);
  int64_t now_ms = -1;
  const bool told = read(answer[0], &now_ms, sizeof now_ms) == sizeof now_ms;
  close(answer[0]);
  int status = 0;
  waitpid(outer, &status, 0);
  return told && status == 0 ? now_ms : -1;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(clocks)

BOOST_AUTO_TEST_CASE(boot_time_is_the_kernels) {
  timespec kernel{};
  clock_gettime(CLOCK_BOOTTIME, &kernel);
  const int64_t before_ms = static_cast<int64_t>(kernel.tv_sec) * 1000 + kernel.tv_nsec / 1000000;
  const int64_t ours_ms = system_clock().boot_ms();
  clock_gettime(CLOCK_BOOTTIME, &kernel);
  const int64_t after_ms = static_cast<int64_t>(kernel.tv_sec) * 1000 + kernel.tv_nsec / 1000000;
  BOOST_TEST(ours_ms >= before_ms);
  BOOST_TEST(ours_ms <= after_ms);
  int64_t last_ms = ours_ms;
  for (int i = 0; i < 100000; ++i) {
    const int64_t now_ms = system_clock().boot_ms();
    if (now_ms < last_ms) BOOST_FAIL("boot time went back");
    last_ms = now_ms;
  }
}

BOOST_AUTO_TEST_CASE(boot_time_counts_suspend) {
  const int64_t here_ms = system_clock().boot_ms();
  const int64_t there_ms = boot_ms_after_suspend(8);
  if (there_ms < 0) {
    BOOST_TEST_MESSAGE("this kernel or user makes no time namespace; a suspend cannot be played");
    return;
  }
  const int64_t difference_ms = there_ms - here_ms;
  BOOST_TEST(difference_ms >= 8 * 3600 * 1000);
  BOOST_TEST(difference_ms < 8 * 3600 * 1000 + 60000);
}

BOOST_AUTO_TEST_CASE(wall_time_is_the_machines) {
  // time() is no measure: it lags behind the precise clock by some milliseconds.
  auto machines_ms = [] {
    timespec now{};
    clock_gettime(CLOCK_REALTIME, &now);
    return static_cast<int64_t>(now.tv_sec) * 1000 + now.tv_nsec / 1000000;
  };
  const int64_t before_ms = machines_ms();
  const int64_t ours_ms = system_clock().wall_ms();
  BOOST_TEST(ours_ms >= before_ms);
  BOOST_TEST(ours_ms <= machines_ms());
}

BOOST_AUTO_TEST_CASE(boot_id_is_the_kernels) {
  const std::string kernel = first_word("/proc/sys/kernel/random/boot_id");
  BOOST_TEST(kernel.size() == 36u);
  BOOST_TEST(system_clock().boot_id() == kernel);
  BOOST_TEST(system_clock().boot_id() == system_clock().boot_id());
  BOOST_TEST(&system_clock() == &system_clock());
}

BOOST_AUTO_TEST_CASE(build_time_is_plausible) {
  const int64_t year_2025_ms = int64_t{1735689600} * 1000;
  BOOST_TEST(build_wall_ms() > year_2025_ms);
  BOOST_TEST(build_wall_ms() <= system_clock().wall_ms());
}

BOOST_AUTO_TEST_CASE(the_tests_own_clock) {
  test::VirtualClock clock;
  const int64_t boot_ms = clock.boot_ms(), wall_ms = clock.wall_ms();
  BOOST_TEST(wall_ms > build_wall_ms());
  clock.advance_ms(1500);
  BOOST_TEST(clock.boot_ms() == boot_ms + 1500);
  BOOST_TEST(clock.wall_ms() == wall_ms + 1500);
  clock.step_wall_ms(-7000);
  BOOST_TEST(clock.boot_ms() == boot_ms + 1500);
  const std::string first = clock.boot_id();
  clock.reboot(60000);
  BOOST_TEST(clock.boot_id() != first);
  BOOST_TEST(clock.boot_ms() < boot_ms);
  BOOST_TEST(clock.wall_ms() == wall_ms + 1500 - 7000 + 60000);
}

BOOST_AUTO_TEST_SUITE_END()
