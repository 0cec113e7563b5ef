// The access token in memory, read without a lock: the hot path of every host.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/secret.hpp"

namespace ecoauth {

class TokenCell {
 public:
  enum class Copy { copied, too_small, none };

  TokenCell();
  ~TokenCell();
  TokenCell(const TokenCell&) = delete;
  TokenCell& operator=(const TokenCell&) = delete;

  /// `header`: "Bearer " and the token. Handed out until `expires_boot_ms`.
  void publish(Secret header, int64_t generation, int64_t expires_boot_ms);
  /// There is a newest token pair, but no token to hand out.
  void withhold(int64_t generation);
  void clear();

  /// Copies the token (or the whole header) with a terminating NUL. Takes no lock, allocates nothing. `needed_bytes` and
  /// `generation` are set unless nothing is there; both optional.
  Copy copy(const Clock& clock, bool with_scheme, char* buffer, size_t size_bytes, size_t* needed_bytes,
            int64_t* generation) const;
  /// 0 without a token.
  int64_t generation() const { return generation_.load(std::memory_order_acquire); }

 private:
  struct Block;
  void replace(Block* block);

  std::atomic<Block*> current_{nullptr};
  std::atomic<int64_t> generation_{0};
  std::mutex writing_;
  std::vector<std::unique_ptr<Block>> retired_;  // may still be read; freed by a later writer
};

}  // namespace ecoauth
