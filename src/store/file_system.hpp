// The file system as the file store sees it: one of the four seams that simulations replace.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace ecoauth {

struct FileInfo {
  enum class Kind { regular, folder, link, other };
  Kind kind = Kind::other;
  uint64_t device = 0;
  uint64_t inode = 0;
  uint32_t permissions = 0;  ///< the lower twelve mode bits
  uint32_t owner = 0;
  uint64_t names = 0;  ///< hard links
  int64_t size_bytes = 0;

  bool same_file(const FileInfo& other) const { return device == other.device && inode == other.inode; }
};

/// Thin and literal, so that a virtual disk can stand in for it. Every int result is a negative errno on failure.
/// Interrupted calls may say -EINTR; short reads and writes are possible.
class FileSystem {
 public:
  enum class Open { read, write, create };  ///< write: read and write; create: the same, new and ours alone (0600)

  virtual ~FileSystem() = default;

  /// A descriptor. Never follows a link in the last place, never waits for a peer, is closed by exec.
  virtual int open_file(const std::string& path, Open how) = 0;
  virtual int open_folder(const std::string& path) = 0;
  /// Async-signal-safe.
  virtual void close(int descriptor) noexcept = 0;

  virtual int64_t read_at(int descriptor, void* data, size_t size_bytes, int64_t offset) = 0;
  virtual int64_t write_at(int descriptor, const void* data, size_t size_bytes, int64_t offset) = 0;
  virtual int sync_data(int descriptor) = 0;
  virtual int sync_all(int descriptor) = 0;

  virtual int info(int descriptor, FileInfo& out) = 0;
  virtual int info(const std::string& path, bool follow_link, FileInfo& out) = 0;
  virtual int set_permissions(int descriptor, uint32_t permissions) = 0;

  /// Tries to take the write lock on one byte, owned by the open description; -EAGAIN when somebody else has it.
  virtual int lock_byte(int descriptor, int64_t offset) = 0;
  virtual int unlock_byte(int descriptor, int64_t offset) = 0;

  virtual int make_folder(const std::string& path, uint32_t permissions) = 0;
  virtual int list_folder(const std::string& path, std::vector<std::string>& names) = 0;

  /// statfs f_type, or a negative errno.
  virtual int64_t type_of(const std::string& path) = 0;
  virtual int current_folder(std::string& out) = 0;
  virtual uint32_t effective_user() = 0;
  virtual void pause_ms(int64_t duration_ms) = 0;
};

/// The real one; lives for ever.
FileSystem& posix_file_system();

}  // namespace ecoauth
