#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <climits>
#include <thread>

#include "store/file_system.hpp"

namespace ecoauth {
namespace {

int result_of(int result) { return result < 0 ? -errno : result; }

void fill(const struct stat& from, FileInfo& to) {
  to.kind = S_ISREG(from.st_mode)   ? FileInfo::Kind::regular
            : S_ISDIR(from.st_mode) ? FileInfo::Kind::folder
            : S_ISLNK(from.st_mode) ? FileInfo::Kind::link
                                    : FileInfo::Kind::other;
  to.device = static_cast<uint64_t>(from.st_dev);
  to.inode = static_cast<uint64_t>(from.st_ino);
  to.permissions = from.st_mode & 07777;
  to.owner = from.st_uid;
  to.names = static_cast<uint64_t>(from.st_nlink);
  to.size_bytes = from.st_size;
}

int open_uninterrupted(const std::string& path, int flags) {
  int result;
  do result = result_of(::open(path.c_str(), flags, 0600));
  while (result == -EINTR);
  return result;
}

int set_lock(int descriptor, int64_t offset, short type) {
  struct flock lock = {};
  lock.l_type = type;
  lock.l_whence = SEEK_SET;
  lock.l_start = offset;
  lock.l_len = 1;
  int result = result_of(fcntl(descriptor, F_OFD_SETLK, &lock));
  return result == -EACCES ? -EAGAIN : result;
}

class PosixFileSystem final : public FileSystem {
 public:
  int open_file(const std::string& path, Open how) override {
    int flags = O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY;
    flags |= how == Open::read ? O_RDONLY : O_RDWR;
    if (how == Open::create) flags |= O_CREAT | O_EXCL;
    return open_uninterrupted(path, flags);
  }

  int open_folder(const std::string& path) override {
    return open_uninterrupted(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  }

  void close(int descriptor) noexcept override { ::close(descriptor); }

  int64_t read_at(int descriptor, void* data, size_t size_bytes, int64_t offset) override {
    ssize_t count = pread(descriptor, data, size_bytes, offset);
    return count < 0 ? -errno : count;
  }
  int64_t write_at(int descriptor, const void* data, size_t size_bytes, int64_t offset) override {
    ssize_t count = pwrite(descriptor, data, size_bytes, offset);
    return count < 0 ? -errno : count;
  }
  int sync_data(int descriptor) override { return result_of(fdatasync(descriptor)); }
  int sync_all(int descriptor) override { return result_of(fsync(descriptor)); }

  int info(int descriptor, FileInfo& out) override {
    struct stat status;
    int result = result_of(fstat(descriptor, &status));
    if (result == 0) fill(status, out);
    return result;
  }
  int info(const std::string& path, bool follow_link, FileInfo& out) override {
    struct stat status;
    int result = result_of(follow_link ? stat(path.c_str(), &status) : lstat(path.c_str(), &status));
    if (result == 0) fill(status, out);
    return result;
  }
  int set_permissions(int descriptor, uint32_t permissions) override {
    return result_of(fchmod(descriptor, static_cast<mode_t>(permissions)));
  }

  int lock_byte(int descriptor, int64_t offset) override { return set_lock(descriptor, offset, F_WRLCK); }
  int unlock_byte(int descriptor, int64_t offset) override { return set_lock(descriptor, offset, F_UNLCK); }

  int make_folder(const std::string& path, uint32_t permissions) override {
    return result_of(mkdir(path.c_str(), static_cast<mode_t>(permissions)));
  }

  int list_folder(const std::string& path, std::vector<std::string>& names) override {
    DIR* folder = opendir(path.c_str());
    if (!folder) return -errno;
    errno = 0;
    while (struct dirent* entry = readdir(folder)) {
      names.emplace_back(entry->d_name);
      errno = 0;
    }
    int failure = errno;
    closedir(folder);
    return -failure;
  }

  int64_t type_of(const std::string& path) override {
    struct statfs status;
    if (statfs(path.c_str(), &status) < 0) return -errno;
    return static_cast<int64_t>(static_cast<uint32_t>(status.f_type));
  }

  int current_folder(std::string& out) override {
    char buffer[PATH_MAX];
    if (!getcwd(buffer, sizeof buffer)) return -errno;
    out = buffer;
    return 0;
  }
  uint32_t effective_user() override { return geteuid(); }
  void pause_ms(int64_t duration_ms) override { std::this_thread::sleep_for(std::chrono::milliseconds(duration_ms)); }
};

}  // namespace

FileSystem& posix_file_system() {
  // Never destroyed: a worker may still be saving while the process ends.
  static FileSystem* instance = new PosixFileSystem;
  return *instance;
}

}  // namespace ecoauth
