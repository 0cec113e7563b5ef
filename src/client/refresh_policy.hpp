// When to refresh, how often at most, and when to try again (design.md 4, "Times"; reliability.md 6.5 to 6.10). Pure.
#pragma once

#include <cstdint>
#include <vector>

#include "client/now.hpp"
#include "protocol/answers.hpp"
#include "protocol/record.hpp"

namespace ecoauth {

enum class KeepFresh : int32_t { on_demand = 0, always = 1 };

struct RefreshSettings {
  int32_t advisory_first_percent = 70;
  int32_t advisory_last_percent = 85;
  int64_t mandatory_left_ms = 60000;
  int32_t mandatory_left_percent = 5;
  KeepFresh keep_fresh = KeepFresh::on_demand;
  int64_t look_again_ms = 60000;  ///< always: how often the store is read for what other processes have done
};

/// The point of a token's life from which it is refreshed in the background, in thousandths: drawn once per token, so
/// that accounts authorized together drift apart.
int32_t draw_advisory_permille(const RefreshSettings& settings, double dice);

/// Milliseconds the access token is still valid for; 0 when expired, absent, or when no clock can tell.
int64_t token_left_ms(const Grant& grant, const Now& now);

/// From this much before its end a token is not handed out without a refresh. Of the fixed time at most a fifth of the
/// token's life counts, so that short-lived tokens are usable at all.
int64_t mandatory_left_ms(const Grant& grant, const RefreshSettings& settings);

/// Has the drawn advisory point passed?
bool past_advisory(const Grant& grant, const Now& now);
/// Boot time of the advisory point; `now` itself when it has passed or cannot be told.
int64_t advisory_at_ms(const Grant& grant, const Now& now);
/// Boot time at which a grant nobody asks for is refreshed all the same: 7 days after the last token.
int64_t idle_refresh_at_ms(const Grant& grant, const Now& now);

/// At most one refresh per account in 60 s and six in an hour, or in four lives of a token when those are shorter; no
/// limit when tokens live for less than ten minutes.
class RefreshBreaker {
 public:
  RefreshBreaker() = default;  ///< of a process that has just begun
  /// By the refreshes on record, of all processes. Those whose age the clocks cannot tell were before this boot.
  RefreshBreaker(const std::vector<Moment>& refreshes, const Now& now);
  void refreshed(int64_t now_ms);
  /// For whoever needs a token.
  int64_t not_before_ms(int64_t token_lifetime_ms) const;
  /// For the library's own refreshes: never more than one in a second, however short tokens live.
  int64_t background_not_before_ms(int64_t token_lifetime_ms) const;

 private:
  std::vector<int64_t> at_ms_;  // the last six, in order
};

/// Puts a refresh of now on record, and takes off what no limit looks at any more.
void note_refresh(std::vector<Moment>& refreshes, const Now& now);

/// Longer than any plausible late copy of a request is under way.
constexpr int64_t late_copies_ms = 120000;

/// A copy of a request that was given up may reach the server this much later, and a server may take it for theft once
/// the successor of its token has been used: until this boot time the newest generation is not refreshed. In the past
/// unless an attempt with the one before is in doubt. Of tokens that live shortly a fifth of their life counts.
int64_t next_generation_at_ms(const Record& record, const Now& now);

/// An access token that the API refused, and that may not be refreshed now, is handed out again after this.
constexpr int64_t try_again_ms = 120000;
/// A store that failed is looked at again after this.
constexpr int64_t store_retry_ms = 5000;
/// A grant that the API calls revoked is tried again after this, in case the API was wrong.
constexpr int64_t revoked_probe_ms = 24 * 3600 * 1000;

/// After a failed refresh: when the library tries again by itself, and when a caller who needs a token may make it try.
struct Retry {
  int64_t in_ms = 0;
  int64_t on_demand_in_ms = 0;
  bool keep_lock = false;  ///< so soon that the lock is kept meanwhile
  bool final = false;      ///< the tries that the table grants are used up: its result code stands
};

/// Counts failures in a row of each kind; cleared by a success.
class RetrySchedule {
 public:
  Retry after(const Classified& answer, double dice);
  /// The patience that a stored grant asks for: it outlives the process. A caller may try a blocked grant at once,
  /// since somebody has started the program again, perhaps with what was missing.
  Retry resume(const Grant& grant, const Now& now);
  void succeeded() { *this = RetrySchedule(); }

 private:
  int unsent_ = 0;
  int ambiguous_ = 0;
  int refused_ = 0;
  int client_refused_ = 0;
  int unknown_ = 0;
};

/// 3 refusals on 2 connections over 10 minutes or more: only then is a person asked (reliability.md 6.6). The wall
/// clock has no say: of a refusal in a later boot only the time since that boot counts.
bool refusals_suffice(const std::vector<Refusal>& refusals);
/// What a caller is told of a refused grant, before and after the verdict.
Error refusal_error(bool verdict);

}  // namespace ecoauth
