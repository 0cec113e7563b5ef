// Sealed records (src/store/FORMAT.md 3.4): AES-256-GCM by OpenSSL, with the part in clear as associated data, so that
// neither a line of it can be changed nor a record be given to another account. Pure.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.hpp"
#include "base/seal_key.hpp"
#include "base/secret.hpp"

namespace ecoauth {

constexpr std::string_view seal_kind_none = "none";
constexpr std::string_view seal_kind_aes = "aes-256-gcm";
constexpr size_t seal_nonce_bytes = 12;
constexpr size_t seal_tag_bytes = 16;
/// By how much a record is longer sealed than plain.
constexpr size_t seal_overhead_bytes =
    seal_kind_aes.size() + 1 + SealKey::id_digits - seal_kind_none.size() + seal_nonce_bytes + seal_tag_bytes;

/// What the value of a "seal" line says: the key's id, "" for a plain record, nothing for a kind of a later version.
std::optional<std::string> key_id_in_seal(std::string_view seal);

/// The id of the key that a stored record is sealed with; empty when it is plain. STORE_CORRUPT for what is no record,
/// STORE_NEWER for a seal of a later version.
Result<std::string> seal_key_id_of(std::string_view record);

/// Seals what encode_record() wrote. `nonce` is 12 random bytes, never used twice with one key.
Result<Secret> seal_record(std::string_view plain, const SealKey& key, std::string_view nonce);

/// What encode_record() wrote. `key` is the one of seal_key_id_of(); STORE_CORRUPT when a bit of the record has changed
/// since it was sealed.
Result<Secret> open_record(std::string_view sealed, const SealKey& key);

}  // namespace ecoauth
