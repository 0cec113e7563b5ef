#include "support/virtual_disk.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace ecoauth {
namespace {

/// One sector of a file, filled up with zeros.
std::string sector_of(const std::string& file, size_t sector) {
  size_t from = std::min(sector * VirtualDisk::sector_bytes, file.size());
  std::string bytes = file.substr(from, VirtualDisk::sector_bytes);
  bytes.resize(VirtualDisk::sector_bytes, '\0');
  return bytes;
}

/// As far as the file reaches.
void put_sector(std::string& file, size_t sector, const std::string& bytes) {
  size_t from = sector * VirtualDisk::sector_bytes;
  if (from < file.size()) file.replace(from, std::min(bytes.size(), file.size() - from), bytes, 0, file.size() - from);
}

}  // namespace

VirtualDisk::VirtualDisk() {
  Node root;
  root.is_folder = true;
  root.permissions = 0755;
  nodes_.push_back(root);
}

int VirtualDisk::begin_call() {
  if (before_call) before_call();
  ++calls_;
  return calls_ == fault_call_ ? -fault_error_ : 0;
}

std::optional<size_t> VirtualDisk::find(const std::string& path) const {
  if (path == "/") return 0;
  std::string name;
  auto parent = find_parent(path, name);
  if (!parent) return std::nullopt;
  auto found = nodes_[*parent].names.find(name);
  if (found == nodes_[*parent].names.end()) return std::nullopt;
  return found->second;
}

std::optional<size_t> VirtualDisk::find_parent(const std::string& path, std::string& name) const {
  size_t slash = path.rfind('/');
  name = path.substr(slash + 1);
  return find(slash == 0 ? "/" : path.substr(0, slash));
}

size_t VirtualDisk::add(const std::string& path, Node node) {
  std::string name;
  size_t parent = *find_parent(path, name);
  size_t number = nodes_.size();
  nodes_.push_back(std::move(node));
  nodes_[parent].names[name] = number;
  nodes_[parent].new_names.emplace_back(name, number);
  ++changes_;
  return number;
}

std::string* VirtualDisk::bytes_of(const std::string& path) {
  auto node = find(path);
  return node ? &nodes_[*node].now : nullptr;
}

void VirtualDisk::remove(const std::string& path) {
  std::string name;
  size_t parent = *find_parent(path, name);
  nodes_[parent].names.erase(name);
  nodes_[parent].durable_names.erase(name);
}

int VirtualDisk::open_node(size_t node) {
  open_[next_descriptor_] = node;
  return next_descriptor_++;
}

int VirtualDisk::open_file(const std::string& path, Open how) {
  if (int error = begin_call()) return error;
  auto node = find(path);
  if (how == Open::create) {
    std::string name;
    if (node) return -EEXIST;
    if (!find_parent(path, name)) return -ENOENT;
    Node file;
    file.permissions = 0600;
    return open_node(add(path, file));
  }
  if (!node) return -ENOENT;
  return nodes_[*node].is_folder ? -EISDIR : open_node(*node);
}

int VirtualDisk::open_folder(const std::string& path) {
  if (int error = begin_call()) return error;
  auto node = find(path);
  if (!node) return -ENOENT;
  return nodes_[*node].is_folder ? open_node(*node) : -ENOTDIR;
}

void VirtualDisk::close(int descriptor) noexcept {
  auto found = open_.find(descriptor);
  if (found == open_.end()) return;
  if (nodes_[found->second].locked_by == descriptor) nodes_[found->second].locked_by = -1;
  open_.erase(found);
}

int64_t VirtualDisk::read_at(int descriptor, void* data, size_t size_bytes, int64_t offset) {
  if (int error = begin_call()) return error;
  const std::string& file = node_of(descriptor).now;
  size_t from = std::min(static_cast<size_t>(offset), file.size());
  size_t count = std::min(size_bytes, file.size() - from);
  if (halved()) count = (count + 1) / 2;
  std::memcpy(data, file.data() + from, count);
  return static_cast<int64_t>(count);
}

int64_t VirtualDisk::write_at(int descriptor, const void* data, size_t size_bytes, int64_t offset) {
  int error = begin_call();
  if (error == -EINTR) return error;
  Node& node = node_of(descriptor);
  size_t from = static_cast<size_t>(offset);
  size_t count = error || halved() ? (size_bytes + 1) / 2 : size_bytes;
  if (node.now.size() < from + count) node.now.resize(from + count, '\0');
  node.now.replace(from, count, static_cast<const char*>(data), count);
  for (size_t sector = from / sector_bytes; sector * sector_bytes < from + count; ++sector) {
    std::string version = sector_of(node.now, sector);
    auto waiting = node.waiting.find(sector);
    // What is there already cannot be lost.
    bool same =
        waiting == node.waiting.end() ? version == sector_of(node.durable, sector) : version == waiting->second.back();
    if (!same) node.waiting[sector].push_back(version);
  }
  ++changes_;
  return error ? error : static_cast<int64_t>(count);
}

