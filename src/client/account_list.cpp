#include "client/account_list.hpp"

#include <set>

#include "protocol/record.hpp"

namespace ecoauth {
namespace {

/// Signing out leaves a record that says so.
bool signed_out(const Result<Record>& record) {
  return record.ok() && !record.value().grant && !record.value().pending;
}

}  // namespace

Result<std::vector<std::string>> accounts_in(TokenStore& store, const std::string& origin,
                                             const std::string& client_fingerprint, const Logger& logger) {
  auto keys = store.list();
  if (!keys) return keys.error();
  std::set<std::string> names;
  for (const std::string& key : keys.value()) {
    const auto skip = [&](const Error& why) {
      logger.log(LogLevel::warning, "the record ", key, " cannot be read: ", why.message);
    };
    auto bytes = store.load(key);
    if (!bytes) {
      skip(bytes.error());
      continue;
    }
    if (!bytes.value()) continue;
    auto identity = decode_identity(bytes.value()->reveal());
    if (!identity) {
      skip(identity.error());
      continue;
    }
    if (identity.value().origin != origin) continue;
    if (!client_fingerprint.empty() && identity.value().client_fingerprint != client_fingerprint) continue;
    if (signed_out(decode_record(bytes.value()->reveal()))) continue;
    names.insert(identity.value().account);
  }
  return std::vector<std::string>(names.begin(), names.end());
}

}  // namespace ecoauth
