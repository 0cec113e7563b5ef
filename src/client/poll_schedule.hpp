// When to ask whether the user has approved a PIN (design.md 4, protocol.md 3.6, RFC 8628 section 3.5). Pure.
#pragma once

#include <cstdint>
#include <optional>

#include "protocol/answers.hpp"

namespace ecoauth {

/// A refused client id is tried again this often, after these times, before that is the verdict.
constexpr int64_t client_refused_ms[] = {5000, 15000};

/// Two rules outrank all else: no poll before the interval, or the time the server named, has passed since the last
/// answer; and exactly one poll at or after the deadline, the first that is allowed.
class PollSchedule {
 public:
  PollSchedule() = default;
  /// `interval_ms` counts from `now_ms`: the moment of the answer that brought the PIN, or of a resumption.
  /// `on_demand`: only check_now() leads to a poll.
  PollSchedule(int64_t interval_ms, int64_t deadline_ms, int64_t now_ms, bool on_demand);

  /// The moment of the next poll or, when none is planned, of the deadline.
  int64_t next_ms() const;
  /// At next_ms(): is a request to be sent? (Otherwise the PIN is over.)
  bool polls_at(int64_t now_ms) const;

  /// The user pressed "done": as soon as it is allowed.
  void check_now(int64_t now_ms);

  /// The request goes out.
  void sent(int64_t now_ms);
  /// Takes the answer in, or that none came. An error ends the polling; nullopt goes on.
  std::optional<Error> after(const Classified& answer, int64_t now_ms);

  int64_t interval_ms() const { return interval_ms_; }
  int64_t deadline_ms() const { return deadline_ms_; }

 private:
  std::optional<Error> again(int64_t delay_ms, int64_t now_ms);
  void plan(int64_t at_ms);

  int64_t interval_ms_ = 0;
  int64_t deadline_ms_ = 0;
  int64_t allowed_ms_ = 0;  ///< no poll before
  int64_t next_ms_ = 0;
  bool on_demand_ = false;
  bool planned_ = false;
  bool last_ = false;  ///< the one poll at or after the deadline is planned or under way
  int outages_ = 0;
  int grant_refusals_ = 0;
  int client_refusals_ = 0;
  int unknown_errors_ = 0;
};

/// "The PIN was not approved in time."
Error pin_expired_error();

}  // namespace ecoauth
