#include "sandbox/refresh_policy.hpp"

#include <algorithm>

namespace ecoauth::sandbox {

namespace {
struct Named {
  RefreshPolicy policy;
  const char* name;
};
constexpr Named names[] = {
    {RefreshPolicy::reusable, "reusable"},           {RefreshPolicy::strict, "strict"},
    {RefreshPolicy::strict_family, "strict-family"}, {RefreshPolicy::grace, "grace"},
    {RefreshPolicy::grace_last, "grace-last"},       {RefreshPolicy::until_used, "until-used"},
    {RefreshPolicy::idempotent, "idempotent"},
};
}  // namespace

const char* policy_name(RefreshPolicy policy) {
  for (const Named& each : names)
    if (each.policy == policy) return each.name;
  return "?";
}

std::optional<RefreshPolicy> policy_named(std::string_view name) {
  for (const Named& each : names)
    if (name == each.name) return each.policy;
  return std::nullopt;
}

std::string policy_names(const char* separator) {
  std::string all;
  for (const Named& each : names) all += (all.empty() ? "" : separator) + std::string(each.name);
  return all;
}

Ruling RefreshFamily::present(const std::string& digest, RefreshPolicy policy, int64_t grace_ms, int64_t idle_ms,
                              int64_t now_ms) {
  RefreshToken* token = find(digest);
  if (!token) return Ruling::refuse;
  const bool used = token->rotated_ms >= 0;
  if (token->dead) return policy == RefreshPolicy::strict_family && used ? Ruling::end_all : Ruling::refuse;
  if (idle_ms > 0 && now_ms - std::max(token->issued_ms, token->last_used_ms) >= idle_ms) {
    token->dead = true;
    return Ruling::refuse;
  }
  const bool in_grace = used && now_ms - token->rotated_ms < grace_ms;
  token->last_used_ms = now_ms;
  if (policy == RefreshPolicy::reusable) return Ruling::reuse;
  if (!used) token->rotated_ms = now_ms;

  switch (policy) {
    case RefreshPolicy::reusable:
      break;
    case RefreshPolicy::strict:
      token->dead = true;
      return used ? Ruling::refuse : Ruling::rotate;
    case RefreshPolicy::strict_family:
      token->dead = true;
      return used ? Ruling::end_all : Ruling::rotate;
    case RefreshPolicy::grace:
    case RefreshPolicy::grace_last:
    case RefreshPolicy::idempotent:
      if (!used) return Ruling::rotate;
      if (!in_grace) {
        token->dead = true;
        return Ruling::refuse;
      }
      if (policy == RefreshPolicy::idempotent) return Ruling::repeat;
      if (policy == RefreshPolicy::grace_last) kill_descendants(digest);
      return Ruling::rotate;
    case RefreshPolicy::until_used:
      kill_ancestors(*token);
      return Ruling::rotate;
  }
  return Ruling::refuse;
}

void RefreshFamily::kill_all() {
  for (RefreshToken& each : tokens_) each.dead = true;
}

std::vector<std::string> RefreshFamily::trim(size_t keep) {
  std::vector<std::string> gone;
  size_t surplus = tokens_.size() > keep ? tokens_.size() - keep : 0;
  tokens_.erase(std::remove_if(tokens_.begin(), tokens_.end(),
                               [&](const RefreshToken& each) {
                                 if (!surplus || !each.dead) return false;
                                 --surplus;
                                 gone.push_back(each.digest);
                                 return true;
                               }),
                tokens_.end());
  return gone;
}

RefreshToken* RefreshFamily::find(std::string_view digest) {
  for (RefreshToken& each : tokens_)
    if (each.digest == digest) return &each;
  return nullptr;
}

void RefreshFamily::kill_ancestors(const RefreshToken& token) {
  for (RefreshToken* each = find(token.parent); each; each = find(each->parent)) each->dead = true;
}

void RefreshFamily::kill_descendants(const std::string& digest) {
  for (RefreshToken& each : tokens_)
    if (each.parent == digest && !each.dead) {
      each.dead = true;
      kill_descendants(each.digest);
    }
}

}  // namespace ecoauth::sandbox
