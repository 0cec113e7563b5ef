#include "sandbox/shapes.hpp"

#include <cstring>

#include "base/digest.hpp"

namespace ecoauth::sandbox {

namespace {
/// Who finds a token in a log must see that it opens nobody's house.
constexpr std::string_view mark = "sandbox";
constexpr size_t legacy_token_characters = 32;
constexpr char consonants[] = "BCDFGHJKLMNPQRSTVWXZ";
constexpr char lower_alphanumerics[] = "abcdefghijklmnopqrstuvwxyz0123456789";
constexpr char upper_alphanumerics[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
constexpr char alphanumerics[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
}  // namespace

std::string Shapes::pin() {
  if (settings_.pin_length == 4) return letters(lower_alphanumerics, 4);
  if (settings_.pin_length == 10) return letters(upper_alphanumerics, 10);
  const std::string left = letters(consonants, 4);
  return left + '-' + letters(consonants, 4);
}

Secret Shapes::code() {
  if (settings_.generation == Generation::legacy) return Secret(letters(alphanumerics, legacy_token_characters));
  std::string text = base64url(24);
  // Half of all codes hold both characters that careless clients forget to escape.
  if (codes_++ % 2 == 0) {
    const auto at = static_cast<size_t>(random_.between(0, 22));
    text[at] = '-';
    text[at + 1] = '_';
  }
  return Secret(text);
}

Secret Shapes::refresh_token() {
  if (settings_.generation == Generation::legacy) return Secret(legacy_token());
  const bool prefixed = refresh_tokens_++ % 2 == 0;
  std::string text = prefixed ? "v1." + base64url(45) : base64url(static_cast<size_t>(random_.between(45, 48)));
  text.replace(prefixed ? 3 : 0, mark.size(), mark);
  text[20] = '-';
  text[30] = '_';
  return Secret(text);
}

Secret Shapes::access_token(const JwtClaims& claims) {
  if (settings_.generation == Generation::legacy) return Secret(legacy_token());
  return Secret(signer().sign(claims, settings_.jwt_bytes));
}

std::string Shapes::legacy_token() {
  return std::string(mark) + letters(alphanumerics, legacy_token_characters - mark.size());
}

const JwtSigner& Shapes::signer() {
  if (!signer_) signer_ = std::make_unique<JwtSigner>(random_);
  return *signer_;
}

/// Many letters from one call of the generator, whose calls are what costs.
std::string Shapes::letters(const char* alphabet, size_t count) {
  const size_t size = std::strlen(alphabet);
  const size_t limit = 256 - 256 % size;  // bytes from here on would make some letters likelier
  std::string out;
  while (out.size() < count)
    for (const char each : random_.bytes(count - out.size() + 8))
      if (const auto byte = static_cast<unsigned char>(each); byte < limit && out.size() < count)
        out += alphabet[byte % size];
  return out;
}

std::string Shapes::base64url(size_t count) { return to_base64url(random_.bytes(count)).substr(0, count); }

bool is_legacy_token(const Secret& refresh_token) { return refresh_token.size() == legacy_token_characters; }

std::string plain_pin(std::string_view typed) {
  std::string out;
  for (char c : typed) {
    if (c == '-' || c == ' ' || c == '\t' || c == '\r' || c == '\n') continue;
    out += c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  }
  return out;
}

}  // namespace ecoauth::sandbox