void VirtualDisk::lose_waiting(Node& node) const {
  for (const auto& [sector, versions] : node.waiting)
    if (kept_by_failed_sync == (sector % 2 == 0 ? Kept::even : Kept::odd))
      put_sector(node.durable, sector, versions.back());
  node.waiting.clear();
}

int VirtualDisk::sync_all(int descriptor) {
  int error = begin_call();
  ++syncs_;
  if (on_sync && !error) error = on_sync();
  Node& node = node_of(descriptor);
  if (node.is_folder && !folders_can_be_synced) return -EINVAL;
  ++changes_;
  if (error) {
    ++failed_syncs_;
    lose_waiting(node);
    return error;
  }
  node.durable.resize(node.now.size(), '\0');
  for (const auto& [sector, versions] : node.waiting) put_sector(node.durable, sector, versions.back());
  node.waiting.clear();
  node.durable_names = node.names;
  node.new_names.clear();
  return 0;
}

void VirtualDisk::fill(size_t number, FileInfo& out) const {
  const Node& node = nodes_[number];
  out.kind = node.is_folder ? FileInfo::Kind::folder : FileInfo::Kind::regular;
  out.device = 1;
  out.inode = number;
  out.permissions = node.permissions;
  out.owner = user;
  out.names = 1;
  out.size_bytes = static_cast<int64_t>(node.now.size());
}

int VirtualDisk::info(int descriptor, FileInfo& out) {
  if (int error = begin_call()) return error;
  fill(open_.at(descriptor), out);
  return 0;
}

int VirtualDisk::info(const std::string& path, bool, FileInfo& out) {
  if (int error = begin_call()) return error;
  auto node = find(path);
  if (!node) return -ENOENT;
  fill(*node, out);
  return 0;
}

int VirtualDisk::set_permissions(int descriptor, uint32_t permissions) {
  if (int error = begin_call()) return error;
  node_of(descriptor).permissions = permissions;
  return 0;
}

int VirtualDisk::lock_byte(int descriptor, int64_t) {
  if (int error = begin_call()) return error;
  int& owner = node_of(descriptor).locked_by;
  if (!locks_work) return 0;
  if (owner >= 0 && owner != descriptor) return -EAGAIN;
  owner = descriptor;
  return 0;
}

int VirtualDisk::unlock_byte(int descriptor, int64_t) {
  if (int error = begin_call()) return error;
  int& owner = node_of(descriptor).locked_by;
  if (owner == descriptor) owner = -1;
  return 0;
}

int VirtualDisk::make_folder(const std::string& path, uint32_t permissions) {
  if (int error = begin_call()) return error;
  std::string name;
  if (find(path)) return -EEXIST;
  if (!find_parent(path, name)) return -ENOENT;
  Node folder;
  folder.is_folder = true;
  folder.permissions = permissions;
  add(path, folder);
  return 0;
}

int VirtualDisk::list_folder(const std::string& path, std::vector<std::string>& names) {
  if (int error = begin_call()) return error;
  auto node = find(path);
  if (!node) return -ENOENT;
  for (const auto& name : nodes_[*node].names) names.push_back(name.first);
  return 0;
}

int64_t VirtualDisk::type_of(const std::string& path) {
  if (int error = begin_call()) return error;
  return find(path) ? file_system_type : -ENOENT;
}

std::vector<size_t> VirtualDisk::doubts() const {
  std::vector<size_t> doubts;
  for (const Node& node : nodes_) {
    if (!node.new_names.empty()) doubts.push_back(node.new_names.size() + 1);
    if (node.now.size() != node.durable.size()) doubts.push_back(2);
    for (const auto& sector : node.waiting) doubts.push_back(sector.second.size() + 1);
  }
  return doubts;
}

void VirtualDisk::restart(const std::vector<size_t>& outcomes) {
  auto outcome = outcomes.begin();
  for (Node& node : nodes_) {
    if (!node.new_names.empty()) {
      for (size_t i = 0, kept = *outcome++; i < kept; ++i) node.durable_names.insert(node.new_names[i]);
      node.new_names.clear();
    }
    if (node.now.size() != node.durable.size() && *outcome++ == 1) node.durable.resize(node.now.size(), '\0');
    for (const auto& [sector, versions] : node.waiting)
      if (size_t version = *outcome++) put_sector(node.durable, sector, versions[version - 1]);
    node.waiting.clear();
    node.names = node.durable_names;
    node.now = node.durable;
    node.locked_by = -1;
  }
  open_.clear();
  fault_call_ = 0;
}

}  // namespace ecoauth
