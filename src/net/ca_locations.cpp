#include "net/ca_locations.hpp"

#include <dirent.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cctype>
#include <memory>

namespace ecoauth {

namespace {

constexpr const char* folders[] = {
    "/etc/ssl/certs",                                  // Debian, Ubuntu, Alpine, openSUSE, Arch
    "/etc/pki/ca-trust/extracted/pem/directory-hash",  // Fedora 38 and later
    "/var/lib/ca-certificates/pem",                    // openSUSE, where the link above is missing
};
constexpr const char* bundles[] = {
    "/etc/ssl/certs/ca-certificates.crt",                 // Debian, Alpine
    "/etc/pki/tls/certs/ca-bundle.crt",                   // Fedora, RHEL
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",  // Fedora, RHEL
    "/etc/ssl/ca-bundle.pem",                             // openSUSE
    "/var/lib/ca-certificates/ca-bundle.pem",             // openSUSE
    "/etc/ssl/cert.pem",                                  // Alpine
};

/// "5ed36f99.0", as c_rehash names its links.
bool is_hash_name(const char* name) {
  for (int i = 0; i < 8; ++i)
    if (!std::isxdigit(static_cast<unsigned char>(name[i]))) return false;
  return name[8] == '.' && name[9] >= '0' && name[9] <= '9';
}

}  // namespace

bool is_hashed_folder(const std::string& path) {
  std::unique_ptr<DIR, int (*)(DIR*)> folder(opendir(path.c_str()), closedir);
  if (!folder) return false;
  while (const dirent* entry = readdir(folder.get()))
    if (is_hash_name(entry->d_name)) return true;
  return false;
}

CaLocation ca_location_of(const std::string& path) {
  struct stat status;
  bool folder = stat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode);
  return {path, folder};
}

CaLocation find_ca_location() {
  for (const char* folder : folders)
    if (is_hashed_folder(folder)) return {folder, true};
  for (const char* bundle : bundles)
    if (access(bundle, R_OK) == 0) return {bundle, false};
  return {};
}

}  // namespace ecoauth
