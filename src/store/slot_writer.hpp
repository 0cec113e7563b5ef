// The order in which slots are written, so that a cut at any moment leaves the previous record or the new one.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.hpp"
#include "store/file_system.hpp"
#include "store/slot_layout.hpp"

namespace ecoauth {

/// Writes one locked token file, whose contents have just been read. A record counts when its slot is synced; a slot
/// whose way to the disk failed is remembered in `failures` and not synced again with the same bytes.
class SlotWriter {
 public:
  SlotWriter(FileSystem& fs, const std::string& path, int descriptor, slot_layout::Contents& contents,
             slot_layout::Failures& failures)
      : fs_(fs), path_(path), descriptor_(descriptor), contents_(contents), failures_(failures) {}

  /// Before the first record: makes all that it stands on durable, whatever of it seems to be there already. An earlier
  /// sync may have failed, and what the kernel shows since need not be what the disk has.
  std::optional<Error> begin_afresh();
  /// The record is durable, and the newest, when this succeeds.
  std::optional<Error> write(int64_t seq, std::string_view record);
  /// Makes zeros of a slot, which is not the newest record's.
  std::optional<Error> clear(int slot);
  /// Overwrites all records, the newest last: a cut leaves it or nothing, never an older one.
  std::optional<Error> erase();

 private:
  std::optional<Error> put(int slot, std::string_view bytes);
  std::optional<Error> sync();

  FileSystem& fs_;
  const std::string& path_;
  const int descriptor_;
  slot_layout::Contents& contents_;
  slot_layout::Failures& failures_;
};

}  // namespace ecoauth
