// The part of a stored record that is in clear under every seal (src/store/FORMAT.md 3.1). Private to the record's
// code.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.hpp"
#include "protocol/record.hpp"

namespace ecoauth::record_text {

struct Clear {
  int64_t seq = 0;
  Identity identity;
  std::string seal;
  std::string_view before_seal;  ///< all lines before the one that names the seal
  std::string_view lines;        ///< all seven
  std::string_view rest;         ///< from behind them to the check line
};

/// STORE_CORRUPT for what is no whole record, STORE_NEWER for a later format version.
Result<Clear> parse_clear(std::string_view bytes);

/// Cuts the next line off `bytes`.
std::optional<std::string_view> next_line(std::string_view& bytes);

Error corrupt(const std::string& what);
Error newer(const std::string& what);
/// Of a seal kind that this version does not know.
Error newer_seal(const std::string& seal);

}  // namespace ecoauth::record_text
