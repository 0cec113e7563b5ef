#include "store/file_store.hpp"

#include <array>
#include <map>
#include <mutex>
#include <utility>

#include "store/file_error.hpp"
#include "store/file_lock.hpp"
#include "store/lock_table.hpp"
#include "store/slot_layout.hpp"
#include "store/slot_writer.hpp"
#include "store/store_folder.hpp"
#include "store/token_file.hpp"

namespace ecoauth {
namespace {

using slot_layout::Contents;

constexpr int most_rereads = 200;
constexpr int64_t reread_pause_ms = 1;
// Savers keep the lock for milliseconds, refreshers for a second or two.
constexpr int64_t lock_patience_ms = 2000, lock_pause_ms = 5;

/// What is damaged may hold anything.
bool harmless(const slot_layout::Slot& slot, const TokenStore::MayStay& may_stay) {
  using State = slot_layout::Slot::State;
  return slot.state == State::zero || slot.state == State::blank ||
         (slot.state == State::intact && may_stay(slot.record));
}

class FileStore final : public TokenStore {
 public:
  FileStore(std::string folder, FileSystem& fs, bool allow_network)
      : fs_(fs), allow_network_(allow_network), folder_(std::move(folder), fs) {}

  Result<std::optional<Secret>> load(const std::string& key) override;
  Result<SaveOutcome> save(const std::string& key, int64_t expected_seq, const Secret& record,
                           int64_t new_seq) override;
  Result<bool> forget_older(const std::string& key, int64_t seq, const MayStay& may_stay) override;
  Result<bool> keeps_older(const std::string& key, const MayStay& may_stay) override;
  Result<bool> erase(const std::string& key) override;
  Result<std::vector<std::string>> list() override;
  Result<LockOutcome> try_lock(const std::string& key) override;
  void unlock(const std::string& key) override { of(key).lock.reset(); }

  std::string description() const override { return "file:" + on_one_line(folder_.path()); }
  bool durable() const override { return true; }
  bool excludes_other_processes() const override { return true; }
  void close_in_forked_child() noexcept override { locks_.close_all(fs_); }

 private:
  /// What this process knows of one key, used by one thread at a time.
  struct Known {
    std::optional<FileLock> lock;
    slot_layout::Failures failures;
    /// Slots whose zeros may not have reached the disk, though they are seen.
    std::array<bool, slot_layout::slot_count> not_cleared{};
  };
  Known& of(const std::string& key) {
    std::lock_guard guard(mutex_);
    return known_[key];
  }

  /// A token file, locked and read.
  struct Opened {
    std::string path;
    Known* known = nullptr;
    std::optional<FileLock> momentary;
    int descriptor = -1;
    Secret bytes;
    Contents contents;  ///< into `bytes`
  };
  /// Makes it if there is none.
  Result<Opened> open_for_writing(const std::string& key);
  Result<bool> exists(const std::string& key);

  /// The newest intact record, as this process may see it.
  Result<std::optional<Secret>> read(const std::string& path, const slot_layout::Failures& failures);
  Result<std::optional<FileLock>> try_to_lock(const std::string& path);
  Result<FileLock> wait_for_lock(const std::string& path);
  /// The descriptor to write through: of the lock that is held, or of `momentary`, which is then taken.
  Result<int> lock_for_writing(Known& known, const std::string& path, std::optional<FileLock>& momentary);

