#include "server.hpp"

#include <algorithm>
#include <iterator>

#include "base/text.hpp"

namespace ecoauth::simulation {
namespace {

constexpr const char* policy_names[] = {"reusable",   "strict",     "strict-family", "grace",
                                        "grace-last", "until-used", "idempotent"};
static_assert(std::size(policy_names) == policy_count, "one name each");

/// The number in "<kind>-<number>-...", -1 when it is none.
int number_in(std::string_view token) {
  const size_t from = token.find('-');
  if (from == std::string_view::npos) return -1;
  std::string_view digits = token.substr(from + 1);
  digits = digits.substr(0, digits.find('-'));
  return static_cast<int>(parse_int(digits).value_or(-1));
}

std::string_view parameter(std::string_view form, std::string_view name) {
  for (std::string_view rest = form; !rest.empty();) {
    std::string_view pair = rest.substr(0, rest.find('&'));
    rest.remove_prefix(std::min(rest.size(), pair.size() + 1));
    if (pair.size() > name.size() && starts_with(pair, name) && pair[name.size()] == '=')
      return pair.substr(name.size() + 1);
  }
  return {};
}

Server::Answer oauth_error(int status, const std::string& error) {
  return {status, "{\"error\": \"" + error + "\", \"error_description\": \"simulated\"}", {}};
}

}  // namespace

const char* name_of(Policy policy) { return policy_names[static_cast<int>(policy)]; }

std::optional<Policy> policy_named(std::string_view name) {
  for (int i = 0; i < policy_count; ++i)
    if (name == policy_names[i]) return static_cast<Policy>(i);
  return std::nullopt;
}

Server::Answer Server::handle(std::string_view target, std::string_view body, int request, int64_t now_ms) {
  if (starts_with(target, "/authorize")) {
    pins_.push_back(false);
    const std::string number = to_text(static_cast<int64_t>(pins_.size()) - 1);
    return {200,
            "{\"ecobeePin\": \"pin-" + number + "\", \"code\": \"code-" + number +
                "-abcdefghijklmnopqrstuvwxyz\", \"scope\": \"smartRead\", \"expires_in\": 900, \"interval\": 30}",
            {}};
  }
  if (parameter(body, "grant_type") == "ecobeePin") {
    const int pin = number_in(parameter(body, "code"));
    if (pin < 0 || static_cast<size_t>(pin) >= pins_.size()) return oauth_error(401, "invalid_grant");
    if (!pins_[static_cast<size_t>(pin)]) return oauth_error(401, "authorization_pending");
    refresh_.emplace_back();
    return tokens(static_cast<int>(refresh_.size()) - 1, now_ms);
  }
  const int number = number_in(parameter(body, "refresh_token"));
  if (number < 0 || static_cast<size_t>(number) >= refresh_.size()) return oauth_error(400, "invalid_grant");
  return refresh(number, request, now_ms);
}

void Server::approve(std::string_view pin) {
  const int number = number_in(pin);
  if (number >= 0 && static_cast<size_t>(number) < pins_.size()) pins_[static_cast<size_t>(number)] = true;
}

Server::Answer Server::refresh(int number, int request, int64_t now_ms) {
  const auto at = static_cast<size_t>(number);
  const bool again = refresh_[at].used_ms >= 0;
  const bool lives = !refresh_[at].dead &&
                     !(has_grace(settings_.policy) && again && now_ms - refresh_[at].used_ms >= settings_.grace_ms);
  if (!lives) {
    // A token that was used up comes a second time: a thief, says this policy, and ends everything.
    if (settings_.policy == Policy::strict_family && again) kill_all(request, now_ms);
    return oauth_error(400, "invalid_grant");
  }
  ++refreshes_;
  if (settings_.policy == Policy::reusable) return tokens(number, now_ms);
  if (!again) {
    refresh_[at].used_ms = now_ms;
    refresh_[at].killer = request;
    refresh_[at].killed_ms = now_ms;
  }
  if (is_strict(settings_.policy)) refresh_[at].dead = true;
  if (settings_.policy == Policy::until_used)
    for (int older = refresh_[at].parent; older >= 0; older = refresh_[static_cast<size_t>(older)].parent)
      kill(older, request, now_ms);
  if (settings_.policy == Policy::idempotent && again) return tokens(refresh_[at].repeat, now_ms);
  if (settings_.policy == Policy::grace_last && again) {
    std::vector<bool> below(refresh_.size(), false);
    for (size_t i = at + 1; i < refresh_.size(); ++i) {  // successors have larger numbers
      const int parent = refresh_[i].parent;
      below[i] = parent == number || (parent > number && below[static_cast<size_t>(parent)]);
      if (below[i]) kill(static_cast<int>(i), request, now_ms);
    }
  }
  const int next = successor(number);
  if (!again) refresh_[at].repeat = next;
  return tokens(next, now_ms);
}

int Server::successor(int parent) {
  Refresh next;
  next.parent = parent;
  refresh_.push_back(next);
  return static_cast<int>(refresh_.size()) - 1;
}

void Server::kill(int number, int request, int64_t now_ms) {
  Refresh& token = refresh_[static_cast<size_t>(number)];
  if (token.dead) return;
  token.dead = true;
  token.killer = request;
  token.killed_ms = now_ms;
}

void Server::kill_all(int request, int64_t now_ms) {
  for (size_t i = 0; i < refresh_.size(); ++i) kill(static_cast<int>(i), request, now_ms);
}

void Server::end_grant(int64_t now_ms) { kill_all(-1, now_ms); }

Server::Answer Server::tokens(int refresh_number, int64_t now_ms) {
  kill_access_tokens();
  access_.push_back({now_ms + settings_.lifetime_ms, false});
  Answer answer;
  answer.refresh_token = token("rt", refresh_number);
  const std::string access =
      "\"access_token\": \"" + token("at", static_cast<int>(access_.size()) - 1) + "\", \"token_type\": \"Bearer\"";
  const std::string refresh = "\"refresh_token\": \"" + answer.refresh_token + "\"";
  const bool refresh_first = access_.size() % 2 == 0;
  answer.body = "{" + (refresh_first ? refresh + ", " + access : access + ", " + refresh) +
                ", \"expires_in\": " + to_text(settings_.lifetime_ms / 1000 - 1) + ", \"scope\": \"smartRead\"}";
  return answer;
}

std::string Server::token(const char* kind, int number) const {
  std::string text = std::string(kind) + "-" + to_text(number) + "-";
  for (uint64_t filler = static_cast<uint64_t>(number) + 1; text.size() < settings_.token_bytes;) {
    filler = filler * 6364136223846793005u + 1442695040888963407u;
    text += static_cast<char>('a' + (filler >> 33) % 26);
  }
  return text;
}

const Server::Refresh* Server::find(std::string_view refresh_token) const {
  const int number = number_in(refresh_token);
  if (number < 0 || static_cast<size_t>(number) >= refresh_.size()) return nullptr;
  return token("rt", number) == refresh_token ? &refresh_[static_cast<size_t>(number)] : nullptr;
}

bool Server::alive(std::string_view refresh_token, int64_t now_ms) const {
  const Refresh* token = find(refresh_token);
  if (!token || token->dead) return false;
  return !has_grace(settings_.policy) || token->used_ms < 0 || now_ms - token->used_ms < settings_.grace_ms;
}

int Server::killer_of(std::string_view refresh_token) const {
  const Refresh* token = find(refresh_token);
  return token ? token->killer : -1;
}

int64_t Server::killed_ms(std::string_view refresh_token) const {
  const Refresh* token = find(refresh_token);
  return token ? token->killed_ms : -1;
}

bool Server::access_alive(std::string_view access_token, int64_t now_ms) const {
  const int number = number_in(access_token);
  if (number < 0 || static_cast<size_t>(number) >= access_.size()) return false;
  const Access& access = access_[static_cast<size_t>(number)];
  return !access.dead && now_ms < access.until_ms;
}

void Server::kill_access_tokens() {
  for (; first_living_access_ < access_.size(); ++first_living_access_) access_[first_living_access_].dead = true;
}

}  // namespace ecoauth::simulation
