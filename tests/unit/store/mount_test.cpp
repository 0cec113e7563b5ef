// The file store on full, read-only and odd file systems, mounted for this program alone.
#define BOOST_TEST_MODULE store_mounts
#define BOOST_TEST_NO_MAIN
#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <boost/test/unit_test.hpp>
#include <cstdio>
#include <cstring>
#include <filesystem>

#include "store/file_store.hpp"
#include "store_support.hpp"
#include "support/temp_folder.hpp"

using namespace ecoauth;
namespace fs = std::filesystem;

namespace {

/// Mounts of this process that nobody else sees; without being root, as the root of a user namespace.
bool take_private_mounts() {
  unsigned user = geteuid(), group = getegid();
  if (unshare(user == 0 ? CLONE_NEWNS : CLONE_NEWNS | CLONE_NEWUSER) != 0) return false;
  if (user != 0) {
    write_file("/proc/self/setgroups", "deny");
    write_file("/proc/self/uid_map", "0 " + std::to_string(user) + " 1");
    write_file("/proc/self/gid_map", "0 " + std::to_string(group) + " 1");
  }
  return mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0;
}

/// A file system in memory.
struct Mounted {
  TempFolder temp;
  explicit Mounted(const char* size = "size=4m") { mount_here("tmpfs", "tmpfs", size); }
  ~Mounted() { umount2(temp.path().c_str(), MNT_DETACH); }

