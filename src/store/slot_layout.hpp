// The bytes of a token file: a header and three slots (FORMAT.md). Pure.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.hpp"
#include "base/secret.hpp"
#include "store/token_store.hpp"

namespace ecoauth::slot_layout {

constexpr size_t header_bytes = 4096;
constexpr int slot_count = 3;
constexpr size_t slot_bytes = 32768;
constexpr size_t file_bytes = header_bytes + slot_count * slot_bytes;
static_assert(longest_record_bytes + 256 <= slot_bytes, "the slot's line needs room too");
/// Which byte is locked: far beyond everything that any version will ever store there.
constexpr int64_t lock_offset = int64_t{1} << 30;

constexpr int64_t slot_offset(int slot) {
  return static_cast<int64_t>(header_bytes + static_cast<size_t>(slot) * slot_bytes);
}

/// What the file begins with; the rest of the header is zeros.
std::string_view header_line();

/// The digest of the record whose way to the disk failed, for each slot; empty: nothing failed there lately. What one
/// process knows and the file does not show.
using Failures = std::array<std::string, slot_count>;

struct SlotImage {
  Secret bytes;
  std::string digest;  ///< names these very bytes
};
/// The slot's line and the record, then zeros up to `clear_bytes`. `attempt` tells apart records that were written
/// under the same number.
SlotImage slot_image(int64_t seq, int64_t attempt, std::string_view record, size_t clear_bytes = 0);
/// The slot that says "nothing here": what a torn first save, or a torn erasure, falls back to.
SlotImage blank_slot_image(size_t clear_bytes = 0);

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
  std::string digest;
  std::string_view record;  ///< into the bytes it was read from
  size_t used_bytes = 0;    ///< up to its last byte that is not zero
};

struct Contents {
  bool uninitialised = false;  ///< nobody has finished beginning it
  std::array<Slot, slot_count> slots;
  int newest = -1;      ///< the slot that holds the record; -1: there is none
  int blank = -1;       ///< a slot that says "nothing here"
  bool damage = false;  ///< some slot is damaged, though another one serves

  int64_t newest_seq() const { return newest < 0 ? 0 : slots[static_cast<size_t>(newest)].seq; }
};

/// Reads a whole file. STORE_CORRUPT when nothing in it is intact, STORE_NEWER when a later version has written any
/// part; `path` is for the messages.
Result<Contents> read_contents(std::string_view file, const Failures& failures, const std::string& path);

/// Where the next record goes: seq mod 3, unless that is what a torn write must fall back to, or a place that has just
/// failed.
int slot_for(const Contents& contents, int64_t seq, const Failures& failures);
/// The number that makes the next record of this sequence number win over others of the same.
int64_t attempt_for(const Contents& contents, int64_t seq);

}  // namespace ecoauth::slot_layout
