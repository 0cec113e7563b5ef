#include "process_disk.hpp"

#include <cerrno>

#include "process.hpp"
#include "world.hpp"

namespace ecoauth::simulation {

void ProcessDisk::close_all() {
  for (int descriptor : open_) world_.host.disk.close(descriptor);
  open_.clear();
}

int ProcessDisk::opened(int descriptor) {
  if (descriptor >= 0) open_.insert(descriptor);
  return descriptor;
}

int ProcessDisk::write_trouble() const {
  switch (world_.host.trouble) {
    case DiskTrouble::full:
      return -ENOSPC;
    case DiskTrouble::read_only:
      return -EROFS;
    case DiskTrouble::write_fails:
      return -EIO;
    default:
      return 0;
  }
}

int ProcessDisk::open_file(const std::string& path, Open how) {
  process_.point();
  const DiskTrouble trouble = world_.host.trouble;
  if (how != Open::read && trouble == DiskTrouble::read_only) return -EROFS;
  if (how == Open::create && trouble == DiskTrouble::full) return -ENOSPC;
  return opened(world_.host.disk.open_file(path, how));
}

int ProcessDisk::open_folder(const std::string& path) {
  process_.point();
  return opened(world_.host.disk.open_folder(path));
}

void ProcessDisk::close(int descriptor) noexcept {
  // After a death or a cut the number may be somebody else's.
  if (open_.erase(descriptor) > 0) world_.host.disk.close(descriptor);
}

int64_t ProcessDisk::read_at(int descriptor, void* data, size_t size_bytes, int64_t offset) {
  process_.point();
  if (world_.host.trouble == DiskTrouble::read_fails) return -EIO;
  return world_.host.disk.read_at(descriptor, data, size_bytes, offset);
}

int64_t ProcessDisk::write_at(int descriptor, const void* data, size_t size_bytes, int64_t offset) {
  process_.point();
  if (int error = write_trouble()) return error;
  return world_.host.disk.write_at(descriptor, data, size_bytes, offset);
}

int ProcessDisk::sync_all(int descriptor) {
  process_.point();
  if (world_.host.syncs_are_lies) return 0;
  if (world_.host.trouble == DiskTrouble::sync_fails) {
    world_.host.disk.on_sync = [] { return -EIO; };
    const int result = world_.host.disk.sync_all(descriptor);
    world_.host.disk.on_sync = nullptr;
    return result;
  }
  return world_.host.disk.sync_all(descriptor);
}

int ProcessDisk::info(int descriptor, FileInfo& out) {
  process_.point();
  return world_.host.disk.info(descriptor, out);
}

int ProcessDisk::info(const std::string& path, bool follow_link, FileInfo& out) {
  process_.point();
  return world_.host.disk.info(path, follow_link, out);
}

int ProcessDisk::set_permissions(int descriptor, uint32_t permissions) {
  process_.point();
  return world_.host.disk.set_permissions(descriptor, permissions);
}

int ProcessDisk::lock_byte(int descriptor, int64_t offset) {
  process_.spring_ambush();
  process_.point();
  return world_.host.disk.lock_byte(descriptor, offset);
}

int ProcessDisk::unlock_byte(int descriptor, int64_t offset) {
  // Called by destructors, also of the dead: no place to die in.
  if (open_.count(descriptor) == 0) return 0;
  return world_.host.disk.unlock_byte(descriptor, offset);
}

int ProcessDisk::make_folder(const std::string& path, uint32_t permissions) {
  process_.point();
  if (int error = write_trouble()) return error;
  return world_.host.disk.make_folder(path, permissions);
}

int ProcessDisk::list_folder(const std::string& path, std::vector<std::string>& names) {
  process_.point();
  return world_.host.disk.list_folder(path, names);
}

int64_t ProcessDisk::type_of(const std::string& path) {
  process_.point();
  return world_.host.disk.type_of(path);
}

uint32_t ProcessDisk::effective_user() { return VirtualDisk::user; }

void ProcessDisk::pause_ms(int64_t duration_ms) {
  process_.point();
  world_.timeline.pass(duration_ms);
  process_.point();
}

}  // namespace ecoauth::simulation
