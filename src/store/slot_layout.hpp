// The bytes of a token file: a header and three slots (FORMAT.md). Pure.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <set>
#include <string>
#include <string_view>

#include "base/error.hpp"
#include "base/secret.hpp"

namespace ecoauth::slot_layout {

constexpr size_t header_bytes = 4096;
constexpr int slot_count = 3;
constexpr size_t slot_bytes = 32768;
constexpr size_t file_bytes = header_bytes + slot_count * slot_bytes;
/// What a slot can hold beside its own line.
constexpr size_t longest_record_bytes = slot_bytes - 256;
/// Which byte is locked: far beyond everything that any version will ever store there.
constexpr int64_t lock_offset = int64_t{1} << 30;

constexpr int64_t slot_offset(int slot) {
  return static_cast<int64_t>(header_bytes + static_cast<size_t>(slot) * slot_bytes);
}

/// 4096 bytes.
std::string header_block();

/// The slot's line and the record. `attempt` tells apart records that were written under the same number.
Secret slot_image(int64_t seq, int64_t attempt, std::string_view record);
/// The slot of a file in which nothing has been stored: what a torn first save falls back to.
Secret blank_slot_image();
/// A whole new file.
Secret new_file_image();

struct Slot {
  enum class State {
    zero,     ///< never written, or erased
    blank,    ///< intact, and says that there is nothing
    intact,   ///< holds a record
    suspect,  ///< intact to look at, but its way to the disk failed
    damaged,
    newer,
  };
  State state = State::zero;
  int64_t seq = 0;
  int64_t attempt = 0;
  std::string digest;      ///< the check in its line: names these very bytes
  std::string_view record; ///< into the bytes it was read from
  size_t used_bytes = 0;   ///< up to its last byte that is not zero
};

struct Contents {
  bool uninitialised = false;  ///< not one byte but zeros: nobody has begun it
  std::array<Slot, slot_count> slots;
  int newest = -1;       ///< the slot that holds the record; -1: there is none
  int blank = -1;        ///< a slot that says "nothing here"
  bool damage = false;   ///< some slot is damaged, though another one serves

  int64_t newest_seq() const { return newest < 0 ? 0 : slots[static_cast<size_t>(newest)].seq; }
};

/// Reads a whole file. Slots whose digest is among `suspects` do not count. STORE_CORRUPT when there is damage and nothing
/// intact, STORE_NEWER when a later version has written any part; `path` is for the messages.
Result<Contents> read_contents(std::string_view file, const std::set<std::string>& suspects, const std::string& path);

/// Where the next record goes: seq mod 3, unless that would hit what a torn write must fall back to, or a place that has
/// just failed.
int slot_for(const Contents& contents, int64_t seq);
/// The number that makes the next record of this sequence number win over others of the same.
int64_t attempt_for(const Contents& contents, int64_t seq);

}  // namespace ecoauth::slot_layout
