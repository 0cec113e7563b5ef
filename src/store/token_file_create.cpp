// How a token file comes into being: complete under a temporary name, durable, then renamed without replacing.
#include <atomic>
#include <cerrno>

#include "base/text.hpp"
#include "store/file_error.hpp"
#include "store/slot_layout.hpp"
#include "store/token_file.hpp"

namespace ecoauth::token_file {
namespace {

/// Temporary names are ".<name>.<pid>.<n>.tmp"; whoever writes one holds its lock.
std::string temporary_prefix(const std::string& path) {
  size_t slash = path.rfind('/');
  return path.substr(0, slash + 1) + "." + path.substr(slash + 1) + ".";
}

/// Removes what creators that died have left. A living creator holds its file's lock; one that has not come so far yet notices
/// the loss when it renames, and starts again.
void clean_up(FileSystem& fs, const std::string& folder, const std::string& path, LockTable& locks) {
  std::vector<std::string> names;
  if (fs.list_folder(folder, names) < 0) return;
  std::string prefix = temporary_prefix(path);
  for (const std::string& name : names) {
    std::string whole = path.substr(0, path.rfind('/') + 1) + name;
    bool ours = starts_with(whole, prefix) && whole.size() > 4 && whole.compare(whole.size() - 4, 4, ".tmp") == 0;
    if (!ours) continue;
    auto file = open_existing(fs, whole, FileSystem::Open::write);
    if (!file || !file.value()) continue;
    int place = locks.add(file.value()->get());
    if (place < 0) continue;
    if (fs.lock_byte(file.value()->get(), slot_layout::lock_offset) == 0) {
      fs.unlink(whole);
      fs.unlock_byte(file.value()->get(), slot_layout::lock_offset);
    }
    locks.remove(place);
  }
}

/// Fills the new file and makes it durable under its temporary name.
std::optional<Error> fill(FileSystem& fs, const std::string& temporary, int descriptor, bool allow_network) {
  if (!allow_network)
    if (auto error = refuse_network(fs, temporary, descriptor)) return error;
  int failure = fs.set_permissions(descriptor, 0600);
  if (failure < 0) return write_error("set the mode of", temporary, failure);
  if (auto error = write_all(fs, temporary, descriptor, slot_layout::new_file_image().reveal(), 0)) return error;
  failure = fs.sync_all(descriptor);
  if (failure < 0) return write_error("save durably to", temporary, failure);
  return std::nullopt;
}

std::optional<Error> sync_folder(FileSystem& fs, const std::string& folder) {
  int number = fs.open_folder(folder);
  if (number < 0) return write_error("open", folder, number);
  Descriptor descriptor(fs, number);
  int failure = fs.sync_all(number);
  if (failure < 0) return write_error("save durably to", folder, failure);
  return std::nullopt;
}

}  // namespace

std::optional<Error> create(FileSystem& fs, const std::string& folder, const std::string& path, LockTable& locks,
                            bool allow_network) {
  static std::atomic<uint32_t> counter{0};
  clean_up(fs, folder, path, locks);
  for (int tries = 0; tries < 100; ++tries) {
    std::string temporary =
        temporary_prefix(path) + to_text(fs.process_id()) + "." + to_text(counter.fetch_add(1)) + ".tmp";
    int number = fs.open_file(temporary, FileSystem::Open::create);
    if (number == -EEXIST) continue;
    if (number < 0) return write_error("create", temporary, number);
    int place = locks.add(number);
    Descriptor descriptor(fs, number);
    if (place >= 0) fs.lock_byte(number, slot_layout::lock_offset);
    auto error = fill(fs, temporary, number, allow_network);
    int moved = error ? -EIO : fs.rename_to_new(temporary, path);
    if (moved < 0) fs.unlink(temporary);
    if (place >= 0) {
      fs.unlock_byte(number, slot_layout::lock_offset);
      locks.remove(place);
    }
    if (error) return error;
    if (moved == -ENOENT) continue;  // cleaned up by somebody who took us for dead
    if (moved < 0 && moved != -EEXIST) return write_error("create", path, moved);
    return sync_folder(fs, folder);
  }
  return write_error("create", path, -EEXIST);
}

}  // namespace ecoauth::token_file
