// The computer that loses its power: the first process of a User-Mode-Linux kernel. Mounts the disk, tells what is on
// it, then saves until the cut comes, and acknowledges each save on standard output. Judged outside, by "run".
//
// power-machine FILE-SYSTEM MOUNT-OPTIONS STORY KEEPER LAST [MODULE ...]
//   MOUNT-OPTIONS  or "-"
//   STORY          save: records into one file. erase: the same, but every fourth step forgets them.
//                  create: each record into a new file in a new folder.
//   KEEPER         what saves, see keeper.hpp
//   LAST           the last step that has been acknowledged
//   MODULE         of the kernel, a path; to be loaded first
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "keeper.hpp"

namespace {

using ecoauth::Keeper;
namespace files = std::filesystem;

const std::string disk = "/mnt/disk";
constexpr unsigned longest_life_s = 600;

void say(const std::string& words) {
  const std::string line = words + "\n";
  if (write(STDOUT_FILENO, line.data(), line.size()) < 0) pause();
}

/// The first process must not end: the kernel would. Whoever reads this cuts the power.
[[noreturn]] void fail(const std::string& why) {
  say("failed " + why);
  for (;;) pause();
}

void must(bool good, const char* what) {
  if (!good) fail(std::string(what) + ": " + strerror(errno));
}

void say_found(int64_t step, const Keeper::Found& found) {
  say((found.torn ? "torn " : "found ") + std::to_string(step) + " " + found.words);
}

void load_module(const char* path) {
  const int file = open(path, O_RDONLY | O_CLOEXEC);
  must(file >= 0 && syscall(SYS_finit_module, file, "", 0) == 0, path);
  close(file);
}

void mount_disk(const char* type, const std::string& options) {
  // The host's files are all around, read-only; these few are this kernel's own.
  must(mount("tmpfs", "/mnt", "tmpfs", 0, "mode=0755") == 0, "mount /mnt");
  must(mkdir(disk.c_str(), 0755) == 0, "make the mount point");
  must(mknod("/mnt/ubda", S_IFBLK | 0600, makedev(98, 0)) == 0, "make the device");
  // Writes reach the disk page by page, so that a cut can tear a slot.
  must(mkdir("/mnt/sys", 0755) == 0 && mount("sysfs", "/mnt/sys", "sysfs", 0, nullptr) == 0, "mount sysfs");
  const int limit = open("/mnt/sys/block/ubda/queue/max_sectors_kb", O_WRONLY | O_CLOEXEC);
  must(limit >= 0 && write(limit, "4", 1) == 1, "limit the size of writes");
  close(limit);
  must(mount("/mnt/ubda", disk.c_str(), type, MS_NOATIME, options == "-" ? nullptr : options.c_str()) == 0,
       "mount the disk");
}

void save_for_ever(Keeper& keeper, bool with_erasures, int64_t last) {
  const std::string folder = disk + "/state/ecoauth";
  const Keeper::Found found = keeper.load(folder);
  say_found(0, found);
  say("ready");
  int64_t seq = found.seq;
  for (int64_t step = std::max(last, seq) + 1;; ++step) {
    const bool erase = with_erasures && step % 4 == 0;
    const std::string why = erase ? keeper.erase(folder) : keeper.save(folder, seq, step);
    if (!why.empty()) fail(why);
    seq = erase ? 0 : step;
    say("done " + std::to_string(step));
  }
}

/// What is unfinished must be good for a first record.
void mend(Keeper& keeper, const std::string& folder, int64_t step) {
  const std::string why = keeper.save(folder, 0, step);
  if (!why.empty()) fail("after the cut, " + folder + ": " + why);
  if (keeper.load(folder).seq != step) fail("after the cut, " + folder + " does not keep a record");
}

void create_for_ever(Keeper& keeper, int64_t last) {
  const std::string top = disk + "/created";
  files::create_directory(top);
  std::vector<int64_t> steps;
  for (const auto& entry : files::directory_iterator(top))
    steps.push_back(std::stoll(entry.path().filename().string()));
  std::sort(steps.begin(), steps.end());
  for (int64_t step : steps) {
    const std::string folder = top + "/" + std::to_string(step) + "/ecoauth";
    const Keeper::Found found = keeper.load(folder);
    say_found(step, found);
    if (found.words == "none") mend(keeper, folder, step);
  }
  for (int64_t step : steps) files::remove_all(top + "/" + std::to_string(step));
  sync();
  say("ready");
  for (int64_t step = last + 1;; ++step) {
    const std::string why = keeper.save(top + "/" + std::to_string(step) + "/ecoauth", 0, step);
    if (!why.empty()) fail(why);
    say("done " + std::to_string(step));
  }
}

}  // namespace

int main(int count, char** arguments) {
  if (count < 6 || getpid() != 1) {
    say("usage: this is the first process of a User-Mode-Linux kernel; see tests/faults/power/run");
    return 2;
  }
  // If nobody is left to cut the power.
  signal(SIGALRM, [](int) { _exit(0); });
  alarm(longest_life_s);
  try {
    // The kernel appends words of its own.
    for (int i = 6; i < count && arguments[i][0] == '/'; ++i) load_module(arguments[i]);
    mount_disk(arguments[1], arguments[2]);
    const std::string story = arguments[3];
    const std::unique_ptr<Keeper> keeper = ecoauth::make_keeper(arguments[4]);
    if (!keeper) fail("no such keeper");
    const int64_t last = std::stoll(arguments[5]);
    if (story == "create")
      create_for_ever(*keeper, last);
    else
      save_for_ever(*keeper, story == "erase", last);
  } catch (const std::exception& problem) {
    fail(problem.what());
  }
}
