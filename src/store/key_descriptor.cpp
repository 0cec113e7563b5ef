#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <mutex>
#include <optional>

#include "base/text.hpp"
#include "store/file_error.hpp"
#include "store/key_file.hpp"
#include "store/key_list.hpp"

namespace ecoauth {
namespace {

using SteadyClock = std::chrono::steady_clock;

/// For a writer that has to ask a person for a password first.
constexpr std::chrono::seconds patience{60};

class DescriptorKeys final : public KeySource {
 public:
  explicit DescriptorKeys(int descriptor) : descriptor_(descriptor) {}
  ~DescriptorKeys() override { done(); }
  DescriptorKeys(const DescriptorKeys&) = delete;
  DescriptorKeys& operator=(const DescriptorKeys&) = delete;

  Result<SealKey> current_key() override {
    std::lock_guard guard(mutex_);
    if (auto error = read_once()) return *error;
    return keys_.front().clone();
  }
  Result<SealKey> key_of(const std::string& id) override {
    std::lock_guard guard(mutex_);
    if (auto error = read_once()) return *error;
    return pick_key(keys_, id, name);
  }

 private:
  static constexpr const char* name = "what was read from the key's descriptor";

  void done() {
    if (descriptor_ >= 0) close(descriptor_);
    descriptor_ = -1;
  }

  std::optional<Error> read_once() {
    if (!keys_.empty()) return std::nullopt;
    if (descriptor_ < 0) return failure_;
    if (auto error = check()) return error;
    if (auto error = read_all()) return error;
    auto keys = parse_keys(bytes_.reveal(), name);
    bytes_.clear();
    done();
    if (keys)
      keys_ = std::move(keys.value());
    else
      failure_ = keys.error();
    return failure_;
  }

  /// A file that others can read by its name is as bad here as there; pipes, sockets and memory have none.
  std::optional<Error> check() const {
    struct stat info;
    if (fstat(descriptor_, &info) != 0)
      return key_error("the key's descriptor cannot be examined: " + errno_text(errno), "Open it anew.");
    const bool file = S_ISREG(info.st_mode), stream = S_ISFIFO(info.st_mode) || S_ISSOCK(info.st_mode);
    if (!file && !stream)
      return make_error(ECOAUTH_ERROR_STORE_PERMISSION, "the key's descriptor is of neither a file nor a pipe",
                        "Open a file, a pipe or a socket for it.");
    if ((fcntl(descriptor_, F_GETFL) & O_ACCMODE) == O_WRONLY)
      return key_error("the key's descriptor can only be written to", "Give the end that is read from.");
    const bool named = info.st_nlink > 0 && !S_ISSOCK(info.st_mode);
    const bool owned = info.st_uid == geteuid() || info.st_uid == 0;
    const mode_t others = info.st_uid == 0 && geteuid() != 0 ? 0037 : 0077;
    if (named && (!owned || (info.st_mode & others)))
      return make_error(ECOAUTH_ERROR_STORE_PERMISSION, "the key's descriptor is of a file that is open to other users",
                        "Make it accessible for its owner alone (chmod 400).");
    return std::nullopt;
  }

  std::optional<Error> read_all() {
    const auto end = SteadyClock::now() + patience;
    const bool has_place = lseek(descriptor_, 0, SEEK_CUR) >= 0;
    if (has_place) bytes_.clear();
    char piece[256];
    ssize_t count = 1;
    while (count != 0 && bytes_.size() <= longest_key_list_bytes) {
      const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(end - SteadyClock::now()).count();
      pollfd waited{descriptor_, POLLIN, 0};
      const int ready = poll(&waited, 1, static_cast<int>(std::max<int64_t>(left, 0)));
      if (ready < 0) continue;
      if (ready == 0) {
        wipe(piece, sizeof piece);
        return key_error("nobody has written the key to its descriptor, and closed that, within a minute",
                         "Look at the program that writes it.");
      }
      count = has_place ? pread(descriptor_, piece, sizeof piece, static_cast<off_t>(bytes_.size()))
                        : ::read(descriptor_, piece, sizeof piece);
      if (count > 0) bytes_.append({piece, static_cast<size_t>(count)});
      if (count < 0 && errno != EINTR && errno != EAGAIN) {
        const int error = errno;
        wipe(piece, sizeof piece);
        return key_error("the key cannot be read from its descriptor: " + errno_text(error), "Open it for reading.");
      }
    }
    wipe(piece, sizeof piece);
    return std::nullopt;
  }

  std::mutex mutex_;
  int descriptor_;
  Secret bytes_;  // of a pipe, what has come so far
  std::vector<SealKey> keys_;
  std::optional<Error> failure_;  // for good: what came was no key
};

}  // namespace

std::unique_ptr<KeySource> make_descriptor_keys(int descriptor) {
  const int copy = fcntl(descriptor, F_DUPFD_CLOEXEC, 3);
  return copy < 0 ? nullptr : std::make_unique<DescriptorKeys>(copy);
}

}  // namespace ecoauth
