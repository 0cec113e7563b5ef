#include "client/account_list.hpp"

#include <set>
#include <utility>

namespace ecoauth {

Result<std::optional<StoredRecord>> load_with_identity(TokenStore& store, const std::string& key) {
  auto bytes = store.load(key);
  if (!bytes) return bytes.error();
  if (!bytes.value()) return std::optional<StoredRecord>();
  auto identity = decode_identity(bytes.value()->reveal());
  if (!identity) return identity.error();
  return std::optional(StoredRecord{std::move(*bytes.value()), std::move(identity.value())});
}

Result<std::vector<std::string>> accounts_in(TokenStore& store, const std::string& origin,
                                             const std::string& client_fingerprint, const Logger& logger) {
  auto keys = store.list();
  if (!keys) return keys.error();
  std::set<std::string> names;
  for (const std::string& key : keys.value()) {
    auto stored = load_with_identity(store, key);
    if (!stored) {
      logger.log(LogLevel::warning, "the record ", key, " cannot be read: ", stored.error().message);
      continue;
    }
    if (!stored.value()) continue;
    const Identity& identity = stored.value()->identity;
    if (identity.origin != origin) continue;
    if (!client_fingerprint.empty() && identity.client_fingerprint != client_fingerprint) continue;
    const auto record = decode_record(stored.value()->bytes.reveal());
    if (record && record.value().signed_out()) continue;
    names.insert(identity.account);
  }
  return std::vector<std::string>(names.begin(), names.end());
}

}  // namespace ecoauth
