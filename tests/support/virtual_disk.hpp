// A disk in memory that forgets what was not synced, tears what was being written, and fails on demand.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "store/file_system.hpp"

namespace ecoauth {

/// What it assumes of a real disk: a sector of 512 bytes is written whole or not at all; of the sectors that wait for a
/// sync any may be written and any not, at any time, each in any of its versions; the size of a file likewise; the
/// names in a folder come and go in the order of the calls; a sync that succeeds makes all of that durable; one that
/// fails loses the sectors that it was to write, and the next one does not know of them.
///
/// A copy of a disk is another disk. One thread at a time.
class VirtualDisk final : public FileSystem {
 public:
  VirtualDisk();

  // What goes wrong. Calls are counted from 1; all of the interface count but close() and those without an int result.
  int64_t calls() const { return calls_; }
  /// The call fails with this errno. A write has then written half.
  void fail_at(int64_t call, int error) { fault_call_ = call, fault_error_ = error; }
  /// The call, if it is a read or a write, moves half of its bytes.
  void halve_at(int64_t call) { fail_at(call, 0); }
  /// Which of its sectors a sync that fails has written all the same: the even ones, the odd ones, none.
  enum class Kept { even, odd, none };
  Kept kept_by_failed_sync = Kept::none;
  std::function<int()> on_sync;  ///< 0, or the error that this sync shall have
  int64_t syncs() const { return syncs_; }
  int64_t failed_syncs() const { return failed_syncs_; }
  std::function<void()> before_call;  ///< power cuts: copy the disk here and restart the copy
  std::function<void()> on_pause;
  bool locks_work = true;
  bool folders_can_be_synced = true;
  int64_t file_system_type = 0xef53;

  /// What a power cut now would leave to chance: for each thing in doubt the number of its possible outcomes.
  std::vector<size_t> doubts() const;
  /// The power cut. `outcomes` holds a number below each of doubts().
  void restart(const std::vector<size_t>& outcomes);

  int open_descriptors() const { return static_cast<int>(open_.size()); }
  /// Changes whenever something is written, synced, made: two moments with the same number leave the same disks.
  int64_t changes() const { return changes_; }

  // For tests to look at, and to spoil, a file. nullptr when there is none.
  std::string* bytes_of(const std::string& path);
  void remove(const std::string& path);

  int open_file(const std::string& path, Open how) override;
  int open_folder(const std::string& path) override;
  void close(int descriptor) noexcept override;
  int64_t read_at(int descriptor, void* data, size_t size_bytes, int64_t offset) override;
  int64_t write_at(int descriptor, const void* data, size_t size_bytes, int64_t offset) override;
  int sync_data(int descriptor) override { return sync_all(descriptor); }
  int sync_all(int descriptor) override;
  int info(int descriptor, FileInfo& out) override;
  int info(const std::string& path, bool follow_link, FileInfo& out) override;
  int set_permissions(int descriptor, uint32_t permissions) override;
  int lock_byte(int descriptor, int64_t offset) override;
  int unlock_byte(int descriptor, int64_t offset) override;
  int make_folder(const std::string& path, uint32_t permissions) override;
  int list_folder(const std::string& path, std::vector<std::string>& names) override;
  int64_t type_of(const std::string& path) override;
  int current_folder(std::string& out) override { return out = "/", 0; }
  uint32_t effective_user() override { return user; }
  void pause_ms(int64_t) override {
    if (on_pause) on_pause();
  }

  static constexpr uint32_t user = 1000;
  static constexpr size_t sector_bytes = 512;

 private:
  using Names = std::map<std::string, size_t>;  // to nodes
  struct Node {
    bool is_folder = false;
    uint32_t permissions = 0;
    int locked_by = -1;  // a descriptor
    // A file: what programs see, what is durable, and the versions of sectors since.
    std::string now, durable;
    std::map<size_t, std::vector<std::string>> waiting;
    // A folder.
    Names names, durable_names;
    std::vector<std::pair<std::string, size_t>> new_names;
  };

  /// Counts the call. An error to return, or 0.
  int begin_call();
  bool halved() const { return calls_ == fault_call_ && fault_error_ == 0; }
  std::optional<size_t> find(const std::string& path) const;
  /// The folder of `path`, and the last name.
  std::optional<size_t> find_parent(const std::string& path, std::string& name) const;
  size_t add(const std::string& path, Node node);
  int open_node(size_t node);
  Node& node_of(int descriptor) { return nodes_[open_.at(descriptor)]; }
  void fill(size_t node, FileInfo& out) const;
  void lose_waiting(Node& node) const;

  std::vector<Node> nodes_;
  std::map<int, size_t> open_;
  int next_descriptor_ = 3;
  int64_t calls_ = 0, fault_call_ = 0, changes_ = 0, syncs_ = 0, failed_syncs_ = 0;
  int fault_error_ = 0;
};

}  // namespace ecoauth
