#include "store/file_lock.hpp"

#include <cerrno>

#include "store/file_error.hpp"
#include "store/slot_layout.hpp"
#include "store/token_file.hpp"

namespace ecoauth {
namespace {

Error no_locks(const std::string& path, const std::string& why) {
  return make_error(ECOAUTH_ERROR_UNSUPPORTED,
                    "the token file " + shown(path) + " cannot be locked: " + why + "; it can be read only",
                    "Put the store on a local disk.");
}

/// Does the lock keep a second description out? Some file systems say yes to everybody.
std::optional<Error> self_test(FileSystem& fs, const std::string& path) {
  auto second = token_file::open_existing(fs, path, FileSystem::Open::write);
  if (!second) return second.error();
  if (!second.value()) return std::nullopt;  // gone: the caller finds out
  int result = fs.lock_byte(second.value()->get(), slot_layout::lock_offset);
  if (result == -EAGAIN) return std::nullopt;
  if (result < 0) return file_error("lock", path, result);
  fs.unlock_byte(second.value()->get(), slot_layout::lock_offset);
  return no_locks(path, "the file system gives the same lock twice");
}

}  // namespace

Result<std::optional<FileLock>> FileLock::take(FileSystem& fs, LockTable& table, const std::string& path,
                                               Descriptor file, const process_guard::ForkWatch& before) {
  std::optional<FileLock> none;
  int place = table.add(file.get());
  if (place < 0) return none;
  FileLock lock(fs, table, place);
  int descriptor = file.release();
  if (before.forked()) return none;
  int result = fs.lock_byte(descriptor, slot_layout::lock_offset);
  if (result == -EAGAIN) return none;
  if (result == -EINVAL || result == -ENOLCK || result == -ENOSYS || result == -EOPNOTSUPP)
    return no_locks(path, errno_text(result));
  if (result < 0) return file_error("lock", path, result);
  auto test = self_test(fs, path);
  // A file that was replaced meanwhile fails the test for no fault of its own.
  auto there = token_file::still_there(fs, path, descriptor);
  if (!there) return there.error();
  if (!there.value()) return none;
  if (test) return *test;
  return std::optional<FileLock>(std::move(lock));
}

FileLock::~FileLock() {
  if (place_ < 0) return;
  // Unlocked in so many words, and only then forgotten: a child that forks off now may keep a copy of the descriptor.
  int descriptor = table_->descriptor(place_);
  if (descriptor < 0) return;
  fs_->unlock_byte(descriptor, slot_layout::lock_offset);
  if (table_->remove(place_) >= 0) fs_->close(descriptor);
}

}  // namespace ecoauth
