// Records in a folder, one file each (FORMAT.md): safe against crashes and power cuts, shared between processes of one
// machine.
#pragma once

#include <memory>
#include <string>

#include "store/file_system.hpp"
#include "store/token_store.hpp"

namespace ecoauth {

/// Nothing is made or opened before the first call that needs it. `allow_network`: trust the locks of network file
/// systems.
std::shared_ptr<TokenStore> make_file_store(std::string folder, FileSystem& fs = posix_file_system(),
                                            bool allow_network = false);

}  // namespace ecoauth
