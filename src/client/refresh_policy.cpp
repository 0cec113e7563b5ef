#include "client/refresh_policy.hpp"

#include <algorithm>
#include <iterator>
#include <set>

namespace ecoauth {
namespace {

constexpr int64_t second_ms = 1000, minute_ms = 60 * second_ms, hour_ms = 60 * minute_ms, day_ms = 24 * hour_ms;
constexpr int patient_tries = 3;
constexpr size_t most_refreshes = 6;  // in an hour

template <size_t N>
int64_t step(const int64_t (&delays)[N], int count) {
  return delays[std::min<size_t>(static_cast<size_t>(count), N - 1)];
}

}  // namespace

int32_t draw_advisory_permille(const RefreshSettings& settings, double dice) {
  double first = settings.advisory_first_percent * 10.0, last = settings.advisory_last_percent * 10.0;
  return static_cast<int32_t>(first + (last - first) * dice);
}

int64_t token_left_ms(const Grant& grant, const Now& now) {
  if (grant.access_token.empty()) return 0;
  int64_t age = elapsed_ms(grant.obtained, now);
  return age < 0 ? 0 : std::max<int64_t>(0, grant.lifetime_ms - age);
}

int64_t mandatory_left_ms(const Grant& grant, const RefreshSettings& settings) {
  return std::max(std::min(settings.mandatory_left_ms, grant.lifetime_ms / 5),
                  grant.lifetime_ms * settings.mandatory_left_percent / 100);
}

int64_t advisory_at_ms(const Grant& grant, const Now& now) {
  int64_t age = elapsed_ms(grant.obtained, now);
  if (age < 0) return now.boot_ms;
  int64_t point = grant.lifetime_ms * grant.advisory_permille / 1000;
  return now.boot_ms + std::max<int64_t>(0, point - age);
}

bool past_advisory(const Grant& grant, const Now& now) { return advisory_at_ms(grant, now) <= now.boot_ms; }

int64_t idle_refresh_at_ms(const Grant& grant, const Now& now) {
  int64_t age = elapsed_ms(grant.obtained, now);
  if (age < 0) age = 0;  // a clock that cannot tell must not cause a refresh
  return now.boot_ms + std::max<int64_t>(0, 7 * day_ms - age);
}

RefreshBreaker::RefreshBreaker(const std::vector<Moment>& refreshes, const Now& now) {
  for (const Moment& then : refreshes) {
    const int64_t age_ms = elapsed_ms(then, now);
    if (age_ms >= 0)
      refreshed(now.boot_ms - age_ms);
    else if (!now.boot_id.empty())
      refreshed(-minute_ms);  // which is about what a boot takes
  }
}

void RefreshBreaker::refreshed(int64_t now_ms) {
  at_ms_.push_back(now_ms);
  std::sort(at_ms_.begin(), at_ms_.end());
  if (at_ms_.size() > most_refreshes) at_ms_.erase(at_ms_.begin());
}

int64_t RefreshBreaker::not_before_ms(int64_t token_lifetime_ms) const {
  if (at_ms_.empty() || token_lifetime_ms < 10 * minute_ms) return 0;
  int64_t earliest = at_ms_.back() + minute_ms;
  // (Tokens of ten minutes need a seventh within the hour: they are refreshed when 70 % of their life is over.)
  const int64_t window_ms = 4 * std::min(token_lifetime_ms, hour_ms / 4);
  if (at_ms_.size() == most_refreshes) earliest = std::max(earliest, at_ms_.front() + window_ms);
  return earliest;
}

int64_t RefreshBreaker::background_not_before_ms(int64_t token_lifetime_ms) const {
  return at_ms_.empty() ? 0 : std::max(not_before_ms(token_lifetime_ms), at_ms_.back() + second_ms);
}

void note_refresh(std::vector<Moment>& refreshes, const Now& now) {
  refreshes.erase(std::remove_if(refreshes.begin(), refreshes.end(),
                                 [&](const Moment& then) { return elapsed_ms(then, now) >= hour_ms; }),
                  refreshes.end());
  refreshes.push_back(now.moment());
  if (refreshes.size() > most_refreshes) refreshes.erase(refreshes.begin());
}

int64_t next_generation_at_ms(const Record& record, const Now& now) {
  if (!record.grant || !record.intent || record.intent->generation >= record.grant->generation) return 0;
  const int64_t ago = elapsed_ms(record.intent->at, now);
  // Of another boot, or the clock was set back to before the token that came after it: it cannot tell.
  if (ago < 0 || elapsed_ms(record.grant->obtained, now) < 0) return 0;
  return now.boot_ms + std::min(late_copies_ms, record.grant->lifetime_ms / 5) - ago;
}

Retry RetrySchedule::after(const Classified& answer, double dice) {
  static const int64_t unsent_cap[] = {second_ms,      2 * second_ms,  4 * second_ms,   8 * second_ms,   16 * second_ms,
                                       32 * second_ms, 64 * second_ms, 128 * second_ms, 256 * second_ms, 5 * minute_ms};
  static const int64_t ambiguous[] = {2 * second_ms, 5 * second_ms, 12 * second_ms, 30 * second_ms,
                                      minute_ms,     2 * minute_ms, 5 * minute_ms};
  static const int64_t refused[] = {minute_ms, 5 * minute_ms, 15 * minute_ms, hour_ms};
  static const int64_t patient[] = {minute_ms, 5 * minute_ms, 15 * minute_ms, 6 * hour_ms};

  Retry retry;
  switch (answer.answer_class) {
    case AnswerClass::not_sent:
      if (answer.error.code == ECOAUTH_ERROR_CLOCK) {  // it steps, or it does not: no use in waiting longer and longer
        retry.in_ms = 30 * second_ms;
        retry.on_demand_in_ms = second_ms;
        break;
      }
      // Full jitter, but never a storm: at least a second. A caller may try earlier, since nothing is spent.
      retry.in_ms = std::max(second_ms, static_cast<int64_t>(static_cast<double>(step(unsent_cap, unsent_++)) * dice));
      retry.on_demand_in_ms = second_ms;
      break;
    case AnswerClass::outage:
    case AnswerClass::ambiguous:
    case AnswerClass::salvage:
      // The same token again, promptly: inside a grace window that may be as short as 30 s.
      retry.keep_lock = ambiguous_ < 2;
      retry.in_ms = step(ambiguous, ambiguous_++);
      retry.on_demand_in_ms = std::min(retry.in_ms, 12 * second_ms);
      break;
    case AnswerClass::refused:
      // 1, 5, 15, 60 min, then hourly for a day, daily for a week and on.
      retry.in_ms = refused_ < 28 ? step(refused, refused_) : day_ms;
      ++refused_;
      retry.on_demand_in_ms = retry.in_ms;
      break;
    case AnswerClass::client_refused:
      retry.final = client_refused_ >= patient_tries;
      retry.in_ms = step(patient, client_refused_++);
      retry.on_demand_in_ms = retry.in_ms;
      break;
    case AnswerClass::unknown_error:
      retry.final = unknown_ >= patient_tries;
      retry.in_ms = step(patient, unknown_++);
      retry.on_demand_in_ms = retry.in_ms;
      break;
    case AnswerClass::account_locked:
      retry.final = true;
      retry.in_ms = retry.on_demand_in_ms = 30 * minute_ms;
      break;
    case AnswerClass::throttled:
      retry.in_ms = retry.on_demand_in_ms = answer.retry_after_ms > 0 ? answer.retry_after_ms : minute_ms;
      break;
    default:
      retry.final = true;
      retry.in_ms = retry.on_demand_in_ms = 6 * hour_ms;
      break;
  }
  if (answer.retry_after_ms > 0) {
    retry.in_ms = std::max(retry.in_ms, answer.retry_after_ms);
    retry.on_demand_in_ms = std::max(retry.on_demand_in_ms, answer.retry_after_ms);
    if (answer.retry_after_ms > 5 * second_ms) retry.keep_lock = false;
  }
  return retry;
}

Retry RetrySchedule::resume(const Grant& grant, const Now& now) {
  Retry retry;
  Classified refusal;
  refusal.answer_class = AnswerClass::refused;
  for (size_t i = 0; i < grant.refusals.size(); ++i) retry = after(refusal, 0);
  if (!grant.refusals.empty()) {
    const int64_t ago = std::max<int64_t>(0, elapsed_ms(grant.refusals.back().at, now));
    retry.in_ms = retry.on_demand_in_ms = std::max<int64_t>(0, retry.in_ms - ago);
  }
  if (grant.state == GrantState::blocked) {
    client_refused_ = unknown_ = patient_tries;
    const bool locked = grant.reason == result_name(ECOAUTH_ERROR_ACCOUNT_LOCKED);
    retry.in_ms = std::max(retry.in_ms, locked ? 30 * minute_ms : 6 * hour_ms);
  } else if (grant.state == GrantState::needs_reauthorization && grant.reason == result_name(ECOAUTH_ERROR_REVOKED)) {
    retry.in_ms = std::max(retry.in_ms, revoked_probe_ms);
  }
  return retry;
}

bool refusals_suffice(const std::vector<Refusal>& refusals) {
  if (refusals.size() < 3) return false;
  std::set<int64_t> connections;
  for (const auto& refusal : refusals) connections.insert(refusal.connection);
  int64_t span_ms = 0;
  for (size_t i = 1; i < refusals.size(); ++i) {
    const Moment &earlier = refusals[i - 1].at, &later = refusals[i].at;
    const bool other_boot = !earlier.boot_id.empty() && !later.boot_id.empty() && earlier.boot_id != later.boot_id;
    span_ms += std::max<int64_t>(0, other_boot ? later.boot_ms : later.boot_ms - earlier.boot_ms);
  }
  return connections.size() >= 2 && span_ms >= 10 * minute_ms;
}

Error refusal_error(bool verdict) {
  if (verdict)
    return make_error(ECOAUTH_ERROR_NEEDS_AUTHORIZATION, "the server has refused the stored grant repeatedly",
                      "Authorize the account again. The old grant is kept and tried from time to time.");
  return make_error(ECOAUTH_ERROR_SERVER, "the server refused the stored grant, which may pass",
                    "Wait; nothing was deleted, and the library tries again by itself.");
}

}  // namespace ecoauth
