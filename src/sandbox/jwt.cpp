#include "sandbox/jwt.hpp"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include <stdexcept>

#include "base/digest.hpp"
#include "base/text.hpp"

namespace ecoauth::sandbox {

namespace {
/// Only ASCII without quotes reaches the claims: client ids are alphanumeric, and scopes are filtered here.
std::string claim_text(const std::string& text) {
  std::string out;
  for (char c : printable(text, 1024))
    if (c != '"' && c != '\\') out += c;
  return out;
}

/// One number of an RSA key, as RFC 7518 section 6.3.1 spells it.
std::string key_number(const EVP_PKEY* key, const char* name) {
  BIGNUM* raw = nullptr;
  if (EVP_PKEY_get_bn_param(key, name, &raw) != 1) throw std::runtime_error("OpenSSL does not tell the public key");
  const std::unique_ptr<BIGNUM, decltype(&BN_free)> number(raw, BN_free);
  std::string bytes(static_cast<size_t>(BN_num_bytes(raw)), '\0');
  BN_bn2bin(raw, reinterpret_cast<unsigned char*>(bytes.data()));
  return to_base64url(bytes);
}
}  // namespace

namespace {
std::string uuid_text(std::string raw) {
  raw[6] = static_cast<char>((raw[6] & 0x0f) | 0x40);
  raw[8] = static_cast<char>((raw[8] & 0x3f) | 0x80);
  std::string hex = to_hex(raw);
  for (size_t at : {8U, 13U, 18U, 23U}) hex.insert(at, "-");
  return hex;
}

EVP_PKEY* read_key(const Secret& pem) {
  const std::unique_ptr<BIO, decltype(&BIO_free)> in(BIO_new_mem_buf(pem.reveal().data(), static_cast<int>(pem.size())),
                                                     BIO_free);
  return in ? PEM_read_bio_PrivateKey(in.get(), nullptr, nullptr, nullptr) : nullptr;
}
}  // namespace

std::string random_uuid(Random& random) { return uuid_text(random.bytes(16)); }
std::string uuid_of(std::string_view text) { return uuid_text(sha256(text).substr(0, 16)); }

JwtSigner::JwtSigner(Random& random) : JwtSigner(random, EVP_RSA_gen(2048)) {}
JwtSigner::JwtSigner(Random& random, const Secret& pem) : JwtSigner(random, read_key(pem)) {}

JwtSigner::JwtSigner(Random& random, EVP_PKEY* key) : random_(random), key_(key) {
  if (!key_) throw std::runtime_error("OpenSSL has no RSA key to sign with");
  key_id_ = to_base64url(sha256(key_number(key, OSSL_PKEY_PARAM_RSA_N))).substr(0, 20);
}

Secret JwtSigner::pem() const {
  const std::unique_ptr<BIO, decltype(&BIO_free)> out(BIO_new(BIO_s_secmem()), BIO_free);
  char* data = nullptr;
  if (!out || PEM_write_bio_PrivateKey(out.get(), key_.get(), nullptr, nullptr, 0, nullptr, nullptr) != 1)
    throw std::runtime_error("OpenSSL does not write the signing key");
  const long size = BIO_get_mem_data(out.get(), &data);
  return Secret({data, static_cast<size_t>(size)});
}

std::string JwtSigner::sign(const JwtClaims& claims, size_t bytes) const {
  const std::string header = R"({"alg":"RS256","typ":"JWT","kid":")" + key_id_ + "\"}";
  std::string payload =
      R"({"https://claims.ecobee.com/ecobee_account_id":")" + claims.account_id +
      R"(","iss":"https://auth.ecobee.com/","sub":"auth0|)" + claims.subject +
      R"(","aud":["https://developer-apps.ecobee.com/api/v1","https://ecobee-prod.auth0.com/userinfo"])" +
      R"(,"iat":)" + to_text(claims.issued_s) + R"(,"exp":)" + to_text(claims.issued_s + claims.life_s) +
      R"(,"azp":")" + claim_text(claims.client_id) + R"(","scope":")" + claim_text(claims.scope) + '"';
  payload += R"(,"sandbox":"made by ecoauth-sandbox, not by ecobee")";
  // Two tokens of one second must differ, as they do at ecobee's.
  payload += R"(,"jti":")" + to_base64url(random_.bytes(12)) + '"';
  const size_t plain_bytes = (header.size() + payload.size() + 20 + 256) * 4 / 3;
  if (bytes > plain_bytes) {
    const size_t padding_bytes = (bytes - plain_bytes) * 3 / 4 + 8;
    payload += R"(,"https://claims.ecobee.com/padding":")" +
               to_base64url(random_.bytes(padding_bytes)).substr(0, padding_bytes) + '"';
  }
  payload += '}';
  const std::string body = to_base64url(header) + '.' + to_base64url(payload);

  std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(), EVP_MD_CTX_free);
  size_t size = 0;
  const auto* data = reinterpret_cast<const unsigned char*>(body.data());
  if (!context || EVP_DigestSignInit(context.get(), nullptr, EVP_sha256(), nullptr, key_.get()) != 1 ||
      EVP_DigestSign(context.get(), nullptr, &size, data, body.size()) != 1)
    throw std::runtime_error("OpenSSL did not sign");
  std::string signature(size, '\0');
  if (EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(signature.data()), &size, data, body.size()) != 1)
    throw std::runtime_error("OpenSSL did not sign");
  signature.resize(size);
  return body + '.' + to_base64url(signature);
}

Json JwtSigner::key_set() const {
  return Json::object().set("keys", Json::array().push(Json::object()
                                                           .set("kty", "RSA")
                                                           .set("use", "sig")
                                                           .set("alg", "RS256")
                                                           .set("kid", key_id_)
                                                           .set("n", key_number(key_.get(), OSSL_PKEY_PARAM_RSA_N))
                                                           .set("e", key_number(key_.get(), OSSL_PKEY_PARAM_RSA_E))));
}

}  // namespace ecoauth::sandbox
