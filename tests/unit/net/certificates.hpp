// Certificates for the TLS tests, made in memory, good and bad in every way a test wishes.
#pragma once

#include <openssl/evp.h>
#include <openssl/x509.h>

#include <memory>
#include <string>
#include <vector>

struct CertificateWish {
  std::string names = "DNS:localhost";  ///< subjectAltName in OpenSSL's configuration syntax; empty: none
  std::string common_name = "test";
  long valid_from_s = -3600;  ///< counted from now
  long valid_until_s = 86400;
  std::string usage = "serverAuth";  ///< extendedKeyUsage; empty: none
  bool authority = false;
  std::string constraints;  ///< nameConstraints; empty: none
  int rsa_bits = 0;         ///< 0: a P-256 key
  const EVP_MD* digest = EVP_sha256();
  std::string raw_dns_name;  ///< a DNS name that may hold any byte, instead of `names`
};

struct Identity {
  std::shared_ptr<X509> certificate;
  std::shared_ptr<EVP_PKEY> key;

  std::string pem() const;
  /// "1a2b3c4d.0", as OpenSSL looks it up in a folder.
  std::string hash_name() const;
};

/// Self-signed without an issuer.
Identity make_identity(const CertificateWish& wish, const Identity* issuer = nullptr);

/// A certificate authority that all tests of the process share.
const Identity& test_authority();
