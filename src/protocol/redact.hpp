// What a server says, made fit for an error text: without the secrets it echoes, and printable.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/secret.hpp"

namespace ecoauth {

/// One line of at most 256 printable bytes. Every stretch of 12 or more characters out of one of `secrets` (all of it,
/// when it is shorter), plain or percent-encoded, becomes "[removed]".
std::string safe_words(std::string_view text, const std::vector<const Secret*>& secrets);

}  // namespace ecoauth
