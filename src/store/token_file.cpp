#include "store/token_file.hpp"

#include <algorithm>
#include <cerrno>

#include "base/text.hpp"
#include "store/file_error.hpp"
#include "store/slot_layout.hpp"

namespace ecoauth::token_file {
namespace {

std::string octal(uint32_t permissions) {
  std::string text;
  for (int shift = 9; shift >= 0; shift -= 3) text += static_cast<char>('0' + ((permissions >> shift) & 7));
  return text;
}

Error refused(const std::string& path, const std::string& why, const std::string& advice) {
  return make_error(ECOAUTH_ERROR_STORE_PERMISSION,
                    "the token file " + shown(path) + " " + why + "; it was left untouched", advice);
}

Error wrong_owner(const std::string& path, uint32_t owner, uint32_t user) {
  return refused(path, "belongs to user " + to_text(owner) + " and this program runs as user " + to_text(user),
                 "Run as that user, or give it to this one: chown " + to_text(user) + " " + shell_word(path));
}

Error not_regular(const std::string& path) {
  return refused(path, "is not a regular file", "Remove it or choose another folder: ls -ld " + shell_word(path));
}

Error symbolic_link(const std::string& path) {
  return refused(path, "is a symbolic link",
                 "Put the file itself there, or give the folder it points to: ls -l " + shell_word(path));
}

/// Why a file of these properties is not used.
std::optional<Error> check(const std::string& path, const FileInfo& info, uint32_t user) {
  if (info.kind == FileInfo::Kind::link) return symbolic_link(path);
  if (info.kind != FileInfo::Kind::regular) return not_regular(path);
  if (info.owner != user) return wrong_owner(path, info.owner, user);
  if (info.permissions & 0077)
    return refused(path, "is open to other users (mode " + octal(info.permissions) + ")",
                   "If nobody else can have read it: chmod 600 " + shell_word(path));
  if (info.names > 1)
    return refused(path, "has " + to_text(static_cast<int64_t>(info.names)) + " names (hard links)",
                   "Remove the others; this lists them: find / -xdev -samefile " + shell_word(path));
  return std::nullopt;
}

/// Why a file that passed the check cannot be opened all the same.
Error open_error(const std::string& path, FileSystem::Open how, int failure) {
  if (failure == -ELOOP) return symbolic_link(path);
  bool reading = how == FileSystem::Open::read;
  Error error = reading ? file_error("open", path, failure) : write_error("open for writing", path, failure);
  if (failure == -EACCES)
    error.advice =
        "Make it accessible for its owner: chmod " + std::string(reading ? "400 " : "600 ") + shell_word(path);
  return error;
}

}  // namespace

Result<std::optional<Descriptor>> open_existing(FileSystem& fs, const std::string& path, FileSystem::Open how) {
  // Looked at before it is opened: opening a FIFO or a device is already doing something to it.
  FileInfo info;
  int failure = fs.info(path, false, info);
  if (failure == -ENOENT) return std::optional<Descriptor>();
  if (failure < 0) return file_error("examine", path, failure);
  if (auto error = check(path, info, fs.effective_user())) return *error;
  int number = fs.open_file(path, how);
  if (number == -ENOENT) return std::optional<Descriptor>();
  if (number < 0) return open_error(path, how, number);
  Descriptor descriptor(fs, number);
  failure = fs.info(number, info);
  if (failure < 0) return file_error("examine", path, failure);
  if (auto error = check(path, info, fs.effective_user())) return *error;
  return std::optional<Descriptor>(std::move(descriptor));
}

Result<Descriptor> open_or_create(FileSystem& fs, const std::string& path) {
  for (int tries = 0; tries < 100; ++tries) {
    auto existing = open_existing(fs, path, FileSystem::Open::write);
    if (!existing) return existing.error();
    if (existing.value()) return std::move(*existing.value());
    int number = fs.open_file(path, FileSystem::Open::create);
    if (number == -EEXIST) continue;  // somebody else was first, which is as good
    if (number < 0) return write_error("create", path, number);
    Descriptor descriptor(fs, number);
    // The host's umask may have taken even our own bits.
    int failure = fs.set_permissions(number, 0600);
    if (failure < 0) return write_error("set the mode of", path, failure);
    return descriptor;
  }
  return write_error("create", path, -EBUSY);
}

Result<bool> still_there(FileSystem& fs, const std::string& path, int descriptor) {
  FileInfo open_one, named_one;
  int failure = fs.info(descriptor, open_one);
  if (failure == 0) failure = fs.info(path, false, named_one);
  if (failure == -ENOENT) return false;
  if (failure < 0) return file_error("examine", path, failure);
  return open_one.same_file(named_one);
}

Result<Secret> read_all(FileSystem& fs, const std::string& path, int descriptor) {
  Secret bytes;
  bytes.reserve(slot_layout::file_bytes);
  char piece[8192];
  std::optional<Error> error;
  while (bytes.size() < slot_layout::file_bytes) {
    size_t wanted = std::min(sizeof piece, slot_layout::file_bytes - bytes.size());
    int64_t count = fs.read_at(descriptor, piece, wanted, static_cast<int64_t>(bytes.size()));
    if (count == -EINTR) continue;
    if (count < 0) error = file_error("read", path, static_cast<int>(count));
    if (count <= 0) break;
    bytes.append({piece, static_cast<size_t>(count)});
  }
  wipe(piece, sizeof piece);
  if (error) return *error;
  return bytes;
}

std::optional<Error> write_all(FileSystem& fs, const std::string& path, int descriptor, std::string_view bytes,
                               int64_t offset) {
  while (!bytes.empty()) {
    int64_t count = fs.write_at(descriptor, bytes.data(), bytes.size(), offset);
    if (count == -EINTR) continue;
    if (count == 0) count = -ENOSPC;  // no progress and no reason: not to be tried for ever
    if (count < 0) return write_error("write", path, static_cast<int>(count));
    bytes.remove_prefix(static_cast<size_t>(count));
    offset += count;
  }
  return std::nullopt;
}

std::optional<Error> sync(FileSystem& fs, const std::string& path, int descriptor) {
  int failure = fs.sync_data(descriptor);
  if (failure < 0) return write_error("save durably to", path, failure);
  return std::nullopt;
}

std::optional<Error> refuse_network(FileSystem& fs, const std::string& path, const std::string& folder) {
  struct Type {
    int64_t magic;
    const char* name;
  };
  static const Type types[] = {{0x6969, "NFS"},        {0x517b, "SMB"},       {0xff534d42, "SMB"},
                               {0xfe534d42, "SMB"},    {0x01021997, "9p"},    {0x65735546, "FUSE"},
                               {0x5346414f, "AFS"},    {0x73757245, "Coda"},  {0x00c36400, "Ceph"},
                               {0x0bd00bd0, "Lustre"}, {0x786f4256, "vboxsf"}};
  int64_t found = fs.type_of(path);
  if (found == -ENOENT) found = fs.type_of(folder);
  if (found < 0) return file_error("examine the file system of", path, static_cast<int>(found));
  for (const Type& type : types)
    if (found == type.magic)
      return make_error(ECOAUTH_ERROR_UNSUPPORTED,
                        "the token file " + shown(path) + " is on a file system of type " + type.name +
                            ", whose locks may not keep other machines or processes out; it can be read only",
                        "Put the store on a local disk. A program may allow it with ecoauth_store_allow_network().");
  return std::nullopt;
}

}  // namespace ecoauth::token_file