  FileSystem& fs_;
  const bool allow_network_;
  const StoreFolder folder_;
  LockTable locks_;
  std::mutex mutex_;
  std::map<std::string, Known> known_;
};

Result<std::optional<Secret>> FileStore::load(const std::string& key) {
  auto path = folder_.file_of(key);
  if (!path) return path.error();
  auto folder = folder_.check();
  if (!folder) return folder.error();
  return read(path.value(), of(key).failures);
}

Result<std::optional<Secret>> FileStore::read(const std::string& path, const slot_layout::Failures& failures) {
  std::optional<Secret> before;
  for (int rereads = 0;; ++rereads) {
    auto file = token_file::open_existing(fs_, path, FileSystem::Open::read);
    if (!file) return file.error();
    if (!file.value()) return std::optional<Secret>();
    auto bytes = token_file::read_all(fs_, path, file.value()->get());
    if (!bytes) return bytes.error();
    auto contents = slot_layout::read_contents(bytes.value().reveal(), failures, path);
    // Damage may be nothing but a save under way, and the newest record in it. It is real when it stays as it is.
    bool damage = contents ? contents.value().damage : contents.error().code == ECOAUTH_ERROR_STORE_CORRUPT;
    bool settled = !damage || (before && before->reveal() == bytes.value().reveal()) || rereads >= most_rereads;
    if (settled) {
      if (!contents) return contents.error();
      if (contents.value().newest < 0) return std::optional<Secret>();
      return std::optional<Secret>(Secret(contents.value().slots[static_cast<size_t>(contents.value().newest)].record));
    }
    before = std::move(bytes.value());
    fs_.pause_ms(reread_pause_ms);
  }
}

Result<FileStore::Opened> FileStore::open_for_writing(const std::string& key) {
  Opened opened;
  auto path = folder_.file_of(key);
  if (!path) return path.error();
  opened.path = path.value();
  opened.known = &of(key);
  auto descriptor = lock_for_writing(*opened.known, opened.path, opened.momentary);
  if (!descriptor) return descriptor.error();
  opened.descriptor = descriptor.value();
  auto bytes = token_file::read_all(fs_, opened.path, opened.descriptor);
  if (!bytes) return bytes.error();
  opened.bytes = std::move(bytes.value());
  auto contents = slot_layout::read_contents(opened.bytes.reveal(), opened.known->failures, opened.path);
  if (!contents) return contents.error();
  opened.contents = std::move(contents.value());
  return opened;
}

Result<bool> FileStore::exists(const std::string& key) {
  auto path = folder_.file_of(key);
  if (!path) return path.error();
  auto folder = folder_.check();
  if (!folder) return folder.error();
  auto file = token_file::open_existing(fs_, path.value(), FileSystem::Open::read);
  if (!file) return file.error();
  return file.value().has_value();
}

Result<SaveOutcome> FileStore::save(const std::string& key, int64_t expected_seq, const Secret& record,
                                    int64_t new_seq) {
  if (auto error = check_save(expected_seq, record, new_seq)) return *error;
  auto opened = open_for_writing(key);
  if (!opened) return opened.error();
  Opened& file = opened.value();
  if (file.contents.newest_seq() != expected_seq) return SaveOutcome::conflict;
  SlotWriter writer(fs_, file.path, file.descriptor, file.contents, file.known->failures);
  if (file.contents.newest < 0) {
    if (auto error = folder_.sync()) return *error;
    if (auto error = writer.begin_afresh()) return *error;
  }
  if (auto error = writer.write(new_seq, record.reveal())) return *error;
  // Saved into a file that somebody has moved away meanwhile, it would be saved nowhere.
  auto there = token_file::still_there(fs_, file.path, file.descriptor);
  if (!there) return there.error();
  return there.value() ? SaveOutcome::saved : SaveOutcome::conflict;
}

Result<bool> FileStore::forget_older(const std::string& key, int64_t seq, const MayStay& may_stay) {
  auto there = exists(key);
  if (!there) return there.error();
  if (!there.value()) return false;
  auto opened = open_for_writing(key);
  if (!opened) return opened.error();
  Opened& file = opened.value();
  // A newer one need not be durable: not every older record may go for it.
  if (file.contents.newest_seq() != seq) return false;
  SlotWriter writer(fs_, file.path, file.descriptor, file.contents, file.known->failures);
  for (int slot = 0; slot < slot_layout::slot_count; ++slot) {
    if (slot == file.contents.newest) continue;
    bool& not_cleared = file.known->not_cleared[static_cast<size_t>(slot)];
    if (harmless(file.contents.slots[static_cast<size_t>(slot)], may_stay) && !not_cleared) continue;
    not_cleared = true;
    if (auto error = writer.clear(slot)) return *error;
    not_cleared = false;
  }
  return true;
}

Result<bool> FileStore::keeps_older(const std::string& key, const MayStay& may_stay) {
  auto path = folder_.file_of(key);
  if (!path) return path.error();
  auto file = token_file::open_existing(fs_, path.value(), FileSystem::Open::read);
  if (!file) return file.error();
  if (!file.value()) return false;
  auto bytes = token_file::read_all(fs_, path.value(), file.value()->get());
  if (!bytes) return bytes.error();
  auto contents = slot_layout::read_contents(bytes.value().reveal(), of(key).failures, path.value());
  if (!contents) return contents.error();
  for (int slot = 0; slot < slot_layout::slot_count; ++slot)
    if (slot != contents.value().newest && !harmless(contents.value().slots[static_cast<size_t>(slot)], may_stay))
      return true;
  return false;
}

Result<bool> FileStore::erase(const std::string& key) {
  auto there = exists(key);
  if (!there) return there.error();
  if (!there.value()) return false;
  auto opened = open_for_writing(key);
  if (!opened) return opened.error();
  Opened& file = opened.value();
  if (file.contents.uninitialised) return false;
  SlotWriter writer(fs_, file.path, file.descriptor, file.contents, file.known->failures);
  if (auto error = writer.erase()) return *error;
  return file.contents.newest >= 0;
}

Result<std::vector<std::string>> FileStore::list() {
  auto folder = folder_.check();
  if (!folder) return folder.error();
  auto keys = folder_.keys();
  if (!keys) return keys.error();
  std::vector<std::string> with_record;
  for (const std::string& key : keys.value()) {
    auto path = folder_.file_of(key);
    if (!path) continue;
    auto record = read(path.value(), {});
    // What cannot be read is there all the same.
    if (!record || record.value()) with_record.push_back(key);
  }
  return with_record;
}

Result<LockOutcome> FileStore::try_lock(const std::string& key) {
  auto path = folder_.file_of(key);
  if (!path) return path.error();
  Known& known = of(key);
  if (known.lock) return LockOutcome::busy;
  auto lock = try_to_lock(path.value());
  if (!lock) return lock.error();
  known.lock = std::move(lock.value());
  return known.lock ? LockOutcome::acquired : LockOutcome::busy;
}

Result<std::optional<FileLock>> FileStore::try_to_lock(const std::string& path) {
  if (auto error = folder_.make()) return *error;
  if (!allow_network_)
    if (auto error = token_file::refuse_network(fs_, path, folder_.path())) return *error;
  const process_guard::ForkWatch before;
  auto file = token_file::open_or_create(fs_, path);
  if (!file) return file.error();
  return FileLock::take(fs_, locks_, path, std::move(file.value()), before);
}

Result<FileLock> FileStore::wait_for_lock(const std::string& path) {
  for (int64_t waited_ms = 0; waited_ms < lock_patience_ms; waited_ms += lock_pause_ms) {
    auto lock = try_to_lock(path);
    if (!lock) return lock.error();
    if (lock.value()) return std::move(*lock.value());
    fs_.pause_ms(lock_pause_ms);
  }
  return make_error(ECOAUTH_ERROR_STORE_LOCKED, "another process has locked the token file " + shown(path));
}

Result<int> FileStore::lock_for_writing(Known& known, const std::string& path, std::optional<FileLock>& momentary) {
  if (!known.lock) {
    auto lock = wait_for_lock(path);
    if (!lock) return lock.error();
    momentary = std::move(lock.value());
    return momentary->descriptor();
  }
  auto there = token_file::still_there(fs_, path, known.lock->descriptor());
  if (!there) return there.error();
  if (!there.value()) {
    // The file was deleted or replaced under the lock: go on with the one that is there now.
    known.lock.reset();
    auto lock = wait_for_lock(path);
    if (!lock) return lock.error();
    known.lock = std::move(lock.value());
  }
  return known.lock->descriptor();
}

}  // namespace

std::shared_ptr<TokenStore> make_file_store(std::string folder, FileSystem& fs, bool allow_network) {
  return std::make_shared<FileStore>(std::move(folder), fs, allow_network);
}

}  // namespace ecoauth
