// When to ask whether the user has approved a PIN (protocol.md 3.6, RFC 8628 section 3.5). Pure.
#pragma once

#include <cstdint>
#include <optional>

#include "protocol/answers.hpp"

namespace ecoauth {

class PollSchedule {
 public:
  PollSchedule() = default;
  /// `interval_ms` counts from `now_ms`: the moment of the answer that brought the PIN, or of a resumption.
  /// `on_demand`: only check_now() leads to a poll.
  PollSchedule(int64_t interval_ms, int64_t deadline_ms, int64_t now_ms, bool on_demand);

  /// The moment of the next poll or, when none is planned, of the deadline.
  int64_t next_ms() const;
  /// At next_ms(): is a request to be sent? (Otherwise the deadline has passed.)
  bool polls_at(int64_t now_ms) const;

  /// The user pressed "done": as soon as the interval allows.
  void check_now(int64_t now_ms);

  /// Takes the answer in. A result code ends the polling; nullopt goes on. `error` gets the texts that belong to the end.
  std::optional<Error> after(const Classified& answer, int64_t now_ms);

  int64_t interval_ms() const { return interval_ms_; }
  int64_t deadline_ms() const { return deadline_ms_; }

 private:
  std::optional<Error> again_after(int64_t delay_ms, int64_t now_ms);

  int64_t interval_ms_ = 0;
  int64_t deadline_ms_ = 0;
  int64_t last_answer_ms_ = 0;
  int64_t next_ms_ = 0;
  bool on_demand_ = false;
  bool planned_ = false;
  bool last_ = false;  ///< the one poll at the deadline is planned or done
  int outages_ = 0;
  int grant_refusals_ = 0;
  int client_refusals_ = 0;
  int unknown_errors_ = 0;
};

/// "The PIN was not approved in time."
Error pin_expired_error();

}  // namespace ecoauth
