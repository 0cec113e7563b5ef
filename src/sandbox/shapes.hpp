// What PINs, codes and tokens look like in either generation (protocol.md 12).
#pragma once

#include <memory>
#include <string>

#include "base/random.hpp"
#include "base/secret.hpp"
#include "sandbox/jwt.hpp"
#include "sandbox/settings.hpp"

namespace ecoauth::sandbox {

class Shapes {
 public:
  Shapes(const Settings& settings, Random& random) : settings_(settings), random_(random) {}

  std::string pin();
  Secret code();
  Secret refresh_token();
  Secret access_token(const JwtClaims& claims);
  /// Made at the first use: a key takes up to a second, and not every run needs one.
  const JwtSigner& signer();
  bool has_signer() const { return signer_ != nullptr; }
  void use_signer(std::unique_ptr<JwtSigner> signer) { signer_ = std::move(signer); }
  const JwtSigner& existing_signer() const { return *signer_; }
  Random& random() { return random_; }

 private:
  std::string legacy_token();
  std::string letters(const char* alphabet, size_t count);
  std::string base64url(size_t count);

  const Settings& settings_;
  Random& random_;
  std::unique_ptr<JwtSigner> signer_;
  unsigned codes_ = 0;
  unsigned refresh_tokens_ = 0;
};

/// Was a refresh token given out by the legacy service?
bool is_legacy_token(const Secret& refresh_token);

/// What people type differs in case, dashes and spaces from what was shown.
std::string plain_pin(std::string_view typed);

}  // namespace ecoauth::sandbox
