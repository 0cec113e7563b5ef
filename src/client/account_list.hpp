// Which accounts a store has records of.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/log.hpp"
#include "protocol/record.hpp"
#include "store/token_store.hpp"

namespace ecoauth {

struct StoredRecord {
  Secret bytes;
  Identity identity;
};

/// What lies under this key, and whose it is; nullopt when it has gone.
Result<std::optional<StoredRecord>> load_with_identity(TokenStore& store, const std::string& key);

/// The names of the accounts of this origin and, unless it is empty, this client id: those with a grant or an authorization
/// under way, sorted. A record that cannot be read is skipped and logged; what is sealed with a key that is not to be had
/// counts.
Result<std::vector<std::string>> accounts_in(TokenStore& store, const std::string& origin,
                                             const std::string& client_fingerprint, const Logger& logger);

}  // namespace ecoauth
