// The file store on a real file system: what it makes, how it goes on when somebody interferes.
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <boost/test/unit_test.hpp>
#include <filesystem>

#include "file_fixture.hpp"
#include "processes.hpp"
#include "store/slot_layout.hpp"
#include "support/virtual_disk.hpp"

using namespace ecoauth;
namespace fs = std::filesystem;

BOOST_FIXTURE_TEST_SUITE(files, FileFixture)

BOOST_AUTO_TEST_CASE(nothing_is_made_before_it_is_needed) {
  BOOST_TEST(loaded(*store) == "none");
  BOOST_TEST(erased(*store) == "nothing");
  BOOST_TEST(listed(*store) == "");
  BOOST_TEST(fs::is_empty(temp.path()));
  BOOST_TEST(locked(*store) == "acquired");
  BOOST_TEST(fs::exists(file));
  BOOST_TEST(loaded(*store) == "none");
}

BOOST_AUTO_TEST_CASE(files_are_0600_and_folders_0700_whatever_the_umask) {
  for (mode_t mask : {0, 077, 0777}) {
    TempFolder other;
    std::string deep = other / "a/b/c";
    mode_t before = umask(mask);
    std::string result = saved(*make_file_store(deep), 0, "x", 1);
    umask(before);
    if (mask == 0777 && geteuid() != 0) continue;  // a folder without any bit cannot even be opened by its maker
    BOOST_TEST(result == "saved");
    BOOST_TEST(mode(deep + "/" + home_key + ".ecoauth") == "0600");
    for (const char* one : {"a", "a/b", "a/b/c"}) BOOST_TEST(mode(other / one) == "0700");
  }
}

BOOST_AUTO_TEST_CASE(the_file_is_text_that_people_can_read) {
  BOOST_TEST(saved(*store, 0, "the record\n", 1) == "saved");
  std::string bytes = read_file(file);
  BOOST_TEST(bytes.size() == slot_layout::file_bytes);
  BOOST_TEST(bytes.substr(0, 40) == "ecoauth-store 1\nslots 3\nslot-size 32768\n");
  size_t at = bytes.find("ecoauth-slot");
  BOOST_TEST(at == 4096 + 32768);  // number 1 goes to slot 1, and the blank in slot 0 is gone
  BOOST_TEST(bytes.substr(at, 42) == "ecoauth-slot 1 seq=1 try=1 size=11 sha256=");
  BOOST_TEST(bytes.substr(at + 42 + 64, 13) == std::string("\nthe record\n\0", 13));
}

BOOST_AUTO_TEST_CASE(one_file_per_key_and_the_same_one_for_ever) {
  BOOST_TEST(saved(*store, 0, "x", 1) == "saved");
  struct stat first, last;
  BOOST_TEST(stat(file.c_str(), &first) == 0);
  for (int64_t seq = 1; seq < 10; ++seq) BOOST_TEST(saved(*store, seq, "x", seq + 1) == "saved");
  BOOST_TEST(erased(*store) == "erased");
  BOOST_TEST(saved(*store, 0, "x", 1) == "saved");
  BOOST_TEST(stat(file.c_str(), &last) == 0);
  BOOST_TEST(first.st_ino == last.st_ino);
  BOOST_TEST(std::distance(fs::directory_iterator(folder), {}) == 1);
}

BOOST_AUTO_TEST_CASE(overwritten_and_erased_records_leave_nothing_behind) {
  std::string canary = "canary-of-a-longer-record";
  BOOST_TEST(saved(*store, 0, std::string(5000, ' ') + canary, 1) == "saved");
  for (int64_t seq = 1; seq < 4; ++seq) BOOST_TEST(saved(*store, seq, "short", seq + 1) == "saved");
  BOOST_TEST(read_file(file).find(canary) == std::string::npos);
  BOOST_TEST(saved(*store, 4, canary, 5) == "saved");
  BOOST_TEST(read_file(file).find(canary) != std::string::npos);
  BOOST_TEST(erased(*store) == "erased");
  BOOST_TEST(read_file(file).find("short") == std::string::npos);
  BOOST_TEST(read_file(file).find(canary) == std::string::npos);
}

