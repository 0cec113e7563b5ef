#include "sandbox/authorizations.hpp"

#include <algorithm>

#include "base/digest.hpp"
#include "sandbox/scopes.hpp"

namespace ecoauth::sandbox {

namespace {
// Bounds, so that a client in a loop cannot make the process grow without end.
constexpr size_t max_scope_bytes = 1024;
constexpr size_t max_pins = 4096;
constexpr size_t max_codes = 4096;
constexpr size_t max_grants = 200000;
constexpr size_t max_access_tokens_of_grant = 64;
constexpr size_t max_refresh_tokens_of_grant = 256;
constexpr size_t max_answers_of_grant = 64;
// A client that waits exactly the interval must never be told to slow down because of rounding.
constexpr int64_t poll_tolerance_ms = 20;

std::string digest_of(const Secret& secret) { return sha256_hex(secret.reveal()); }

Refusal invalid_grant() {
  return {
      400, "invalid_grant",
      "The authorization grant, token or credentials are invalid, expired, revoked, do not match the redirection URI "
      "used in the authorization request, or was issued to another client."};
}
}  // namespace

Outcome<PinAnswer> Authorizations::start_pin(const Secret& client_id, const std::string& scope, int64_t now_ms) {
  if (auto refusal = clients_.check(client_id.reveal(), Method::pin)) return *refusal;
  // ecobee was seen to take any scope (protocol.md 2.3), so nothing but the length is looked at.
  if (scope.size() > max_scope_bytes)
    return Refusal{400, "invalid_scope", "The requested scope is invalid, unknown, or malformed."};
  make_room();
  PendingPin pending;
  do pending.pin = shapes_.pin();
  while (std::any_of(book_.pins.begin(), book_.pins.end(), [&](const PendingPin& each) {
    return each.open(now_ms) && plain_pin(each.pin) == plain_pin(pending.pin);
  }));
  PinAnswer answer;
  answer.pin = pending.pin;
  answer.code = shapes_.code();
  answer.scope = authorize_scope(settings_.generation, scope);
  answer.expires_in =
      settings_.pin_life_in_minutes ? std::max<int64_t>(1, settings_.pin_life_s / 60) : settings_.pin_life_s;
  answer.interval = settings_.interval_s;
  pending.code_digest = digest_of(answer.code);
  pending.client_digest = digest_of(client_id);
  pending.scope = scope;
  pending.issued_ms = now_ms;
  pending.expires_ms = now_ms + settings_.pin_life_s * 1000;
  book_.pins.push_back(std::move(pending));
  return answer;
}

Outcome<TokenAnswer> Authorizations::exchange_pin(const Secret& client_id, const Secret& code, int64_t now_ms) {
  if (auto refusal = clients_.check(client_id.reveal(), Method::pin)) return *refusal;
  const std::string digest = digest_of(code);
  const auto found = std::find_if(book_.pins.begin(), book_.pins.end(),
                                  [&](const PendingPin& each) { return each.code_digest == digest; });
  if (found == book_.pins.end() || found->client_digest != digest_of(client_id) || found->state == PinState::used)
    return invalid_grant();
  if (now_ms >= found->expires_ms) {
    if (settings_.expired_is_invalid_grant) return invalid_grant();
    return Refusal{401, "authorization_expired", "The authorization has expired waiting for user to authorize."};
  }
  if (found->state == PinState::declined)
    return Refusal{400, "access_denied", "Authorization has been denied by the user."};
  if (found->state == PinState::approved) {
    found->state = PinState::used;
    return first_tokens(add_grant(client_id, found->scope, found->account, now_ms), client_id, now_ms);
  }
  const bool too_fast =
      found->last_poll_ms >= 0 && now_ms - found->last_poll_ms + poll_tolerance_ms < settings_.interval_s * 1000;
  found->last_poll_ms = now_ms;
  if (too_fast) return Refusal{settings_.slow_down_status, "slow_down", "Slow down polling to the requested interval."};
  return Refusal{settings_.pending_status, "authorization_pending", "Waiting for user to authorize application."};
}

Outcome<TokenAnswer> Authorizations::exchange_code(const Secret& client_id, const Secret& code,
                                                   const std::string& redirect_uri, const Secret& verifier,
                                                   int64_t now_ms) {
  if (auto refusal = clients_.check(client_id.reveal(), Method::code)) return *refusal;
  const std::string digest = digest_of(code);
  const auto found = std::find_if(book_.codes.begin(), book_.codes.end(),
                                  [&](const BrowserCode& each) { return each.code_digest == digest; });
  if (found == book_.codes.end() || found->client_digest != digest_of(client_id)) return invalid_grant();
  if (!found->grant_id.empty()) {
    // A code shown twice has leaked: what it brought ends (RFC 6749 section 4.1.2).
    const auto grant = book_.grants.find(found->grant_id);
    if (grant != book_.grants.end() && grant->second.ended == Ended::no) {
      grant->second.ended = Ended::by_replay;
      grant->second.family.kill_all();
      end_access(grant->second, now_ms);
    }
    return invalid_grant();
  }
  if (now_ms >= found->expires_ms || found->redirect_uri != redirect_uri) return invalid_grant();
  // A verifier for a code without a challenge is refused, too: somebody removed the challenge on the way (RFC
  // 9700, 4.8).
  const std::string proof = verifier.empty() ? "" : to_base64url(sha256(verifier.reveal()));
  if (proof != found->challenge) return invalid_grant();
  found->grant_id = add_grant(client_id, found->scope, found->account, now_ms);
  return first_tokens(found->grant_id, client_id, now_ms);
}

Outcome<TokenAnswer> Authorizations::refresh(const Secret& client_id, const Secret& token, int64_t now_ms) {
  if (auto refusal = clients_.check(client_id.reveal(), std::nullopt)) return *refusal;
  const std::string digest = digest_of(token);
  const auto owner = book_.refresh.find(digest);
  if (owner == book_.refresh.end()) return invalid_grant();
  const auto found = book_.grants.find(owner->second);
  Grant& grant = found->second;
  if (grant.client_digest != digest_of(client_id) || grant.ended != Ended::no) return invalid_grant();
  if (settings_.generation == Generation::current && !settings_.takes_legacy_tokens && is_legacy_token(token))
    return invalid_grant();

  if (narrowed_) grant.scope = *narrowed_;
  TokenAnswer answer;
  answer.expires_in = settings_.access_life_s;
  answer.scope = token_scope(settings_.generation, grant.scope);
  const Ruling ruling =
      grant.family.present(digest, settings_.policy, settings_.grace_s * 1000, settings_.refresh_idle_s * 1000, now_ms);
  switch (ruling) {
    case Ruling::refuse:
      return invalid_grant();
    case Ruling::end_all:
      grant.ended = Ended::by_replay;
      grant.family.kill_all();
      end_access(grant, now_ms);
      return invalid_grant();
    case Ruling::repeat: {
      const auto first = grant.answers.find(digest);
      if (first == grant.answers.end()) return invalid_grant();
      answer.access = first->second.access.clone();
      answer.refresh = first->second.refresh.clone();
      grant.last_used_ms = now_ms;
      return answer;
    }
    case Ruling::reuse:
    case Ruling::rotate:
      break;
  }
  grant.last_used_ms = now_ms;
  if (settings_.refresh_kills_access) end_access(grant, now_ms);
  answer.access = issue_access(found->first, client_id, now_ms);
  answer.refresh = ruling == Ruling::reuse ? token.clone() : issue_refresh(found->first, digest, now_ms);
  if (settings_.policy == RefreshPolicy::idempotent) {
    if (grant.answers.size() >= max_answers_of_grant) grant.answers.clear();
    grant.answers.emplace(digest, Grant::Answer{answer.access.clone(), answer.refresh.clone()});
  }
  return answer;
}

AccessVerdict Authorizations::check_access(const Secret& token, int64_t now_ms) {
  const auto found = book_.access.find(digest_of(token));
  if (found == book_.access.end()) return {1, nullptr};
  const auto grant = book_.grants.find(found->second.grant_id);
  if (grant == book_.grants.end()) return {1, nullptr};
  if (grant->second.ended == Ended::by_user) return {settings_.api_removed_code, nullptr};
  if (grant->second.ended == Ended::by_service || clients_.disabled().count(grant->second.client_digest))
    return {2, nullptr};
  if (now_ms >= found->second.expires_ms) return {settings_.api_expired_code, nullptr};
  // To the minute, so that not every request of a client changes the books.
  if (now_ms - grant->second.last_used_ms >= 60000) grant->second.last_used_ms = now_ms;
  return {0, &grant->second};
}

Secret Authorizations::issue_code(BrowserCode entry, int64_t now_ms) {
  make_room();
  Secret code = shapes_.code();
  entry.code_digest = digest_of(code);
  entry.expires_ms = now_ms + settings_.code_life_s * 1000;
  book_.codes.push_back(std::move(entry));
  return code;
}

TokenAnswer Authorizations::issue_utility_token(const Secret& client_id, const std::string& account, int64_t now_ms) {
  const std::string grant_id = add_grant(client_id, "", account, now_ms);
  TokenAnswer answer;
  answer.access = issue_access(grant_id, client_id, now_ms);
  answer.expires_in = settings_.access_life_s;
  return answer;
}

PendingPin* Authorizations::find_pin(std::string_view typed, int64_t now_ms) {
  const std::string wanted = plain_pin(typed);
  for (PendingPin& each : book_.pins)
    if (each.open(now_ms) && plain_pin(each.pin) == wanted) return &each;
  return nullptr;
}

void Authorizations::run_automatic(int64_t now_ms) {
  for (PendingPin& each : book_.pins) {
    if (each.state != PinState::waiting) continue;
    const auto due = [&](int64_t after_s) {
      const int64_t at_ms = each.issued_ms + after_s * 1000;
      return after_s >= 0 && at_ms <= now_ms && at_ms < each.expires_ms;
    };
    if (due(settings_.auto_approve_s))
      each.state = PinState::approved;
    else if (due(settings_.auto_decline_s))
      each.state = PinState::declined;
  }
}

int Authorizations::revoke(const std::string& client_digest, Ended how) {
  return end_grants(client_digest, how, nullptr);
}

int Authorizations::remove(const std::string& client_digest, const std::string& account) {
  return end_grants(client_digest, Ended::by_user, &account);
}

int Authorizations::end_grants(const std::string& client_digest, Ended how, const std::string* account) {
  int ended = 0;
  for (auto& [id, grant] : book_.grants) {
    if (grant.client_digest != client_digest || grant.ended != Ended::no) continue;
    if (account && !is_seen_by(grant, *account)) continue;
    grant.ended = how;
    grant.family.kill_all();
    ++ended;
  }
  return ended;
}

int Authorizations::expire_access(int64_t now_ms) {
  int expired = 0;
  for (auto& [digest, token] : book_.access) {
    if (token.expires_ms <= now_ms) continue;
    token.expires_ms = now_ms;
    ++expired;
  }
  return expired;
}

int Authorizations::expire_refresh() {
  int expired = 0;
  for (auto& [id, grant] : book_.grants) {
    if (grant.ended != Ended::no) continue;
    grant.family.kill_all();
    ++expired;
  }
  return expired;
}

int Authorizations::expire_pins(int64_t now_ms) {
  int expired = 0;
  for (PendingPin& each : book_.pins) {
    if (each.state == PinState::used || each.expires_ms <= now_ms) continue;
    each.expires_ms = now_ms;
    ++expired;
  }
  return expired;
}

std::string Authorizations::add_grant(const Secret& client_id, const std::string& scope, const std::string& account,
                                      int64_t now_ms) {
  forget_old_grants();
  Grant grant;
  grant.account = account;
  grant.client_digest = digest_of(client_id);
  grant.scope = scope;
  // One user is one subject, whatever the application.
  grant.subject = account.empty() ? random_uuid(shapes_.random()) : uuid_of("subject " + account);
  grant.account_id = account.empty() ? random_uuid(shapes_.random()) : uuid_of("account " + account);
  grant.created_ms = now_ms;
  std::string id = random_uuid(shapes_.random());
  book_.grants.emplace(id, std::move(grant));
  return id;
}

Secret Authorizations::issue_access(const std::string& grant_id, const Secret& client_id, int64_t now_ms) {
  Grant& grant = book_.grants.at(grant_id);
  JwtClaims claims;
  claims.client_id = std::string(client_id.reveal());
  claims.subject = grant.subject;
  claims.account_id = grant.account_id;
  claims.scope = claim_scope(grant.scope);
  claims.issued_s = now_ms / 1000;
  claims.life_s = settings_.access_life_s;
  Secret token = shapes_.access_token(claims);
  wipe(claims.client_id);
  const std::string digest = digest_of(token);
  book_.access[digest] = AccessToken{grant_id, now_ms + settings_.access_life_s * 1000};
  grant.access_digests.push_back(digest);
  if (grant.access_digests.size() > max_access_tokens_of_grant) {
    book_.access.erase(grant.access_digests.front());
    grant.access_digests.pop_front();
    if (grant.access_ended > 0) --grant.access_ended;
  }
  return token;
}

Secret Authorizations::issue_refresh(const std::string& grant_id, const std::string& parent_digest, int64_t now_ms) {
  Grant& grant = book_.grants.at(grant_id);
  Secret token = shapes_.refresh_token();
  RefreshToken entry;
  entry.digest = digest_of(token);
  entry.parent = parent_digest;
  entry.issued_ms = now_ms;
  book_.refresh[entry.digest] = grant_id;
  grant.family.add(std::move(entry));
  for (const std::string& digest : grant.family.trim(max_refresh_tokens_of_grant)) book_.refresh.erase(digest);
  return token;
}

TokenAnswer Authorizations::first_tokens(const std::string& grant_id, const Secret& client_id, int64_t now_ms) {
  Grant& grant = book_.grants.at(grant_id);
  if (narrowed_) grant.scope = *narrowed_;
  TokenAnswer answer;
  answer.access = issue_access(grant_id, client_id, now_ms);
  answer.refresh = issue_refresh(grant_id, "", now_ms);
  answer.expires_in = settings_.access_life_s;
  answer.scope = token_scope(settings_.generation, grant.scope);
  return answer;
}

void Authorizations::end_access(Grant& grant, int64_t now_ms) {
  for (size_t i = grant.access_ended; i < grant.access_digests.size(); ++i) {
    AccessToken& token = book_.access.at(grant.access_digests[i]);
    token.expires_ms = std::min(token.expires_ms, now_ms);
  }
  grant.access_ended = grant.access_digests.size();
}

void Authorizations::make_room() {
  if (book_.pins.size() >= max_pins) book_.pins.erase(book_.pins.begin(), book_.pins.begin() + max_pins / 2);
  if (book_.codes.size() >= max_codes) book_.codes.erase(book_.codes.begin(), book_.codes.begin() + max_codes / 2);
}

void Authorizations::forget_old_grants() {
  if (book_.grants.size() < max_grants) return;
  std::vector<std::pair<int64_t, std::string>> by_age;
  for (const auto& [id, grant] : book_.grants) by_age.emplace_back(grant.created_ms, id);
  std::sort(by_age.begin(), by_age.end());
  by_age.resize(max_grants / 10);
  for (const auto& [created_ms, id] : by_age) {
    for (const std::string& digest : book_.grants.at(id).access_digests) book_.access.erase(digest);
    book_.grants.erase(id);
  }
}

}  // namespace ecoauth::sandbox
