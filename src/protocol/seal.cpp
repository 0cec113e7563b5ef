#include "protocol/seal.hpp"

#include <openssl/evp.h>

#include <memory>

#include "base/digest.hpp"
#include "protocol/record_clear.hpp"
#include "protocol/record_text.hpp"

namespace ecoauth {
namespace {

using namespace record_text;

struct FreeContext {
  void operator()(EVP_CIPHER_CTX* context) const { EVP_CIPHER_CTX_free(context); }
};
using Context = std::unique_ptr<EVP_CIPHER_CTX, FreeContext>;

const unsigned char* raw(std::string_view bytes) { return reinterpret_cast<const unsigned char*>(bytes.data()); }
int count_of(std::string_view bytes) { return static_cast<int>(bytes.size()); }

Error no_cipher() { return make_error(ECOAUTH_ERROR_INTERNAL, "OpenSSL does not encrypt with AES-256-GCM"); }

/// Behind the check line's place in `out`, the line.
void append_check(Secret& out) {
  const std::string digest = sha256_hex(out.reveal());
  out.append("check ");
  out.append(digest);
  out.append("\n");
}

std::optional<std::string> encrypt(std::string_view plain, std::string_view in_clear, const SealKey& key,
                                   std::string_view nonce) {
  std::string sealed(plain.size() + seal_tag_bytes, '\0');
  auto* out = reinterpret_cast<unsigned char*>(sealed.data());
  Context context(EVP_CIPHER_CTX_new());
  int written = 0, ended = 0;
  if (!context || nonce.size() != seal_nonce_bytes ||
      EVP_EncryptInit_ex(context.get(), EVP_aes_256_gcm(), nullptr, raw(key.bytes()), raw(nonce)) != 1 ||
      EVP_EncryptUpdate(context.get(), nullptr, &written, raw(in_clear), count_of(in_clear)) != 1 ||
      EVP_EncryptUpdate(context.get(), out, &written, raw(plain), count_of(plain)) != 1 ||
      EVP_EncryptFinal_ex(context.get(), out + written, &ended) != 1 ||
      EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_GCM_GET_TAG, seal_tag_bytes, out + plain.size()) != 1)
    return std::nullopt;
  return sealed;
}

enum class Opening { good, changed, impossible };

/// Appends to `out` only what the tag vouches for.
Opening decrypt(std::string_view cipher, std::string_view tag, std::string_view in_clear, const SealKey& key,
                std::string_view nonce, Secret& out) {
  std::string text(cipher.size(), '\0'), expected(tag);
  auto* bytes = reinterpret_cast<unsigned char*>(text.data());
  Context context(EVP_CIPHER_CTX_new());
  int written = 0, ended = 0;
  if (!context || EVP_DecryptInit_ex(context.get(), EVP_aes_256_gcm(), nullptr, raw(key.bytes()), raw(nonce)) != 1 ||
      EVP_DecryptUpdate(context.get(), nullptr, &written, raw(in_clear), count_of(in_clear)) != 1 ||
      EVP_DecryptUpdate(context.get(), bytes, &written, raw(cipher), count_of(cipher)) != 1 ||
      EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_GCM_SET_TAG, seal_tag_bytes, expected.data()) != 1)
    return Opening::impossible;
  const bool good = EVP_DecryptFinal_ex(context.get(), bytes + written, &ended) == 1;
  if (good) out.append(text);
  wipe(text);
  return good ? Opening::good : Opening::changed;
}

}  // namespace

std::optional<std::string> key_id_in_seal(std::string_view seal) {
  if (seal == seal_kind_none) return std::string();
  const size_t kind = seal_kind_aes.size();
  if (seal.size() != kind + 1 + SealKey::id_digits || seal.substr(0, kind) != seal_kind_aes || seal[kind] != ' ' ||
      seal.find_first_not_of("0123456789abcdef", kind + 1) != std::string_view::npos)
    return std::nullopt;
  return std::string(seal.substr(kind + 1));
}

Result<std::string> seal_key_id_of(std::string_view record) {
  auto clear = parse_clear(record);
  if (!clear) return clear.error();
  auto id = key_id_in_seal(clear.value().seal);
  if (!id) return newer_seal(clear.value().seal);
  return *id;
}

Result<Secret> seal_record(std::string_view plain, const SealKey& key, std::string_view nonce) {
  auto clear = parse_clear(plain);
  if (!clear) return clear.error();
  if (clear.value().seal != seal_kind_none) return corrupt("it is sealed already");
  Secret sealed;
  sealed.reserve(plain.size() + seal_overhead_bytes);
  sealed.append(clear.value().before_seal);
  sealed.append("seal ");
  sealed.append(seal_kind_aes);
  sealed.append(" ");
  sealed.append(key.id());
  sealed.append("\n");
  auto cipher = encrypt(clear.value().rest, sealed.reveal(), key, nonce);
  if (!cipher) return no_cipher();
  sealed.append(nonce);
  sealed.append(*cipher);
  append_check(sealed);
  return sealed;
}

Result<Secret> open_record(std::string_view sealed, const SealKey& key) {
  auto clear = parse_clear(sealed);
  if (!clear) return clear.error();
  auto id = key_id_in_seal(clear.value().seal);
  if (!id) return newer_seal(clear.value().seal);
  if (*id != key.id()) return make_error(ECOAUTH_ERROR_STORE, "the record is sealed with another key");
  std::string_view rest = clear.value().rest;
  if (rest.size() < seal_nonce_bytes + seal_tag_bytes) return corrupt("what is sealed in it is cut off");
  std::string_view nonce = rest.substr(0, seal_nonce_bytes);
  std::string_view tag = rest.substr(rest.size() - seal_tag_bytes);
  std::string_view cipher = rest.substr(seal_nonce_bytes, rest.size() - seal_nonce_bytes - seal_tag_bytes);
  Secret plain;
  plain.reserve(sealed.size());
  plain.append(clear.value().before_seal);
  plain.append("seal ");
  plain.append(seal_kind_none);
  plain.append("\n");
  switch (decrypt(cipher, tag, clear.value().lines, key, nonce, plain)) {
    case Opening::good:
      append_check(plain);
      return plain;
    case Opening::changed:
      return corrupt("it has been changed since it was sealed with the key " + key.id());
    default:
      return no_cipher();
  }
}

}  // namespace ecoauth
