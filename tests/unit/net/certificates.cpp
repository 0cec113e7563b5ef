#include "certificates.hpp"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>

#include <stdexcept>

namespace {

void require(bool ok, const char* what) {
  if (!ok) throw std::runtime_error(std::string("certificate fixture: ") + what);
}

void add_extension(X509* certificate, X509* issuer, int nid, const std::string& value) {
  if (value.empty()) return;
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str());
  require(extension && X509_add_ext(certificate, extension, -1) == 1, value.c_str());
  X509_EXTENSION_free(extension);
}

// The configuration syntax knows no NUL.
void add_raw_dns_name(X509* certificate, const std::string& name) {
  ASN1_IA5STRING* text = ASN1_IA5STRING_new();
  ASN1_STRING_set(text, name.data(), static_cast<int>(name.size()));
  GENERAL_NAME* general = GENERAL_NAME_new();
  GENERAL_NAME_set0_value(general, GEN_DNS, text);
  GENERAL_NAMES* all = sk_GENERAL_NAME_new_null();
  sk_GENERAL_NAME_push(all, general);
  require(X509_add1_ext_i2d(certificate, NID_subject_alt_name, all, 0, 0) == 1, "raw name");
  GENERAL_NAMES_free(all);
}

}  // namespace

std::string Identity::pem() const {
  BIO* memory = BIO_new(BIO_s_mem());
  PEM_write_bio_X509(memory, certificate.get());
  char* data = nullptr;
  long size = BIO_get_mem_data(memory, &data);
  std::string out(data, static_cast<size_t>(size));
  BIO_free(memory);
  return out;
}

std::string Identity::hash_name() const {
  char text[16];
  snprintf(text, sizeof text, "%08lx.0", X509_subject_name_hash(certificate.get()));
  return text;
}

Identity make_identity(const CertificateWish& wish, const Identity* issuer) {
  Identity made;
  made.key.reset(wish.rsa_bits ? EVP_RSA_gen(static_cast<unsigned>(wish.rsa_bits)) : EVP_EC_gen("P-256"),
                 EVP_PKEY_free);
  made.certificate.reset(X509_new(), X509_free);
  X509* certificate = made.certificate.get();
  require(made.key && certificate, "key");
  X509_set_version(certificate, X509_VERSION_3);
  uint64_t serial = 0;
  RAND_bytes(reinterpret_cast<unsigned char*>(&serial), sizeof serial);
  ASN1_INTEGER_set_uint64(X509_get_serialNumber(certificate), serial >> 1);
  X509_gmtime_adj(X509_getm_notBefore(certificate), wish.valid_from_s);
  X509_gmtime_adj(X509_getm_notAfter(certificate), wish.valid_until_s);
  X509_set_pubkey(certificate, made.key.get());
  X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN", MBSTRING_UTF8,
                             reinterpret_cast<const unsigned char*>(wish.common_name.c_str()), -1, -1, 0);
  X509* signer = issuer ? issuer->certificate.get() : certificate;
  X509_set_issuer_name(certificate, X509_get_subject_name(signer));
  add_extension(certificate, signer, NID_basic_constraints, wish.authority ? "critical,CA:TRUE" : "critical,CA:FALSE");
  add_extension(certificate, signer, NID_key_usage,
                wish.authority ? "critical,keyCertSign,cRLSign" : "critical,digitalSignature,keyEncipherment");
  add_extension(certificate, signer, NID_subject_key_identifier, "hash");
  add_extension(certificate, signer, NID_authority_key_identifier, issuer ? "keyid:always" : "");
  add_extension(certificate, signer, NID_ext_key_usage, wish.authority ? "" : wish.usage);
  add_extension(certificate, signer, NID_name_constraints, wish.constraints);
  if (!wish.raw_dns_name.empty())
    add_raw_dns_name(certificate, wish.raw_dns_name);
  else if (!wish.authority)
    add_extension(certificate, signer, NID_subject_alt_name, wish.names);
  require(X509_sign(certificate, (issuer ? issuer->key : made.key).get(), wish.digest) > 0, "signature");
  return made;
}

const Identity& test_authority() {
  static const Identity authority = [] {
    CertificateWish wish;
    wish.common_name = "test authority";
    wish.authority = true;
    return make_identity(wish);
  }();
  return authority;
}
