#include "cli/grant_text.hpp"

namespace ecoauth::cli {

namespace {

struct Flag {
  int32_t bit;
  const char* name;
  const char* means;  ///< empty: not worth a line
};

constexpr Flag flags_known[] = {
    {ECOAUTH_FLAG_AUTHORIZING, "AUTHORIZING", ""},
    {ECOAUTH_FLAG_REFRESHING, "REFRESHING", ""},
    {ECOAUTH_FLAG_AMBIGUOUS, "AMBIGUOUS", "a refresh was sent and its answer never came; the next one settles it"},
    {ECOAUTH_FLAG_UNSAVED, "UNSAVED", "the newest tokens are in memory only"},
    {ECOAUTH_FLAG_DEGRADED, "DEGRADED", "the store does not work as it should"},
    {ECOAUTH_FLAG_CLOCK_SUSPECT, "CLOCK_SUSPECT", "the machine's clock looks wrong"},
};

constexpr GrantText texts[] = {
    {ECOAUTH_GRANT_NONE, Style::warning, "none", "not authorized", "Run \"ecoauth login\"."},
    {ECOAUTH_GRANT_ACTIVE, Style::good, "active", "", ""},
    {ECOAUTH_GRANT_SUSPECT, Style::warning, "suspect", "the server refused it, which may pass",
     "Wait; it is tried again whenever a token is wanted, and nothing is deleted."},
    {ECOAUTH_GRANT_NEEDS_REAUTHORIZATION, Style::bad, "refused", "needs a new authorization", "Run \"ecoauth login\"."},
    {ECOAUTH_GRANT_BLOCKED, Style::bad, "blocked", "the server refuses the client id or the account",
     "Check the client id (application key) and the account at ecobee; the tokens are kept."},
};

}  // namespace

const GrantText& grant_text(int32_t state) {
  for (const GrantText& text : texts) {
    if (text.state == state) return text;
  }
  return texts[ECOAUTH_GRANT_SUSPECT];
}

std::string grant_words(const ecoauth_status* status) {
  const GrantText& text = grant_text(ecoauth_status_grant_state(status));
  std::string words = text.name;
  if (text.means[0] != '\0') words += std::string(": ") + text.means;
  const std::string reason = ecoauth_status_reason(status);
  if (!reason.empty()) words += " (" + reason + ")";
  return words;
}

std::vector<std::string> flag_texts(int32_t flags) {
  std::vector<std::string> found;
  for (const Flag& flag : flags_known) {
    if ((flags & flag.bit) != 0 && flag.means[0] != '\0') found.emplace_back(flag.means);
  }
  return found;
}

JsonLine flags_json(int32_t flags) {
  JsonLine object;
  for (const Flag& flag : flags_known) object.truth(flag.name, (flags & flag.bit) != 0);
  return object;
}

}  // namespace ecoauth::cli
