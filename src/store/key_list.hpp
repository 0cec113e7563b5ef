// Keys as people and programs write them down (FORMAT.md 3.4). Pure.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "base/seal_key.hpp"

namespace ecoauth {

/// More bytes than this are no list of keys.
constexpr size_t longest_key_list_bytes = 2048;

/// One to sixteen keys, the current one first: lines of 64 hex digits, or 32 bytes each. `where` is for the messages.
Result<std::vector<SealKey>> parse_keys(std::string_view bytes, const std::string& where);

}  // namespace ecoauth
