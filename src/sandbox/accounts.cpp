#include "sandbox/accounts.hpp"

#include <openssl/evp.h>

#include <algorithm>
#include <stdexcept>

#include "base/digest.hpp"
#include "base/text.hpp"

namespace ecoauth::sandbox {

namespace {
constexpr size_t max_accounts = 1000;
constexpr size_t max_sessions = 1000;
constexpr size_t max_name_bytes = 64;
constexpr size_t max_password_bytes = 256;
// People use their passwords in more than one place, also where they are told not to. Some milliseconds a try.
constexpr int derivation_rounds = 20000;

std::string derived(const Secret& password, const std::string& salt) {
  unsigned char key[32];
  if (PKCS5_PBKDF2_HMAC(password.reveal().data(), static_cast<int>(password.size()),
                        reinterpret_cast<const unsigned char*>(salt.data()), static_cast<int>(salt.size()),
                        derivation_rounds, EVP_sha256(), sizeof key, key) != 1)
    throw std::runtime_error("OpenSSL derives no key");
  std::string hex = to_hex({reinterpret_cast<const char*>(key), sizeof key});
  wipe(key, sizeof key);
  return hex;
}

std::string fault_of(const std::string& name, const Secret& password) {
  if (name.empty() || name.size() > max_name_bytes) return "The name must have 1 to 64 characters.";
  if (!valid_utf8(name) ||
      std::any_of(name.begin(), name.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }))
    return "The name holds characters that are no text.";
  if (password.empty() || password.size() > max_password_bytes) return "The password must have 1 to 256 characters.";
  return "";
}
}  // namespace

std::string Accounts::create(const std::string& name, const Secret& password) {
  if (accounts_.count(name)) return "This name is taken. Sign in with its password, or choose another name.";
  if (accounts_.size() >= max_accounts) return "The sandbox has as many accounts as it keeps.";
  std::string fault = fault_of(name, password);
  if (!fault.empty()) return fault;
  Account& account = accounts_[name];
  account.salt = to_hex(random_.bytes(16));
  account.key = derived(password, account.salt);
  return "";
}

std::string Accounts::seed(std::string_view account) {
  const size_t colon = account.find(':');
  if (colon == std::string_view::npos) return "There is no colon between name and password.";
  const std::string name(account.substr(0, colon));
  const Secret password(account.substr(colon + 1));
  if (knows(name, password)) return "";
  accounts_.erase(name);
  return create(name, password);
}

bool Accounts::knows(const std::string& name, const Secret& password) const {
  const auto found = accounts_.find(name);
  return found != accounts_.end() && password.size() <= max_password_bytes &&
         Secret(derived(password, found->second.salt)).equals(Secret(found->second.key));
}

std::string Accounts::open_session(const std::string& name) {
  std::string cookie = to_base64url(random_.bytes(32));
  sessions_.push_back({sha256_hex(cookie), name});
  if (sessions_.size() > max_sessions) sessions_.pop_front();
  return cookie;
}

void Accounts::close_session(const std::string& cookie) {
  const std::string digest = sha256_hex(cookie);
  sessions_.erase(std::remove_if(sessions_.begin(), sessions_.end(),
                                 [&](const Session& each) { return each.cookie_digest == digest; }),
                  sessions_.end());
}

const std::string& Accounts::account_of(const std::string& cookie) const {
  static const std::string nobody;
  if (cookie.empty()) return nobody;
  const std::string digest = sha256_hex(cookie);
  for (const Session& each : sessions_)
    if (each.cookie_digest == digest) return each.account;
  return nobody;
}

}  // namespace ecoauth::sandbox
