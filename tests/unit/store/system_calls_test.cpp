// What reaches the kernel: the functions of the C library are replaced by ones that count, fail on demand, and do the
// same.
#define BOOST_TEST_MODULE store_system_calls
#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <boost/test/unit_test.hpp>
#include <cerrno>
#include <cstdarg>
#include <set>
#include <string>

#include "file_fixture.hpp"
#include "store/file_system.hpp"

using namespace ecoauth;

namespace {

std::string trace;         // a letter for each call: Open, Read, Write, Data sync, Sync
std::set<int> opened_how;  // the flags of open()
bool interrupts = false;   // every second call is interrupted
int sync_error = 0;        // of every sync

bool interrupted_now() {
  static bool last = false;
  last = interrupts && !last;
  if (last) errno = EINTR;
  return last;
}

void begin() {
  trace.clear();
  opened_how.clear();
  interrupts = false;
  sync_error = 0;
}

}  // namespace

extern "C" {

int open(const char* path, int flags, ...) {
  va_list rest;
  va_start(rest, flags);
  const int mode = flags & O_CREAT ? va_arg(rest, int) : 0;
  va_end(rest);
  trace += 'O';
  opened_how.insert(flags);
  return interrupted_now() ? -1 : static_cast<int>(syscall(SYS_openat, AT_FDCWD, path, flags, mode));
}

ssize_t pread(int descriptor, void* data, size_t size, off_t offset) {
  trace += 'R';
  return interrupted_now() ? -1 : syscall(SYS_pread64, descriptor, data, size, offset);
}

ssize_t pwrite(int descriptor, const void* data, size_t size, off_t offset) {
  trace += 'W';
  return interrupted_now() ? -1 : syscall(SYS_pwrite64, descriptor, data, size, offset);
}

int fdatasync(int descriptor) {
  trace += 'D';
  errno = sync_error;
  return sync_error ? -1 : static_cast<int>(syscall(SYS_fdatasync, descriptor));
}

int fsync(int descriptor) {
  trace += 'S';
  errno = sync_error;
  return sync_error ? -1 : static_cast<int>(syscall(SYS_fsync, descriptor));
}
}

BOOST_FIXTURE_TEST_SUITE(system_calls, FileFixture)

BOOST_AUTO_TEST_CASE(a_record_is_synced_after_it_is_written_and_new_names_before) {
  begin();
  BOOST_TEST(saved(*store, 0, "first", 1) == "saved");
  BOOST_TEST(trace.find('S') < trace.find('W'), "the folders come first: " << trace);
  begin();
  BOOST_TEST(saved(*store, 1, "second", 2) == "saved");
  BOOST_TEST(trace.find("WD") != std::string::npos, trace);
  BOOST_TEST(trace.rfind('W') < trace.rfind('D'), trace);
}

BOOST_AUTO_TEST_CASE(a_sync_that_fails_is_no_success_and_not_done_again) {
  begin();
  BOOST_TEST(saved(*store, 0, "first", 1) == "saved");
  for (const int error : {EIO, EINTR}) {
    begin();
    sync_error = error;
    BOOST_TEST(saved(*store, 1, "second", 2) == "!STORE");
    BOOST_TEST(trace.find("DD") == std::string::npos, trace);
  }
  begin();
  BOOST_TEST(loaded(*store) == "first");
  FileSystem& real = posix_file_system();
  const int descriptor = real.open_folder(folder);
  sync_error = EIO;
  BOOST_TEST(real.sync_all(descriptor) == -EIO);
  BOOST_TEST(real.sync_data(descriptor) == -EIO);
  real.close(descriptor);
}

BOOST_AUTO_TEST_CASE(interrupted_calls_are_made_again) {
  begin();
  interrupts = true;
  BOOST_TEST(locked(*store) == "acquired");
  for (int64_t seq = 0; seq < 4; ++seq) {
    const std::string record = "record " + std::to_string(seq);
    BOOST_TEST(saved(*store, seq, record, seq + 1) == "saved");
    BOOST_TEST(loaded(*store) == record);
  }
  for (const char* twice : {"OO", "RR", "WW"})
    BOOST_TEST(trace.find(twice) != std::string::npos, twice << " in " << trace);
}

BOOST_AUTO_TEST_CASE(descriptors_end_with_exec_and_links_are_not_followed) {
  begin();
  BOOST_TEST(saved(*store, 0, "first", 1) == "saved");
  BOOST_TEST(loaded(*store) == "first");
  BOOST_TEST(opened_how.size() >= 3u);  // to make, to write, to read, and folders
  for (const int flags : opened_how) {
    BOOST_TEST((flags & O_CLOEXEC) != 0);
    // Who may change the folders above us may do what they like anyway.
    BOOST_TEST((flags & (O_NOFOLLOW | O_DIRECTORY)) != 0);
    BOOST_TEST((flags & O_TRUNC) == 0);
  }
}

BOOST_AUTO_TEST_SUITE_END()
