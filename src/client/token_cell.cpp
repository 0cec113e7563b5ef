#include "client/token_cell.hpp"

#include <algorithm>
#include <array>
#include <cstring>

namespace ecoauth {

namespace {

/// What a reader is looking at, so that no writer frees it: one slot per copy under way, shared by all cells of the process.
struct alignas(64) Slot {
  std::atomic<const void*> reading{nullptr};
};
constexpr size_t slot_count = 64;
std::array<Slot, slot_count> slots;

/// Different threads have different stacks: a place to start looking that costs no thread-local storage.
size_t first_slot() {
  auto stack = reinterpret_cast<uintptr_t>(__builtin_frame_address(0));
  return (stack >> 14) * 0x9E3779B97F4A7C15u >> 32;
}

constexpr std::string_view scheme = "Bearer ";

}  // namespace

struct TokenCell::Block {
  Secret header;
  int64_t generation = 0;
  int64_t expires_boot_ms = 0;
};

TokenCell::TokenCell() = default;
TokenCell::~TokenCell() { delete current_.load(); }

void TokenCell::publish(Secret header, int64_t generation, int64_t expires_boot_ms) {
  auto block = std::make_unique<Block>();
  block->header = std::move(header);
  block->generation = generation;
  block->expires_boot_ms = expires_boot_ms;
  replace(block.release());
  generation_.store(generation, std::memory_order_release);
}

void TokenCell::withhold(int64_t generation) {
  replace(nullptr);
  generation_.store(generation, std::memory_order_release);
}

void TokenCell::clear() { withhold(0); }

void TokenCell::replace(Block* block) {
  std::lock_guard lock(writing_);
  if (Block* before = current_.exchange(block, std::memory_order_seq_cst)) retired_.emplace_back(before);
  auto still_read = [](const std::unique_ptr<Block>& old) {
    return std::any_of(slots.begin(), slots.end(), [&](const Slot& slot) {
      return slot.reading.load(std::memory_order_seq_cst) == old.get();
    });
  };
  retired_.erase(std::remove_if(retired_.begin(), retired_.end(), [&](auto& old) { return !still_read(old); }),
                 retired_.end());
}

TokenCell::Copy TokenCell::copy(const Clock& clock, bool with_scheme, char* buffer, size_t size_bytes,
                                size_t* needed_bytes, int64_t* generation) const {
  for (size_t at = first_slot();; ++at) {
    const Block* block = current_.load(std::memory_order_acquire);
    if (!block) return Copy::none;
    std::atomic<const void*>& reading = slots[at % slot_count].reading;
    const void* free_slot = nullptr;
    if (!reading.compare_exchange_strong(free_slot, block, std::memory_order_seq_cst, std::memory_order_relaxed)) continue;
    Copy result = Copy::none;
    bool current = current_.load(std::memory_order_seq_cst) == block;
    if (current && clock.boot_ms() < block->expires_boot_ms) {
      std::string_view text = block->header.reveal();
      if (!with_scheme) text.remove_prefix(scheme.size());
      if (needed_bytes) *needed_bytes = text.size() + 1;
      if (generation) *generation = block->generation;
      result = text.size() < size_bytes ? Copy::copied : Copy::too_small;
      if (result == Copy::copied) {
        std::memcpy(buffer, text.data(), text.size());
        buffer[text.size()] = '\0';
      }
    }
    reading.store(nullptr, std::memory_order_release);
    if (current) return result;
  }
}

}  // namespace ecoauth
