// What the file store will not touch: files and folders that others could have read or written, damage, later versions.
#include <fcntl.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <boost/test/unit_test.hpp>
#include <filesystem>

#include "file_fixture.hpp"
#include "processes.hpp"
#include "support/virtual_disk.hpp"

using namespace ecoauth;
namespace fs = std::filesystem;

namespace {

struct Fixture : FileFixture {
  Error load_error() { return store->load(home_key).error(); }

  /// Everything is refused with this, and with advice that contains `advice`.
  void refused(const std::string& name, const std::string& advice) {
    BOOST_TEST(locked(*store) == "!" + name);
    refused_but_for_the_lock(name, advice);
  }
  void refused_but_for_the_lock(const std::string& name, const std::string& advice) {
    BOOST_TEST(loaded(*store) == "!" + name);
    BOOST_TEST(saved(*store, 0, "new", 1) == "!" + name);
    BOOST_TEST(saved(*store, 1, "new", 2) == "!" + name);
    BOOST_TEST(erased(*store) == "!" + name);
    Error error = load_error();
    BOOST_TEST(error.message.find(folder) != std::string::npos, error.message);
    BOOST_TEST(error.advice.find(advice) != std::string::npos, error.advice);
    BOOST_TEST(error.action == ECOAUTH_ACTION_FIX_STORAGE);
  }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(refusals, Fixture)

BOOST_AUTO_TEST_CASE(a_symbolic_link_is_refused_and_what_it_points_to_untouched) {
  make_folder();
  for (bool dangling : {true, false}) {
    fs::remove(file);
    if (!dangling) write_file(temp / "target", "precious");
    fs::create_symlink(temp / "target", file);
    refused("STORE_PERMISSION", "Put the file itself there");
    BOOST_TEST(fs::exists(temp / "target") == !dangling);
  }
  BOOST_TEST(read_file(temp / "target") == "precious");
}

BOOST_AUTO_TEST_CASE(a_hard_link_is_refused) {
  BOOST_TEST(saved(*store, 0, "x", 1) == "saved");
  fs::create_hard_link(file, temp / "second name");
  std::string before = read_file(file);
  refused("STORE_PERMISSION", "find / -xdev -samefile");
  BOOST_TEST((read_file(file) == before));
  fs::remove(temp / "second name");
  BOOST_TEST(loaded(*store) == "x");
}

BOOST_AUTO_TEST_CASE(what_is_no_regular_file_is_refused_without_opening_it) {
  make_folder();
  fs::create_directory(file);
  refused("STORE_PERMISSION", "ls -ld");
  fs::remove(file);
  BOOST_TEST(mkfifo(file.c_str(), 0600) == 0);
  // Whoever waits for a writer at the FIFO goes on waiting.
  Signal waiting;
  Child reader([&] {
    waiting.give();
    return open(file.c_str(), O_RDONLY) >= 0 ? 1 : 2;
  });
  waiting.take();
  refused("STORE_PERMISSION", "ls -ld");
  int status = 0;
  BOOST_TEST(waitpid(-1, &status, WNOHANG) == 0);
  reader.kill();
  if (geteuid() == 0) {
    fs::remove(file);
    BOOST_TEST_REQUIRE(mknod(file.c_str(), S_IFCHR | 0600, makedev(1, 3)) == 0);
    refused("STORE_PERMISSION", "ls -ld");
  }
}

BOOST_AUTO_TEST_CASE(files_that_others_may_read_or_write_are_refused_and_not_repaired) {
  BOOST_TEST(saved(*store, 0, "x", 1) == "saved");
  std::string before = read_file(file);
  for (mode_t bad : {0640, 0604, 0620, 0602, 0610, 0666, 0777}) {
    BOOST_TEST(chmod(file.c_str(), bad) == 0);
    refused("STORE_PERMISSION", "chmod 600 ");
    BOOST_TEST(listed(*store) == home_key);  // it is there, whatever is wrong with it
    BOOST_TEST(mode(file) != "0600");
  }
  BOOST_TEST(chmod(file.c_str(), 0600) == 0);
  BOOST_TEST((read_file(file) == before));
  BOOST_TEST(loaded(*store) == "x");
}

BOOST_AUTO_TEST_CASE(folders_that_others_may_write_to_are_refused) {
  BOOST_TEST(saved(*store, 0, "x", 1) == "saved");
  for (mode_t bad : {0777, 01777, 0770, 0702}) {
    BOOST_TEST(chmod(folder.c_str(), bad) == 0);
    refused("STORE_PERMISSION", "chmod go-w ");
    BOOST_TEST(listed(*store) == "!STORE_PERMISSION");
  }
  BOOST_TEST(chmod(folder.c_str(), 0755) == 0);
  BOOST_TEST(loaded(*store) == "x");
}

BOOST_AUTO_TEST_CASE(a_file_in_the_folders_place) {
  write_file(folder, "precious");
  refused("STORE", "Choose a folder");
  BOOST_TEST(read_file(folder) == "precious");
}

BOOST_AUTO_TEST_CASE(files_of_other_users_are_refused) {
  if (geteuid() != 0) return;  // only root can make such files; mount_test.cpp does the same without
  BOOST_TEST(saved(*store, 0, "x", 1) == "saved");
  std::string before = read_file(file);
  BOOST_TEST(chown(file.c_str(), 12345, 12345) == 0);
  refused("STORE_PERMISSION", "chown 0 ");
  BOOST_TEST((read_file(file) == before));
  BOOST_TEST(chown(file.c_str(), 0, 0) == 0);
  BOOST_TEST(chmod(temp.path().c_str(), 0755) == 0);
  BOOST_TEST(chmod(folder.c_str(), 0755) == 0);
  Child other([&] {
    if (setegid(12345) != 0 || seteuid(12345) != 0) return 9;
    auto own = make_file_store(folder);
    if (loaded(*own) != "!STORE_PERMISSION" || locked(*own) != "!STORE_PERMISSION") return 1;
    if (saved(*own, 0, "x", 1, "another") != "!STORE_PERMISSION") return 2;
    return 0;
  });
  BOOST_TEST(other.wait() == 0);
  // And a folder of theirs.
  BOOST_TEST(chown(folder.c_str(), 12345, 12345) == 0);
  refused("STORE_PERMISSION", "chown 0 ");
  BOOST_TEST(chown(folder.c_str(), 0, 0) == 0);
  BOOST_TEST((read_file(file) == before));
}

BOOST_AUTO_TEST_CASE(a_file_that_its_owner_may_not_open_says_which_mode_helps) {
  BOOST_TEST(chmod(temp.path().c_str(), 0777) == 0);
  Child user([&] {
    if (geteuid() == 0 && (setegid(12345) != 0 || seteuid(12345) != 0)) return 9;  // root may open everything
    if (saved(*store, 0, "x", 1) != "saved" || chmod(file.c_str(), 0400) != 0) return 1;
    if (loaded(*store) != "x" || locked(*store) != "!STORE_PERMISSION") return 2;
    if (store->try_lock(home_key).error().advice.find("chmod 600 ") == std::string::npos) return 3;
    if (chmod(file.c_str(), 0200) != 0 || loaded(*store) != "!STORE_PERMISSION") return 4;
    return load_error().advice.find("chmod 400 ") != std::string::npos ? 0 : 5;
  });
  BOOST_TEST(user.wait() == 0);
}

BOOST_AUTO_TEST_CASE(damaged_files_are_not_empty_and_not_overwritten) {
  BOOST_TEST(saved(*store, 0, "x", 1) == "saved");
  std::string whole = read_file(file);
  std::string spoilt = whole;
  spoilt[4096 + 32768 + 106] = '?';
  for (const std::string& damage :
       {spoilt, whole.substr(0, 5000), std::string("{\"access_token\":"), std::string(200000, 'x')}) {
    write_file(file, damage);
    refused_but_for_the_lock("STORE_CORRUPT", "restore it from a backup");
    BOOST_TEST(listed(*store) == home_key);
    BOOST_TEST((read_file(file) == damage));
  }
  write_file(file, whole);
  BOOST_TEST(loaded(*store) == "x");
}

BOOST_AUTO_TEST_CASE(files_of_a_later_version_are_left_alone) {
  BOOST_TEST(saved(*store, 0, "x", 1) == "saved");
  std::string later = read_file(file);
  later.replace(0, 16, "ecoauth-store 2\n");
  write_file(file, later);
  refused_but_for_the_lock("STORE_NEWER", "newer version");
  BOOST_TEST((read_file(file) == later));
}

BOOST_AUTO_TEST_CASE(keys_that_are_no_file_names_are_refused) {
  for (const char* bad : {"", ".", "..", ".hidden", "a/b", "../a", "a b", "a\n", "\xc3\xa4"}) {
    BOOST_TEST(loaded(*store, bad) == "!INVALID_ARGUMENT");
    BOOST_TEST(saved(*store, 0, "x", 1, bad) == "!INVALID_ARGUMENT");
    BOOST_TEST(locked(*store, bad) == "!INVALID_ARGUMENT");
    BOOST_TEST(erased(*store, bad) == "!INVALID_ARGUMENT");
  }
  BOOST_TEST(loaded(*store, std::string(101, 'k')) == "!INVALID_ARGUMENT");
  BOOST_TEST(saved(*store, 0, "x", 1, std::string(100, 'k')) == "saved");
  BOOST_TEST(saved(*make_file_store(""), 0, "x", 1) == "!INVALID_ARGUMENT");
}

BOOST_AUTO_TEST_CASE(locks_that_are_none_are_refused_and_reading_goes_on) {
  VirtualDisk disk;
  BOOST_TEST(saved(*make_file_store("/store", disk), 0, "x", 1) == "saved");
  disk.locks_work = false;
  auto lockless = make_file_store("/store", disk);
  BOOST_TEST(locked(*lockless) == "!UNSUPPORTED");
  BOOST_TEST(saved(*lockless, 1, "y", 2) == "!UNSUPPORTED");
  BOOST_TEST(erased(*lockless) == "!UNSUPPORTED");
  BOOST_TEST(loaded(*lockless) == "x");
  BOOST_TEST(listed(*lockless) == home_key);
}

BOOST_AUTO_TEST_CASE(network_file_systems_are_for_reading_unless_allowed) {
  VirtualDisk disk;
  BOOST_TEST(saved(*make_file_store("/store", disk), 0, "x", 1) == "saved");
  for (int64_t type : {0x6969L, 0x517bL, 0xff534d42L, 0xfe534d42L, 0x01021997L, 0x65735546L}) {
    disk.file_system_type = type;
    auto remote = make_file_store("/store", disk);
    BOOST_TEST(locked(*remote) == "!UNSUPPORTED");
    BOOST_TEST(saved(*remote, 1, "y", 2) == "!UNSUPPORTED");
    BOOST_TEST(saved(*remote, 0, "y", 1, "new") == "!UNSUPPORTED");
    BOOST_TEST(disk.bytes_of("/store/new.ecoauth") == nullptr);
    BOOST_TEST(loaded(*remote) == "x");
    BOOST_TEST(locked(*make_file_store("/store", disk, true)) == "acquired");
  }
}

BOOST_AUTO_TEST_SUITE_END()
