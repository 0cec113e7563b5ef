// The certificate the sandbox shows: given in files, or made afresh under a throw-away CA.
#pragma once

#include <openssl/evp.h>
#include <openssl/x509.h>

#include <memory>
#include <string>
#include <vector>

namespace ecoauth::sandbox {

struct FreeCertificate {
  void operator()(X509* certificate) const { X509_free(certificate); }
};
struct FreePrivateKey {
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
};
using Certificate = std::unique_ptr<X509, FreeCertificate>;
using PrivateKey = std::unique_ptr<EVP_PKEY, FreePrivateKey>;

struct TlsIdentity {
  std::string chain_file;  ///< PEM files, when given
  std::string key_file;
  Certificate certificate;  ///< else these
  PrivateKey key;
  std::string ca_pem;

  /// For localhost, 127.0.0.1, ::1 and `more_names`. The CA's key is forgotten at once, so nothing else can be made
  /// with it.
  static TlsIdentity mint(const std::vector<std::string>& more_names);
};

}  // namespace ecoauth::sandbox
