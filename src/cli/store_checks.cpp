// What store/FORMAT.md promises, seen from outside: owner and modes, locks, the kind of file system, room.
#include "cli/store_checks.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <memory>

namespace ecoauth::cli {

namespace {

constexpr off_t lock_offset = 1 << 30;        // FORMAT.md 2
constexpr uint64_t file_size_bytes = 102400;  // FORMAT.md 2

struct FileSystemKind {
  uint32_t magic;
  const char* name;
  bool trusted;  ///< are locks and syncs to be relied on?
  bool lasting;  ///< does it outlive a restart of the machine?
};

constexpr FileSystemKind kinds[] = {
    {0xef53, "ext4", true, true},        {0x58465342, "XFS", true, true},     {0x9123683e, "Btrfs", true, true},
    {0xf2f52010, "F2FS", true, true},    {0x2fc12fc1, "ZFS", true, true},     {0x794c7630, "overlay", true, true},
    {0x24051905, "UBIFS", true, true},   {0x01021994, "tmpfs", true, false},  {0x858458f6, "ramfs", true, false},
    {0x6969, "NFS", false, true},        {0x517b, "SMB", false, true},        {0xff534d42, "SMB", false, true},
    {0xfe534d42, "SMB", false, true},    {0x01021997, "9p", false, true},     {0x65735546, "FUSE", false, true},
    {0x5346414f, "AFS", false, true},    {0x73757245, "Coda", false, true},   {0x00c36400, "Ceph", false, true},
    {0x0bd00bd0, "Lustre", false, true}, {0x786f4256, "vboxsf", false, true}, {0x4d44, "FAT", true, true},
};

/// The folder, or the nearest one above it that exists.
std::string existing_part(std::string folder) {
  while (folder.size() > 1 && access(folder.c_str(), F_OK) != 0) {
    const size_t slash = folder.rfind('/');
    folder.erase(slash == std::string::npos || slash == 0 ? 1 : slash);
  }
  return folder;
}

void check_file_system(const std::string& place, Findings& findings) {
  struct statfs about {};
  if (statfs(place.c_str(), &about) != 0) return;
  const auto magic = static_cast<uint32_t>(about.f_type);
  const auto* kind =
      std::find_if(std::begin(kinds), std::end(kinds), [&](const FileSystemKind& each) { return each.magic == magic; });
  const bool known = kind != std::end(kinds);
  const std::string name = known ? kind->name : "of a kind this program does not know";
  if (known && !kind->trusted)
    findings.fail("File system",
                  name + ": its locks may not keep other machines out, so tokens are read there, never refreshed",
                  "Put the store on a local disk: --store file:/path/to/folder.", exit_storage);
  else if (known && !kind->lasting)
    findings.warn("File system", name + ": the tokens are gone when this machine restarts",
                  "Put the store on a disk: --store file:/path/to/folder.");
  else
    findings.ok("File system", name);

  struct statvfs room {};
  if (statvfs(place.c_str(), &room) != 0) return;
  if ((room.f_flag & ST_RDONLY) != 0)
    findings.fail("Room", "the file system is mounted read-only", "Mount it writable, or move the store with --store.",
                  exit_storage);
  else if (static_cast<uint64_t>(room.f_bavail) * room.f_frsize < file_size_bytes)
    findings.fail("Room", "the disk is full; a new account needs 100 KiB", "Make room on the disk.", exit_storage);
  else
    findings.ok("Room", "enough");
}

std::string octal(mode_t mode) {
  char text[8];
  std::snprintf(text, sizeof text, "%04o", static_cast<unsigned>(mode & 07777));
  return text;
}

/// FORMAT.md 1.
bool check_folder(const std::string& folder, Findings& findings) {
  struct stat about {};
  if (stat(folder.c_str(), &about) != 0) {
    if (errno != ENOENT) {
      findings.fail("Store", "file:" + folder + " cannot be looked at: " + std::strerror(errno),
                    "Check who may enter the folders above it.", exit_storage);
      return false;
    }
    const std::string above = existing_part(folder);
    if (access(above.c_str(), W_OK | X_OK) != 0)
      findings.fail("Store", "file:" + folder + " does not exist and cannot be made: " + above + " is not writable",
                    "Make the folder, owned by this user and with mode 0700, or name another one with --store.",
                    exit_storage);
    else
      findings.ok("Store", "file:" + folder + " will be made by the first login");
    return false;
  }
  if (!S_ISDIR(about.st_mode))
    findings.fail("Store", folder + " is no folder", "Name a folder with --store.", exit_storage);
  else if (about.st_uid != geteuid() && about.st_uid != 0)
    findings.fail("Store", "file:" + folder + " belongs to another user",
                  "Run this as its owner, or give it to this user: chown -R USER FOLDER.", exit_storage);
  else if ((about.st_mode & 022) != 0)
    findings.fail("Store", "file:" + folder + " may be written by other users (mode " + octal(about.st_mode) + ")",
                  "chmod 700 \"" + folder + "\"", exit_storage);
  else if (access(folder.c_str(), R_OK | W_OK | X_OK) != 0)
    findings.fail("Store", "file:" + folder + " cannot be read and written by this user: " + std::strerror(errno),
                  "Check its owner and mode (0700).", exit_storage);
  else if ((about.st_mode & 055) != 0)
    findings.warn("Store", "file:" + folder + " may be read by other users (mode " + octal(about.st_mode) + ")",
                  "chmod 700 \"" + folder + "\"; the token files in it are closed to them all the same.");
  else
    findings.ok("Store", "file:" + folder);
  return S_ISDIR(about.st_mode);
}

/// What is wrong with one token file, empty when nothing is; `locked` tells whether somebody holds its lock.
std::string trouble_of(const std::string& path, bool& locked) {
  struct stat about {};
  if (lstat(path.c_str(), &about) != 0) return std::strerror(errno);
  if (!S_ISREG(about.st_mode)) return "is no regular file";
  if (about.st_uid != geteuid()) return "belongs to another user";
  if (about.st_nlink != 1) return "has a second name";
  if ((about.st_mode & 077) != 0) return "is open to other users (mode " + octal(about.st_mode) + ")";
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
  if (fd < 0) return std::string("cannot be read: ") + std::strerror(errno);
  struct flock asked {};
  asked.l_type = F_WRLCK;
  asked.l_whence = SEEK_SET;
  asked.l_start = lock_offset;
  asked.l_len = 1;
  const bool told = fcntl(fd, F_OFD_GETLK, &asked) == 0;
  const std::string why = told ? "" : std::string("cannot be locked: ") + std::strerror(errno);
  locked = locked || (told && asked.l_type != F_UNLCK);
  close(fd);
  return why;
}

void check_files(const std::string& folder, Findings& findings) {
  const std::unique_ptr<DIR, int (*)(DIR*)> entries(opendir(folder.c_str()), closedir);
  if (entries == nullptr) return;
  constexpr const char suffix[] = ".ecoauth";
  size_t count = 0;
  bool locked = false, trouble = false;
  while (const dirent* entry = readdir(entries.get())) {
    const std::string name = entry->d_name;
    if (name.size() < sizeof suffix || name.compare(name.size() + 1 - sizeof suffix, std::string::npos, suffix) != 0)
      continue;
    ++count;
    const std::string why = trouble_of(folder + "/" + name, locked);
    if (why.empty()) continue;
    trouble = true;
    findings.fail("Token file", name + " " + why,
                  "Make it a file of this user alone: chown, chmod 600. If you did not change it, find out who did.",
                  exit_storage);
  }
  if (count == 0) return;
  if (!trouble)
    findings.ok("Token files", std::to_string(count) + (count == 1 ? ", closed to others" : ", all closed to others"));
  if (locked)
    findings.note("Lock", "another process holds a token file just now; if that stays so for minutes, it hangs",
                  "Find it: fuser \"" + folder + "\"/*");
  else if (!trouble)
    findings.ok("Lock", "free");
}

}  // namespace

void check_store(const Settings& settings, Findings& findings) {
  if (settings.store_folder.empty()) return findings.note("Store", "in memory: every command begins without a grant");
  const bool exists = check_folder(settings.store_folder, findings);
  check_file_system(existing_part(settings.store_folder), findings);
  if (exists) check_files(settings.store_folder, findings);
}

}  // namespace ecoauth::cli
