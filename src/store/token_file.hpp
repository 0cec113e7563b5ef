// One token file on disk: opened with every check, created, read, written. Knows bytes and permissions, no slots'
// meaning.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/error.hpp"
#include "base/secret.hpp"
#include "store/descriptor.hpp"
#include "store/file_system.hpp"

namespace ecoauth::token_file {

/// Opens the file if it is one that nobody else can have read or written: regular, ours, mode 0600 or less, one name,
/// no link. nullopt when it is not there. What is refused is not changed.
Result<std::optional<Descriptor>> open_existing(FileSystem& fs, const std::string& path, FileSystem::Open how);

/// The same for writing; when it is not there, makes it, empty and for us alone.
Result<Descriptor> open_or_create(FileSystem& fs, const std::string& path);

/// Is what is open here still what the path names?
Result<bool> still_there(FileSystem& fs, const std::string& path, int descriptor);

/// The whole file, at most slot_layout::file_bytes.
Result<Secret> read_all(FileSystem& fs, const std::string& path, int descriptor);

/// All of `bytes` at `offset`, over short counts and interruptions.
std::optional<Error> write_all(FileSystem& fs, const std::string& path, int descriptor, std::string_view bytes,
                               int64_t offset);
/// Once per set of bytes: after a failure the kernel may have forgotten which pages were not written, so that a second
/// sync of the same bytes would succeed for nothing.
std::optional<Error> sync(FileSystem& fs, const std::string& path, int descriptor);

/// UNSUPPORTED when the file is, or would be, on a network or user-space file system, where locks may be no locks.
std::optional<Error> refuse_network(FileSystem& fs, const std::string& path, const std::string& folder);

}  // namespace ecoauth::token_file