  void mount_here(const char* what, const char* type, const char* options, unsigned long flags = 0) {
    BOOST_TEST_REQUIRE(mount(what, temp.path().c_str(), type, flags, options) == 0, strerror(errno));
  }
  void read_only() { mount_here("tmpfs", "tmpfs", nullptr, MS_REMOUNT | MS_RDONLY); }
  void writable() { mount_here("tmpfs", "tmpfs", nullptr, MS_REMOUNT); }
  /// To the last byte.
  void fill() const {
    int file = open((temp / "filler").c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
    for (size_t piece : {size_t{4096}, size_t{1}})
      while (write(file, std::string(piece, 'f').data(), piece) > 0) {
      }
    close(file);
  }
  void free() const { fs::remove(temp / "filler"); }
};

std::string file_in(const std::string& folder) { return folder + "/" + home_key + ".ecoauth"; }

}  // namespace

BOOST_AUTO_TEST_SUITE(mounts)

BOOST_AUTO_TEST_CASE(a_full_disk_takes_no_new_record_and_gives_no_old_one_away) {
  Mounted disk("size=128k");
  auto store = make_file_store(disk.temp / "store");
  disk.fill();
  BOOST_TEST(saved(*store, 0, "x", 1) == "!STORE");
  Error error = store->save(home_key, 0, Secret("x"), 1).error();
  BOOST_TEST(error.message.find("no space left on device (ENOSPC)") != std::string::npos, error.message);
  BOOST_TEST(error.advice.find("Free some space") != std::string::npos);
  BOOST_TEST(loaded(*store) == "none");
  disk.free();
  BOOST_TEST(saved(*store, 0, "x", 1) == "saved");
  // What is there needs no more room, whatever happens to the rest of the disk.
  disk.fill();
  for (int64_t seq = 1; seq < 7; ++seq)
    BOOST_TEST(saved(*store, seq, std::string(longest_record_bytes, static_cast<char>('a' + seq)), seq + 1) == "saved");
  BOOST_TEST(saved(*store, 0, "another", 1, "another") == "!STORE");
  BOOST_TEST((loaded(*store) == std::string(longest_record_bytes, 'g')));
  BOOST_TEST(listed(*store) == home_key);
  BOOST_TEST(erased(*store) == "erased");
}

BOOST_AUTO_TEST_CASE(a_disk_that_fills_up_half_way_through_a_new_file) {
  for (int free_pages = 0; free_pages < 27; ++free_pages) {
    Mounted disk("size=128k");
    auto store = make_file_store(disk.temp / "store");
    fs::create_directory(disk.temp / "store");
    fs::permissions(disk.temp / "store", fs::perms::owner_all);
    disk.fill();
    auto size = fs::file_size(disk.temp / "filler");
    fs::resize_file(disk.temp / "filler", size - static_cast<size_t>(free_pages) * 4096);
    std::string result = saved(*store, 0, "x", 1);
    BOOST_TEST(result == (free_pages < 25 ? "!STORE" : "saved"));
    BOOST_TEST(loaded(*make_file_store(disk.temp / "store")) == (result == "saved" ? "x" : "none"));
    disk.free();
    if (result != "saved") BOOST_TEST(saved(*make_file_store(disk.temp / "store"), 0, "x", 1) == "saved");
  }
}

BOOST_AUTO_TEST_CASE(a_read_only_file_system_can_be_read) {
  Mounted disk;
  auto store = make_file_store(disk.temp / "store");
  BOOST_TEST(saved(*store, 0, "x", 1) == "saved");
  std::string before = read_file(file_in(disk.temp / "store"));
  disk.read_only();
  BOOST_TEST(loaded(*store) == "x");
  BOOST_TEST(listed(*store) == home_key);
  BOOST_TEST(locked(*store) == "!STORE");  // noticed before anything is spent
  BOOST_TEST(saved(*store, 1, "y", 2) == "!STORE");
  BOOST_TEST(erased(*store) == "!STORE");
  BOOST_TEST(saved(*store, 0, "x", 1, "new") == "!STORE");
  BOOST_TEST(saved(*make_file_store(disk.temp / "new"), 0, "x", 1) == "!STORE");
  Error error = store->try_lock(home_key).error();
  BOOST_TEST(error.message.find("read-only file system (EROFS)") != std::string::npos, error.message);
  BOOST_TEST(error.message.find("untouched") != std::string::npos, error.message);
  BOOST_TEST(error.advice.find("choose another folder") != std::string::npos, error.advice);
  BOOST_TEST((read_file(file_in(disk.temp / "store")) == before));
  disk.writable();
  BOOST_TEST(saved(*store, 1, "y", 2) == "saved");
}

BOOST_AUTO_TEST_CASE(a_single_file_can_be_mounted) {
  // The way of containers: the file is fixed to its name, so that nothing can be renamed over it.
  Mounted disk;
  std::string inside = disk.temp / "store", outside = disk.temp / "outside.ecoauth", mounted = file_in(inside);
  fs::create_directory(inside);
  fs::permissions(inside, fs::perms::owner_all);
  for (bool empty : {true, false}) {
    write_file(outside, "");
    chmod(outside.c_str(), 0600);
    if (!empty) {
      BOOST_TEST(saved(*make_file_store(disk.temp / "other"), 0, "x", 1) == "saved");
      write_file(outside, read_file(file_in(disk.temp / "other")));
    }
    write_file(mounted, "");
    chmod(mounted.c_str(), 0600);
    BOOST_TEST_REQUIRE(mount(outside.c_str(), mounted.c_str(), nullptr, MS_BIND, nullptr) == 0, strerror(errno));
    BOOST_TEST(rename(outside.c_str(), mounted.c_str()) != 0);
    auto store = make_file_store(inside);
    BOOST_TEST(loaded(*store) == (empty ? "none" : "x"));
    BOOST_TEST(locked(*store) == "acquired");
    for (int64_t seq = empty ? 0 : 1; seq < 5; ++seq) BOOST_TEST(saved(*store, seq, "y", seq + 1) == "saved");
    BOOST_TEST(erased(*store) == "erased");
    BOOST_TEST(saved(*store, 0, "z", 1) == "saved");
    BOOST_TEST(loaded(*make_file_store(inside)) == "z");
    BOOST_TEST(read_file(outside).find("\nz") != std::string::npos);
    store.reset();
    BOOST_TEST(umount(mounted.c_str()) == 0);
  }
}

BOOST_AUTO_TEST_CASE(an_overlay_takes_a_copy_of_its_own) {
  Mounted disk;
  for (const char* name : {"lower", "upper", "work", "merged"}) fs::create_directory(disk.temp / name);
  BOOST_TEST(saved(*make_file_store(disk.temp / "lower/store"), 0, "x", 1) == "saved");
  std::string options = "lowerdir=" + (disk.temp / "lower") + ",upperdir=" + (disk.temp / "upper") +
                        ",workdir=" + (disk.temp / "work") + ",userxattr";
  std::string merged = disk.temp / "merged";
  if (mount("overlay", merged.c_str(), "overlay", 0, options.c_str()) != 0 && errno == ENODEV) {
    BOOST_TEST_MESSAGE("this kernel has no overlay file system");
    return;
  }
  auto store = make_file_store(merged + "/store");
  BOOST_TEST(loaded(*store) == "x");
  BOOST_TEST(locked(*store) == "acquired");
  BOOST_TEST(saved(*store, 1, "y", 2) == "saved");
  BOOST_TEST(loaded(*store) == "y");
  BOOST_TEST(locked(*make_file_store(merged + "/store")) == "busy");
  BOOST_TEST(loaded(*make_file_store(disk.temp / "lower/store")) == "x");
  store.reset();
  BOOST_TEST(umount(merged.c_str()) == 0);
}

BOOST_AUTO_TEST_CASE(a_file_of_another_user) {
  Mounted disk;
  std::string folder = disk.temp / "store", file = file_in(folder);
  BOOST_TEST(saved(*make_file_store(folder), 0, "x", 1) == "saved");
  // The root of a user namespace can give nothing away, but the system's own files are somebody else's there.
  if (chown(file.c_str(), 12345, 12345) != 0)
    BOOST_TEST_REQUIRE(mount("/etc/passwd", file.c_str(), nullptr, MS_BIND, nullptr) == 0, strerror(errno));
  std::string before = read_file(file);
  auto store = make_file_store(folder);
  BOOST_TEST(loaded(*store) == "!STORE_PERMISSION");
  BOOST_TEST(locked(*store) == "!STORE_PERMISSION");
  BOOST_TEST(saved(*store, 1, "y", 2) == "!STORE_PERMISSION");
  BOOST_TEST(erased(*store) == "!STORE_PERMISSION");
  Error error = store->load(home_key).error();
  BOOST_TEST(error.message.find("belongs to user ") != std::string::npos, error.message);
  BOOST_TEST(error.advice.find("chown ") != std::string::npos, error.advice);
  BOOST_TEST((read_file(file) == before));
}

BOOST_AUTO_TEST_SUITE_END()

int main(int argc, char* argv[]) {
  if (!take_private_mounts()) {
    std::printf("skipped: this user may not mount anything here (%s)\n", strerror(errno));
    return 77;
  }
  return boost::unit_test::unit_test_main(init_unit_test, argc, argv);
}
