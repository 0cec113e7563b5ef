// The disk as one process sees it: until the process dies in the middle of a call, and with the troubles of the moment.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "store/file_system.hpp"

namespace ecoauth::simulation {

class Process;
class World;

/// Leaves the code of a process that has died.
struct Died {};

class ProcessDisk final : public FileSystem {
 public:
  ProcessDisk(World& world, Process& process) : world_(world), process_(process) {}

  /// The kernel closes what the process had open, and with it ends its locks.
  void close_all();

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
  uint32_t effective_user() override;
  void pause_ms(int64_t duration_ms) override;

 private:
  int opened(int descriptor);
  /// What a change of the disk fails with at the moment; 0 when it does not.
  int write_trouble() const;

  World& world_;
  Process& process_;
  std::set<int> open_;
};

}  // namespace ecoauth::simulation
