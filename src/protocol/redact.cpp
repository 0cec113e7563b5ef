#include "protocol/redact.hpp"

#include <algorithm>

#include "base/text.hpp"
#include "protocol/form.hpp"

namespace ecoauth {
namespace {

constexpr size_t looked_at_bytes = 4096;  // far beyond the 256 that are shown
constexpr size_t telltale_bytes = 12;     // a server may echo only a part
constexpr size_t shortest_secret_bytes = 4;

Secret lower_escapes(const Secret& encoded) {
  std::string text(encoded.reveal());
  for (size_t at = 0; (at = text.find('%', at)) != std::string::npos && at + 2 < text.size(); at += 3)
    for (size_t k = at + 1; k <= at + 2; ++k)
      if (text[k] >= 'A' && text[k] <= 'F') text[k] = static_cast<char>(text[k] - 'A' + 'a');
  Secret out(text);
  wipe(text);
  return out;
}

std::vector<Secret> spellings_of(const std::vector<const Secret*>& secrets) {
  std::vector<Secret> out;
  for (const Secret* secret : secrets) {
    if (!secret || secret->size() < shortest_secret_bytes) continue;
    out.push_back(secret->clone());
    Secret encoded;
    append_percent_encoded(encoded, secret->reveal());
    if (encoded.equals(*secret)) continue;
    out.push_back(lower_escapes(encoded));
    out.push_back(std::move(encoded));
  }
  return out;
}

/// How many bytes at the start of `text` come out of `secret`; 0 when too few to tell anything.
size_t echoed_length(std::string_view text, std::string_view secret) {
  const size_t least = std::min(secret.size(), telltale_bytes);
  if (text.size() < least) return 0;
  size_t longest = 0;
  for (size_t at = secret.find(text.substr(0, least)); at != std::string_view::npos;
       at = secret.find(text.substr(0, least), at + 1)) {
    size_t length = least;
    while (length < text.size() && at + length < secret.size() && text[length] == secret[at + length]) ++length;
    longest = std::max(longest, length);
  }
  return longest;
}

}  // namespace

std::string safe_words(std::string_view text, const std::vector<const Secret*>& secrets) {
  text = text.substr(0, looked_at_bytes);
  const std::vector<Secret> spellings = spellings_of(secrets);
  std::string kept;
  for (size_t at = 0; at < text.size();) {
    size_t echoed = 0;
    for (const Secret& secret : spellings) echoed = std::max(echoed, echoed_length(text.substr(at), secret.reveal()));
    if (echoed) {
      kept += "[removed]";
      at += echoed;
    } else {
      kept += text[at++];
    }
  }
  return std::string(trim(printable(kept)));
}

}  // namespace ecoauth
