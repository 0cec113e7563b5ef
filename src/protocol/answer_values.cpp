#include "protocol/answer_values.hpp"

#include <algorithm>

#include "base/text.hpp"
#include "protocol/token_rules.hpp"

namespace ecoauth {
namespace {

constexpr int64_t minute_ms = 60 * 1000;
constexpr int64_t day_ms = 24 * 60 * minute_ms;
constexpr int64_t usual_token_life_ms = 60 * minute_ms;
constexpr int64_t usual_pin_life_ms = 9 * minute_ms;
constexpr int64_t longest_pin_life_ms = 30 * minute_ms;
constexpr int64_t usual_interval_ms = 30 * 1000;
constexpr int64_t longest_interval_ms = 60 * 1000;

void add_note(std::string& note, const char* text) { note += (note.empty() ? "" : "; ") + std::string(text); }

/// `amount` units as milliseconds within the bounds. Compared as a double first: the conversion of a huge one is
/// undefined.
int64_t clamped_ms(double amount, int64_t unit_ms, int64_t least_ms, int64_t most_ms) {
  const double wanted_ms = amount * static_cast<double>(unit_ms);
  if (!(wanted_ms < static_cast<double>(most_ms))) return most_ms;
  if (!(wanted_ms > static_cast<double>(least_ms))) return least_ms;
  return static_cast<int64_t>(wanted_ms);
}

/// A scope is information only: an unusable one is left out.
std::string scope_of(const JsonMember& member) {
  return member.is_text() ? std::string(trim(printable(member.text.reveal(), 1024))) : std::string();
}

}  // namespace

std::optional<TokenAnswer> read_token_answer(AnswerJson& json, std::string& note) {
  if (!json.access_token.is_text() || !good_token(json.access_token.text.reveal(), access_token_limit_bytes))
    return std::nullopt;
  const bool has_refresh_token =
      !json.refresh_token.absent() && !(json.refresh_token.is_text() && json.refresh_token.text.empty());
  if (has_refresh_token && !(json.refresh_token.is_text() && good_refresh_token(json.refresh_token.text.reveal())))
    return std::nullopt;
  if (!json.token_type.absent() &&
      !(json.token_type.is_text() && equals_ignoring_case(json.token_type.text.reveal(), "Bearer")))
    return std::nullopt;

  TokenAnswer token;
  token.access_token = std::move(json.access_token.text);
  token.refresh_token = std::move(json.refresh_token.text);
  token.token_type = json.token_type.absent() ? "Bearer" : std::string(json.token_type.text.reveal());
  token.scope = scope_of(json.scope);
  if (json.token_type.absent()) add_note(note, "the answer names no token type; taken as Bearer");
  const auto seconds = json.expires_in.as_number();
  if (seconds && *seconds > 0) {
    token.lifetime_ms = clamped_ms(*seconds, 1000, 1000, day_ms);
  } else {
    token.lifetime_ms = usual_token_life_ms;
    add_note(note, "the answer says no usable lifetime of the access token; taken as 1 h");
  }
  return token;
}

std::optional<PinAnswer> read_pin_answer(AnswerJson& json, std::string& note) {
  if (!json.pin.is_text() || !good_pin(json.pin.text.reveal())) return std::nullopt;
  if (!json.code.is_text() || !good_token(json.code.text.reveal(), code_limit_bytes)) return std::nullopt;

  PinAnswer pin;
  pin.pin = std::move(json.pin.text);
  pin.code = std::move(json.code.text);
  pin.scope = scope_of(json.scope);
  const auto life = json.expires_in.as_number();
  if (life && *life > 0) {
    pin.lifetime_in_minutes = *life <= 60;
    pin.lifetime_ms = clamped_ms(*life, pin.lifetime_in_minutes ? minute_ms : 1000, 1000, longest_pin_life_ms);
    add_note(note, pin.lifetime_in_minutes ? "the lifetime of the PIN was read as minutes"
                                           : "the lifetime of the PIN was read as seconds");
  } else {
    pin.lifetime_ms = usual_pin_life_ms;
    add_note(note, "the answer says no usable lifetime of the PIN; taken as 9 min");
  }
  const auto interval = json.interval.as_number();
  pin.interval_ms =
      interval && *interval >= 0 ? clamped_ms(*interval, 1000, 1000, longest_interval_ms) : usual_interval_ms;
  return pin;
}

}  // namespace ecoauth
