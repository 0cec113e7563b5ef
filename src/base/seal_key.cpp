#include "base/seal_key.hpp"

#include "base/digest.hpp"

namespace ecoauth {
namespace {

/// Keeps the id apart from every other digest that anybody may make of the same key.
constexpr std::string_view id_prefix = "ecoauth seal key id\n";

}  // namespace

std::optional<SealKey> SealKey::from(std::string_view bytes) {
  if (bytes.size() != size_bytes || bytes.find_first_not_of(bytes[0]) == std::string_view::npos) return std::nullopt;
  Secret hashed;
  hashed.reserve(id_prefix.size() + bytes.size());
  hashed.append(id_prefix);
  hashed.append(bytes);
  return SealKey(Secret(bytes), sha256_hex(hashed.reveal()).substr(0, id_digits));
}

}  // namespace ecoauth
