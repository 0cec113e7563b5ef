#include "sandbox/tls_identity.hpp"

#include <arpa/inet.h>
#include <openssl/bio.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <stdexcept>

#include "base/random.hpp"

namespace ecoauth::sandbox {

namespace {
constexpr long day_s = 86400;

void require(bool ok) {
  if (!ok) throw std::runtime_error("OpenSSL could not make the sandbox's certificate");
}

void add_extension(X509* certificate, X509* issuer, int nid, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str());
  require(extension != nullptr);
  const bool added = X509_add_ext(certificate, extension, -1) == 1;
  X509_EXTENSION_free(extension);
  require(added);
}

/// Without `issuer` it issues itself.
Certificate start_certificate(EVP_PKEY* key, const char* common_name, X509* issuer) {
  Certificate certificate(X509_new());
  require(certificate != nullptr);
  X509* raw = certificate.get();
  const std::string serial = system_random().bytes(8);
  uint64_t number = 1;
  for (unsigned char c : serial) number = (number << 7) | (c & 0x7f);
  require(X509_set_version(raw, X509_VERSION_3) == 1);
  require(ASN1_INTEGER_set_uint64(X509_get_serialNumber(raw), number) == 1);
  // A day back, so that a clock slightly behind does not matter.
  require(X509_gmtime_adj(X509_getm_notBefore(raw), -day_s) && X509_gmtime_adj(X509_getm_notAfter(raw), 90 * day_s));
  require(X509_set_pubkey(raw, key) == 1);
  X509_NAME* name = X509_get_subject_name(raw);
  require(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, reinterpret_cast<const unsigned char*>(common_name), -1,
                                     -1, 0) == 1);
  require(X509_set_issuer_name(raw, X509_get_subject_name(issuer ? issuer : raw)) == 1);
  return certificate;
}
}  // namespace

TlsIdentity TlsIdentity::mint(const std::vector<std::string>& more_names) {
  PrivateKey ca_key(EVP_EC_gen("P-256"));
  TlsIdentity identity;
  identity.key.reset(EVP_EC_gen("P-256"));
  require(ca_key && identity.key);

  Certificate ca = start_certificate(ca_key.get(), "ecoauth sandbox throw-away CA", nullptr);
  add_extension(ca.get(), ca.get(), NID_basic_constraints, "critical,CA:TRUE,pathlen:0");
  add_extension(ca.get(), ca.get(), NID_key_usage, "critical,keyCertSign,cRLSign");
  add_extension(ca.get(), ca.get(), NID_subject_key_identifier, "hash");
  require(X509_sign(ca.get(), ca_key.get(), EVP_sha256()) > 0);

  std::string names = "DNS:localhost,IP:127.0.0.1,IP:::1";
  for (const std::string& each : more_names) {
    unsigned char address[16];
    const bool numeric =
        inet_pton(AF_INET, each.c_str(), address) == 1 || inet_pton(AF_INET6, each.c_str(), address) == 1;
    names += (numeric ? ",IP:" : ",DNS:") + each;
  }
  identity.certificate = start_certificate(identity.key.get(), "ecoauth sandbox", ca.get());
  X509* leaf = identity.certificate.get();
  add_extension(leaf, ca.get(), NID_basic_constraints, "critical,CA:FALSE");
  add_extension(leaf, ca.get(), NID_key_usage, "critical,digitalSignature");
  add_extension(leaf, ca.get(), NID_ext_key_usage, "serverAuth");
  add_extension(leaf, ca.get(), NID_subject_key_identifier, "hash");
  add_extension(leaf, ca.get(), NID_authority_key_identifier, "keyid:always");
  add_extension(leaf, ca.get(), NID_subject_alt_name, names);
  require(X509_sign(leaf, ca_key.get(), EVP_sha256()) > 0);

  std::unique_ptr<BIO, decltype(&BIO_free)> out(BIO_new(BIO_s_mem()), BIO_free);
  require(out && PEM_write_bio_X509(out.get(), ca.get()) == 1);
  char* data = nullptr;
  const long size = BIO_get_mem_data(out.get(), &data);
  identity.ca_pem.assign(data, static_cast<size_t>(size));
  return identity;
}

}  // namespace ecoauth::sandbox
