// A key that seals records at rest, and the name it goes by in what it has sealed.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "base/secret.hpp"

namespace ecoauth {

class SealKey {
 public:
  static constexpr size_t size_bytes = 32;
  static constexpr size_t id_digits = 16;

  /// nullopt unless `bytes` are 32 that may be a key: 32 times the same is a file of zeros or worse.
  static std::optional<SealKey> from(std::string_view bytes);
  SealKey clone() const { return SealKey(bytes_.clone(), id_); }

  std::string_view bytes() const { return bytes_.reveal(); }
  /// 16 hex digits that tell keys apart and show nothing of them.
  const std::string& id() const { return id_; }

 private:
  SealKey(Secret bytes, std::string id) : bytes_(std::move(bytes)), id_(std::move(id)) {}

  Secret bytes_;
  std::string id_;
};

}  // namespace ecoauth
