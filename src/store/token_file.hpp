// One token file on disk: opened with every check, read, written, created. Knows bytes and permissions, no slots' meaning.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/error.hpp"
#include "base/secret.hpp"
#include "store/descriptor.hpp"
#include "store/file_system.hpp"
#include "store/lock_table.hpp"

namespace ecoauth::token_file {

/// Opens the file if it is one that nobody else can have read or written: regular, ours, mode 0600 or less, one name, no
/// link. nullopt when it is not there. What is refused is not changed.
Result<std::optional<Descriptor>> open_existing(FileSystem& fs, const std::string& path, FileSystem::Open how);

/// Is what is open here still what the path names?
Result<bool> still_there(FileSystem& fs, const std::string& path, int descriptor);

/// The whole file, at most slot_layout::file_bytes.
Result<Secret> read_all(FileSystem& fs, const std::string& path, int descriptor);

/// All of `bytes` at `offset`, over short counts and interruptions.
std::optional<Error> write_all(FileSystem& fs, const std::string& path, int descriptor, std::string_view bytes,
                               int64_t offset);
/// Once per set of bytes: after a failure the kernel may have forgotten which pages were not written, so that a second sync
/// of the same bytes would succeed for nothing.
std::optional<Error> sync(FileSystem& fs, const std::string& path, int descriptor);

/// Makes `path` in `folder`, whole and durable at once; somebody else's being first is as good. `locks` keeps the temporary
/// file's lock from a forked child.
std::optional<Error> create(FileSystem& fs, const std::string& folder, const std::string& path, LockTable& locks,
                            bool allow_network);

/// UNSUPPORTED on a network or user-space file system, where locks may be no locks.
std::optional<Error> refuse_network(FileSystem& fs, const std::string& path, int descriptor);

}  // namespace ecoauth::token_file