BOOST_AUTO_TEST_CASE(limits_of_the_process_are_failures_and_lose_nothing) {
  BOOST_TEST(saved(*store, 0, "x", 1) == "saved");
  Child limited([&] {
    // As on the library's own threads: the signal that comes with the limit is blocked.
    sigset_t blocked;
    sigemptyset(&blocked);
    sigaddset(&blocked, SIGXFSZ);
    pthread_sigmask(SIG_BLOCK, &blocked, nullptr);
    rlimit limit;
    if (getrlimit(RLIMIT_FSIZE, &limit) != 0) return 9;
    limit.rlim_cur = 1000;
    if (setrlimit(RLIMIT_FSIZE, &limit) != 0) return 9;
    if (saved(*store, 0, "x", 1, "new") != "!STORE" || saved(*store, 1, "y", 2) != "!STORE") return 1;
    auto error = store->save("new", 0, Secret("x"), 1).error();
    if (error.advice.find("ulimit -f") == std::string::npos || loaded(*store) != "x") return 2;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return 9;
    limit.rlim_cur = 0;
    if (setrlimit(RLIMIT_NOFILE, &limit) != 0) return 9;
    if (loaded(*store) != "!STORE" || saved(*store, 1, "y", 2) != "!STORE") return 3;
    return store->load(home_key).error().advice.find("ulimit -n") != std::string::npos ? 0 : 4;
  });
  BOOST_TEST(limited.wait() == 0);
  BOOST_TEST(loaded(*store) == "x");
  BOOST_TEST(saved(*store, 1, "y", 2) == "saved");
}

BOOST_AUTO_TEST_CASE(a_folder_without_write_permission_is_enough_for_what_is_in_it) {
  BOOST_TEST(chmod(temp.path().c_str(), 0777) == 0);
  Child user([&] {
    if (geteuid() == 0 && (setegid(12345) != 0 || seteuid(12345) != 0)) return 9;
    if (saved(*store, 0, "x", 1) != "saved" || chmod(folder.c_str(), 0500) != 0) return 1;
    if (saved(*store, 1, "y", 2) != "saved" || loaded(*store) != "y") return 2;
    if (saved(*store, 0, "x", 1, "new") != "!STORE_PERMISSION") return 3;
    return chmod(folder.c_str(), 0700) == 0 ? 0 : 4;
  });
  BOOST_TEST(user.wait() == 0);
}

BOOST_AUTO_TEST_CASE(a_deleted_file_is_made_anew) {
  BOOST_TEST(locked(*store) == "acquired");
  BOOST_TEST(saved(*store, 0, "x", 1) == "saved");
  fs::remove(file);
  BOOST_TEST(loaded(*store) == "none");
  BOOST_TEST(saved(*store, 1, "y", 2) == "conflict");  // load again: there is none
  BOOST_TEST(saved(*store, 0, "y", 1) == "saved");
  BOOST_TEST(loaded(*store) == "y");
  // And the lock is on the new one.
  BOOST_TEST(locked(*make_file_store(folder)) == "busy");
  fs::remove_all(folder);
  BOOST_TEST(saved(*store, 0, "z", 1) == "saved");
  BOOST_TEST(loaded(*store) == "z");
}

BOOST_AUTO_TEST_CASE(a_replaced_file_is_not_written_by_a_lock_on_the_old_one) {
  BOOST_TEST(locked(*store) == "acquired");
  BOOST_TEST(saved(*store, 0, "x", 1) == "saved");
  fs::rename(file, temp / "old");
  auto other = make_file_store(folder);
  BOOST_TEST(locked(*other) == "acquired");
  BOOST_TEST(saved(*other, 0, "of the other", 1) == "saved");
  BOOST_TEST(saved(*store, 1, "y", 2) == "!STORE_LOCKED");
  other->unlock(home_key);
  BOOST_TEST(saved(*store, 1, "y", 2) == "saved");
  BOOST_TEST(loaded(*other) == "y");
}

BOOST_AUTO_TEST_CASE(a_lock_is_on_the_file_that_is_there_whenever_it_was_replaced) {
  int64_t calls = 1;
  for (int64_t at = 1; at <= calls; ++at) {
    VirtualDisk disk;
    BOOST_TEST(saved(*make_file_store("/store", disk), 0, "x", 1) == "saved");
    auto virtual_store = make_file_store("/store", disk);
    int64_t before = disk.calls();
    disk.before_call = [&] {
      if (disk.calls() + 1 == before + at) disk.remove("/store/" + home_key + ".ecoauth");
    };
    std::string first = locked(*virtual_store);
    if (first == "busy") first = locked(*virtual_store);  // the replacement was noticed
    BOOST_TEST_REQUIRE(first == "acquired");
    calls = disk.calls() - before;
    disk.before_call = nullptr;
    BOOST_TEST_REQUIRE(disk.bytes_of("/store/" + home_key + ".ecoauth"), "replaced before call " << at);
    BOOST_TEST_REQUIRE(locked(*make_file_store("/store", disk)) == "busy", "replaced before call " << at);
  }
  BOOST_TEST(calls > 8);
}

