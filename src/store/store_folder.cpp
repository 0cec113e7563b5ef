#include "store/store_folder.hpp"

#include <algorithm>
#include <cerrno>

#include "base/text.hpp"
#include "store/descriptor.hpp"
#include "store/file_error.hpp"

namespace ecoauth {
namespace {

constexpr std::string_view suffix = ".ecoauth";

bool valid_key(std::string_view key) {
  if (key.empty() || key.size() > 100 || key[0] == '.') return false;
  return std::all_of(key.begin(), key.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' ||
           c == '-';
  });
}

std::string parent_of(const std::string& path) {
  size_t slash = path.rfind('/');
  return slash == 0 || slash == std::string::npos ? "/" : path.substr(0, slash);
}

int sync_one(FileSystem& fs, const std::string& path) {
  int number = fs.open_folder(path);
  if (number < 0) return number;
  Descriptor descriptor(fs, number);
  int failure = fs.sync_all(number);
  return failure == -EINVAL ? 0 : failure;  // a file system that knows no such thing
}

/// Makes the folder and what is missing above it, each for us alone.
int make_with_parents(FileSystem& fs, const std::string& path) {
  FileInfo info;
  int found = fs.info(path, true, info);
  if (found != -ENOENT) return found;
  int failure = make_with_parents(fs, parent_of(path));
  if (failure < 0) return failure;
  failure = fs.make_folder(path, 0700);
  if (failure == -EEXIST) return 0;
  if (failure < 0) return failure;
  // The host's umask may have taken even our own bits.
  int number = fs.open_folder(path);
  if (number < 0) return number;
  Descriptor descriptor(fs, number);
  return fs.set_permissions(number, 0700);
}

}  // namespace

StoreFolder::StoreFolder(std::string folder, FileSystem& fs) : path_(std::move(folder)), fs_(fs) {
  if (path_.empty() || path_.find('\0') != std::string::npos) {
    unusable_ = make_error(ECOAUTH_ERROR_INVALID_ARGUMENT, "the store's folder has no usable name");
    return;
  }
  if (path_[0] != '/') {
    std::string here;
    int failure = fs_.current_folder(here);
    if (failure < 0) {
      unusable_ = file_error("find the folder that is meant by", path_, failure);
      return;
    }
    path_ = here + (here.back() == '/' ? "" : "/") + path_;
  }
  while (path_.size() > 1 && path_.back() == '/') path_.pop_back();
}

Result<std::string> StoreFolder::file_of(const std::string& key) const {
  if (unusable_) return *unusable_;
  if (!valid_key(key)) return make_error(ECOAUTH_ERROR_INVALID_ARGUMENT, "not a store key: " + shown(printable(key)));
  return (path_ == "/" ? "" : path_) + "/" + key + std::string(suffix);
}

Result<std::vector<std::string>> StoreFolder::keys() const {
  if (unusable_) return *unusable_;
  std::vector<std::string> names, keys;
  int failure = fs_.list_folder(path_, names);
  if (failure == -ENOENT) return keys;
  if (failure < 0) return file_error("list", path_, failure);
  for (const std::string& name : names) {
    if (name.size() <= suffix.size() || name.compare(name.size() - suffix.size(), suffix.size(), suffix) != 0) continue;
    std::string key = name.substr(0, name.size() - suffix.size());
    if (valid_key(key)) keys.push_back(key);
  }
  std::sort(keys.begin(), keys.end());
  return keys;
}

Result<bool> StoreFolder::check() const {
  if (unusable_) return *unusable_;
  FileInfo info;
  int failure = fs_.info(path_, true, info);
  if (failure == -ENOENT) return false;
  if (failure < 0) return file_error("examine the folder", path_, failure);
  if (info.kind != FileInfo::Kind::folder) return file_error("use as a folder", path_, ENOTDIR);
  uint32_t user = fs_.effective_user();
  if (info.owner != user && info.owner != 0)
    return make_error(ECOAUTH_ERROR_STORE_PERMISSION,
                      "the store's folder " + shown(path_) + " belongs to user " + to_text(info.owner) +
                          " and this program runs as user " + to_text(user),
                      "Run as that user, or give it to this one: chown " + to_text(user) + " " + shell_word(path_));
  if (info.permissions & 0022)
    return make_error(ECOAUTH_ERROR_STORE_PERMISSION, "other users can write to the store's folder " + shown(path_),
                      "Keep them out: chmod go-w " + shell_word(path_));
  return true;
}

std::optional<Error> StoreFolder::make() const {
  auto there = check();
  if (!there) return there.error();
  if (there.value()) return std::nullopt;
  int failure = make_with_parents(fs_, path_);
  if (failure < 0) return write_error("make the folder", path_, failure);
  there = check();
  if (!there) return there.error();
  return std::nullopt;
}

std::optional<Error> StoreFolder::sync() const {
  int failure = sync_one(fs_, path_);
  if (failure < 0) return write_error("save durably to the folder", path_, failure);
  // And the names of the folders above that may be as new as this one: those that are ours.
  FileInfo info;
  for (std::string folder = path_; folder != "/"; folder = parent_of(folder)) {
    failure = fs_.info(folder, true, info);
    if (failure < 0) return write_error("examine the folder", folder, failure);
    if (info.owner != fs_.effective_user()) break;
    failure = sync_one(fs_, parent_of(folder));
    if (failure == -EACCES || failure == -EROFS) break;  // not to be opened, or nothing new in it
    if (failure < 0) return write_error("save durably to the folder", parent_of(folder), failure);
  }
  return std::nullopt;
}

}  // namespace ecoauth
