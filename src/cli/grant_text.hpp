// States and flags of a grant, in words and as JSON.
#pragma once

#include <ecoauth/status.h>

#include <cstdint>
#include <string>
#include <vector>

#include "cli/json_line.hpp"
#include "cli/output.hpp"

namespace ecoauth::cli {

struct GrantText {
  int32_t state;
  Style style;
  const char* name;    ///< one or two words
  const char* means;   ///< more, empty when the name says it all
  const char* advice;  ///< empty when there is nothing to do
};

/// For a state of a later release: what the header advises.
const GrantText& grant_text(int32_t state);

/// "refused: needs a new authorization (REVOKED)".
std::string grant_words(const ecoauth_status* status);

/// What the flags that are set mean; nothing for those that are no trouble.
std::vector<std::string> flag_texts(int32_t flags);

/// All flags, each true or false.
JsonLine flags_json(int32_t flags);

}  // namespace ecoauth::cli
