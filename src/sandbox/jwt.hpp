// Signs access tokens of the current generation: real RS256 JSON web tokens under a key that lives as long as the
// process, or as the state file.
#pragma once

#include <openssl/evp.h>

#include <cstdint>
#include <memory>
#include <string>

#include "base/random.hpp"
#include "base/secret.hpp"
#include "sandbox/json.hpp"

namespace ecoauth::sandbox {

struct JwtClaims {
  std::string client_id;
  std::string subject;     ///< UUID of the user
  std::string account_id;  ///< UUID of the ecobee account
  std::string scope;       ///< separated by spaces
  int64_t issued_s = 0;
  int64_t life_s = 0;
};

class JwtSigner {
 public:
  /// With a new key, or with one that pem() gave.
  explicit JwtSigner(Random& random);
  JwtSigner(Random& random, const Secret& pem);
  /// At least `bytes` long when that is not 0.
  std::string sign(const JwtClaims& claims, size_t bytes) const;
  Secret pem() const;
  /// The public key as a JSON web key set (RFC 7517).
  Json key_set() const;

 private:
  JwtSigner(Random& random, EVP_PKEY* key);

  struct FreeKey {
    void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
  };
  Random& random_;
  std::unique_ptr<EVP_PKEY, FreeKey> key_;
  std::string key_id_;
};

std::string random_uuid(Random& random);
/// Always the same for the same text.
std::string uuid_of(std::string_view text);

}  // namespace ecoauth::sandbox
