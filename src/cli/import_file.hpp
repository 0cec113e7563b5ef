// The refresh tokens that other programs leave behind in their files.
#pragma once

#include <string>
#include <vector>

#include "cli/secret_prompt.hpp"

namespace ecoauth::cli {

struct ImportedToken {
  std::string entry;  ///< what the file calls it, may be empty
  SecretText refresh_token;
  SecretText client_id;  ///< empty when the file has none
  std::string account;   ///< of a record: whose it is; else empty
  std::string server;    ///< of a record: which server may see it; else empty
};

struct ImportFile {
  std::string format;   ///< whose file it is: "Home Assistant, .storage/core.config_entries"
  std::string program;  ///< who must not use the token any more: "Home Assistant"; empty when unknown
  std::vector<ImportedToken> tokens = {};
  std::string trouble = {};  ///< of a format that is known, why a token in it cannot be used
  std::string remedy = {};   ///< what to do about that
};

/// Recognizes the format by the content. An empty `format` when it is none that is known. Never changes `content`.
ImportFile import_file_of(const std::string& content);

}  // namespace ecoauth::cli
