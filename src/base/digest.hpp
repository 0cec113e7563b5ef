// SHA-256 by OpenSSL, and its usual spellings.
#pragma once

#include <string>
#include <string_view>

namespace ecoauth {

/// 32 bytes.
std::string sha256(std::string_view bytes);
/// 64 lower-case hex digits.
std::string sha256_hex(std::string_view bytes);
std::string to_hex(std::string_view bytes);
/// RFC 4648 section 5, without padding.
std::string to_base64url(std::string_view bytes);

}  // namespace ecoauth
