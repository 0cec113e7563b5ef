// The folder of a file store: made when first needed, checked whenever used.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "store/file_system.hpp"

namespace ecoauth {

class StoreFolder {
 public:
  /// A relative folder is made absolute now; later changes of the working directory mean nothing.
  StoreFolder(std::string folder, FileSystem& fs);

  const std::string& path() const { return path_; }
  /// The token file of a key. INVALID_ARGUMENT for what is no key.
  Result<std::string> file_of(const std::string& key) const;
  /// The keys that have a token file, whatever is in it.
  Result<std::vector<std::string>> keys() const;

  /// Is it a folder that only we (and root) can put files into? False when it is not there.
  Result<bool> check() const;
  /// The same, and makes it, with its parents, for us alone.
  std::optional<Error> make() const;
  /// Makes the names in it durable, and its own name, and those above it that may be new too.
  std::optional<Error> sync() const;

 private:
  std::string path_;
  FileSystem& fs_;
  std::optional<Error> unusable_;
};

}  // namespace ecoauth
