#include "store/key_file.hpp"

#include <cerrno>

#include "base/text.hpp"
#include "store/descriptor.hpp"
#include "store/file_error.hpp"
#include "store/key_list.hpp"

namespace ecoauth {
namespace {

std::string folder_of(const std::string& path) {
  const size_t slash = path.rfind('/');
  return slash == 0 || slash == std::string::npos ? "/" : path.substr(0, slash);
}

class FileKeys final : public KeySource {
 public:
  FileKeys(std::string path, FileSystem& fs) : path_(std::move(path)), fs_(fs) {}

  Result<SealKey> current_key() override {
    auto keys = read();
    if (!keys) return keys.error();
    return std::move(keys.value().front());
  }
  Result<SealKey> key_of(const std::string& id) override {
    auto keys = read();
    if (!keys) return keys.error();
    return pick_key(keys.value(), id, name());
  }

 private:
  std::string name() const { return "the key file " + shown(path_); }

  Error refused(const std::string& why, const std::string& advice) const {
    return make_error(ECOAUTH_ERROR_STORE_PERMISSION, name() + " " + why, advice);
  }

  /// Why nobody should trust in what the folder says is the file.
  std::optional<Error> check_folder() const {
    const std::string folder = folder_of(path_);
    FileInfo info;
    const int failure = fs_.info(folder, true, info);
    if (failure == -ENOENT) return missing();
    if (failure < 0) return file_error("examine the folder", folder, failure);
    if ((info.owner != fs_.effective_user() && info.owner != 0) || (info.permissions & 0022))
      return refused("is in a folder in which other users can replace it",
                     "Move it into a folder that only its owner can write to: ls -ld " + shell_word(folder));
    return std::nullopt;
  }

  std::optional<Error> check(const FileInfo& info) const {
    const uint32_t user = fs_.effective_user();
    if (info.kind == FileInfo::Kind::link)
      return refused("is a symbolic link", "Give the file it points to: readlink -f " + shell_word(path_));
    if (info.kind != FileInfo::Kind::regular)
      return refused("is not a regular file", "Give a regular file; a pipe can be given as a descriptor.");
    if (info.owner != user && info.owner != 0)
      return refused("belongs to user " + to_text(info.owner) + " and this program runs as user " + to_text(user),
                     "Give it to this user: chown " + to_text(user) + " " + shell_word(path_));
    // systemd lets one user read root's file by an access list, and that shows as bits of the group.
    const uint32_t others = info.owner == 0 && user != 0 ? 0037 : 0077;
    if (info.permissions & others)
      return refused("is open to other users",
                     "If nobody else can have read it: chmod 400 " + shell_word(path_) + "; else replace the key.");
    if (info.names > 1)
      return refused("has other names (hard links)", "Remove them: find / -xdev -samefile " + shell_word(path_));
    return std::nullopt;
  }

  Error missing() const {
    return key_error(name() + " is not there",
                     "Put it back. Only if there has never been a key, make one: (umask 077; openssl rand -hex 32 > " +
                         shell_word(path_) + ")");
  }

  Result<std::vector<SealKey>> read() {
    if (auto error = check_folder()) return *error;
    FileInfo info;
    int failure = fs_.info(path_, false, info);
    if (failure == -ENOENT) return missing();
    if (failure < 0) return file_error("examine the key file", path_, failure);
    if (auto error = check(info)) return *error;
    const int number = fs_.open_file(path_, FileSystem::Open::read);
    if (number == -ENOENT) return missing();
    if (number < 0) return file_error("open the key file", path_, number);
    Descriptor descriptor(fs_, number);
    failure = fs_.info(number, info);
    if (failure < 0) return file_error("examine the key file", path_, failure);
    if (auto error = check(info)) return *error;
    Secret bytes;
    bytes.reserve(longest_key_list_bytes + 1);
    char piece[256];
    int64_t count = 0;
    do {
      count = fs_.read_at(number, piece, sizeof piece, static_cast<int64_t>(bytes.size()));
      if (count > 0) bytes.append({piece, static_cast<size_t>(count)});
    } while ((count > 0 || count == -EINTR) && bytes.size() <= longest_key_list_bytes);
    wipe(piece, sizeof piece);
    if (count < 0) return file_error("read the key file", path_, static_cast<int>(count));
    return parse_keys(bytes.reveal(), name());
  }

  const std::string path_;
  FileSystem& fs_;
};

}  // namespace

std::unique_ptr<KeySource> make_file_keys(std::string path, FileSystem& fs) {
  return std::make_unique<FileKeys>(std::move(path), fs);
}

}  // namespace ecoauth
