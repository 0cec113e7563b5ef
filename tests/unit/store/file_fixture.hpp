// A file store in a folder that is not there yet.
#pragma once

#include <sys/stat.h>

#include <cstdio>
#include <memory>
#include <string>

#include "store/file_store.hpp"
#include "store_support.hpp"
#include "support/temp_folder.hpp"

namespace ecoauth {

struct FileFixture {
  TempFolder temp;
  const std::string folder = temp / "store";
  const std::string file = folder + "/" + home_key + ".ecoauth";
  std::shared_ptr<TokenStore> store = make_file_store(folder);

  /// Makes the folder, as the store would.
  void make_folder() const { mkdir(folder.c_str(), 0700); }
  static std::string mode(const std::string& path) {
    struct stat info;
    if (lstat(path.c_str(), &info) != 0) return "none";
    char text[8];
    snprintf(text, sizeof text, "%04o", info.st_mode & 07777U);
    return text;
  }
};

}  // namespace ecoauth
