#include "base/digest.hpp"
#include "base/text.hpp"
#include "protocol/record.hpp"

namespace ecoauth {
namespace {

constexpr size_t longest_readable_part = 40;
constexpr size_t hash_digits = 16;

/// The readable part of a key. It need not be unique, only harmless as a file name: the hash tells accounts apart, also
/// where "Home" and "home" are one file.
std::string safe_account(std::string_view account) {
  std::string safe;
  for (char c : account.substr(0, longest_readable_part)) {
    bool keep = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
                (!safe.empty() && (c == '.' || c == '-'));
    safe += keep ? c : '_';
  }
  return safe.empty() ? "_" : safe;
}

/// Each part with its length before it, so that no two identities spell the same text.
void add_part(std::string& text, std::string_view part) {
  text += to_text(static_cast<int64_t>(part.size()));
  text += ':';
  text += part;
}

}  // namespace

std::string fingerprint_of_client_id(const Secret& client_id) {
  return sha256_hex(client_id.reveal()).substr(0, hash_digits);
}

std::string store_key(const Identity& identity) {
  std::string whole;
  add_part(whole, identity.account);
  add_part(whole, identity.origin);
  add_part(whole, identity.client_fingerprint);
  return safe_account(identity.account) + "-" + sha256_hex(whole).substr(0, hash_digits);
}

bool may_be_key_of_account(std::string_view key, std::string_view account) {
  std::string prefix = safe_account(account) + "-";
  if (key.size() != prefix.size() + hash_digits || !starts_with(key, prefix)) return false;
  return key.find_first_not_of("0123456789abcdef", prefix.size()) == std::string_view::npos;
}

}  // namespace ecoauth
