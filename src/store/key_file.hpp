// Keys from a file or a descriptor of the host's. A systemd credential is such a file.
#pragma once

#include <memory>
#include <string>

#include "store/file_system.hpp"
#include "store/key_source.hpp"

namespace ecoauth {

/// Read whenever a key is asked for, so that a new one counts from then on. Refused unless it is a regular file with
/// one name, of this user or root, that no other user can read, in a folder in which no other user can replace it.
std::unique_ptr<KeySource> make_file_keys(std::string path, FileSystem& fs = posix_file_system());

/// Read once, when a key is asked for first: a file from its beginning, anything else until its end, for which its
/// writer has a minute. Keeps a copy of the descriptor until then; nullptr when there cannot be one.
std::unique_ptr<KeySource> make_descriptor_keys(int descriptor);

}  // namespace ecoauth