BOOST_AUTO_TEST_CASE(a_save_into_a_file_that_is_taken_away_meanwhile_is_none) {
  VirtualDisk disk;
  auto virtual_store = make_file_store("/store", disk);
  BOOST_TEST(locked(*virtual_store) == "acquired");
  BOOST_TEST(saved(*virtual_store, 0, "x", 1) == "saved");
  disk.on_sync = [&] { return disk.remove("/store/" + home_key + ".ecoauth"), 0; };
  BOOST_TEST(saved(*virtual_store, 1, "y", 2) == "conflict");
  disk.on_sync = nullptr;
  BOOST_TEST(loaded(*virtual_store) == "none");
  BOOST_TEST(saved(*virtual_store, 0, "y", 1) == "saved");
  BOOST_TEST(loaded(*virtual_store) == "y");
}

BOOST_AUTO_TEST_CASE(an_empty_file_is_begun_in_its_place) {
  // So that a single file can be mounted into a container.
  make_folder();
  write_file(file, "");
  BOOST_TEST(chmod(file.c_str(), 0600) == 0);
  BOOST_TEST(loaded(*store) == "none");
  BOOST_TEST(listed(*store) == "");
  BOOST_TEST(saved(*store, 0, "x", 1) == "saved");
  BOOST_TEST(loaded(*store) == "x");
}

BOOST_AUTO_TEST_CASE(other_files_in_the_folder_are_no_records) {
  BOOST_TEST(saved(*store, 0, "x", 1) == "saved");
  for (const char* name : {"notes.txt", ".ecoauth", ".hidden.ecoauth", "bad name.ecoauth"})
    write_file(folder + "/" + name, "?");
  BOOST_TEST(listed(*store) == home_key);
}

BOOST_AUTO_TEST_CASE(a_relative_folder_is_meant_from_where_the_store_was_made) {
  std::string before = fs::current_path();
  fs::current_path(temp.path());
  auto relative = make_file_store("relative/");
  fs::current_path(before);
  BOOST_TEST(saved(*relative, 0, "x", 1) == "saved");
  BOOST_TEST(loaded(*make_file_store(temp / "relative")) == "x");
}

BOOST_AUTO_TEST_CASE(a_reader_takes_no_damage_from_a_save_under_way) {
  // The view of a reader whom three saves overtook: two slots torn, and an old record between them.
  VirtualDisk disk;
  auto virtual_store = make_file_store("/store", disk);
  for (int64_t seq = 0; seq < 5; ++seq) saved(*virtual_store, seq, "record " + std::to_string(seq + 1), seq + 1);
  std::string* bytes = disk.bytes_of("/store/" + home_key + ".ecoauth");
  std::string whole = *bytes;
  (*bytes)[4096 + 2 * 32768 + 110] = '?';  // number 5, the newest
  int pauses = 0;
  disk.on_pause = [&] {
    if (++pauses == 3) *bytes = whole;
    if (pauses < 3) (*bytes)[4096 + 2 * 32768 + 111] = static_cast<char>('0' + pauses);
  };
  BOOST_TEST(loaded(*virtual_store) == "record 5");
  BOOST_TEST(pauses == 3);
  // Damage that stays is damage: the record before it serves.
  pauses = 10;
  (*bytes)[4096 + 2 * 32768 + 110] = '?';
  BOOST_TEST(loaded(*virtual_store) == "record 4");
  BOOST_TEST(pauses == 11);
}

BOOST_AUTO_TEST_CASE(a_full_table_of_locks_is_busy_and_not_an_error) {
  VirtualDisk disk;
  auto crowded = make_file_store("/store", disk);
  std::string result;
  int acquired = 0;
  while ((result = locked(*crowded, "key" + std::to_string(acquired))) == "acquired" && acquired < 1000) ++acquired;
  BOOST_TEST(result == "busy");
  BOOST_TEST(acquired == 512);
  crowded->unlock("key0");
  BOOST_TEST(locked(*crowded, "another") == "acquired");
}

BOOST_AUTO_TEST_CASE(a_file_system_that_cannot_sync_folders_will_do) {
  VirtualDisk disk;
  disk.folders_can_be_synced = false;
  auto virtual_store = make_file_store("/a/store", disk);
  BOOST_TEST(saved(*virtual_store, 0, "x", 1) == "saved");
  BOOST_TEST(loaded(*virtual_store) == "x");
}

BOOST_AUTO_TEST_SUITE_END()
