#include "client/poll_schedule.hpp"

#include <algorithm>
#include <iterator>

namespace ecoauth {
namespace {

constexpr int64_t second_ms = 1000, minute_ms = 60 * second_ms;
constexpr int64_t slow_down_ms = 5 * second_ms;  // RFC 8628 section 3.5
constexpr int64_t outage_ms[] = {5 * second_ms, 10 * second_ms, 20 * second_ms, 30 * second_ms};
constexpr int64_t unknown_error_ms[] = {minute_ms, 5 * minute_ms, 15 * minute_ms};
constexpr int64_t grant_refused_ms[] = {30 * second_ms};  // one refusal has cleared by itself in the field
constexpr int64_t wrong_clock_ms = 30 * second_ms;

/// The next of a limited number of further tries; nothing when they are used up.
template <size_t N>
std::optional<int64_t> next_try(const int64_t (&delays_ms)[N], int& used) {
  if (static_cast<size_t>(used) >= N) return std::nullopt;
  return delays_ms[used++];
}

}  // namespace

Error pin_expired_error() { return make_error(ECOAUTH_ERROR_PIN_EXPIRED, "the PIN was not approved in time"); }

PollSchedule::PollSchedule(int64_t interval_ms, int64_t deadline_ms, int64_t now_ms, bool on_demand)
    : interval_ms_(std::max(interval_ms, second_ms)),
      deadline_ms_(deadline_ms),
      allowed_ms_(now_ms + interval_ms_),
      on_demand_(on_demand) {
  if (!on_demand_) plan(allowed_ms_);
}

int64_t PollSchedule::next_ms() const { return planned_ ? next_ms_ : deadline_ms_; }

bool PollSchedule::polls_at(int64_t now_ms) const { return planned_ && now_ms >= next_ms_; }

void PollSchedule::plan(int64_t at_ms) {
  next_ms_ = at_ms;
  planned_ = true;
  last_ = next_ms_ >= deadline_ms_;
}

void PollSchedule::check_now(int64_t now_ms) {
  const int64_t soonest_ms = std::max(now_ms, allowed_ms_);
  if (!planned_ || soonest_ms < next_ms_) plan(soonest_ms);
}

void PollSchedule::sent(int64_t now_ms) { last_ = now_ms >= deadline_ms_; }

std::optional<Error> PollSchedule::again(int64_t delay_ms, int64_t now_ms) {
  planned_ = false;
  if (last_ || (on_demand_ && now_ms >= deadline_ms_)) return pin_expired_error();
  if (on_demand_) return std::nullopt;
  // A server that wants to be left alone for longer than the PIN lives is: the deadline ends it without a poll.
  if (allowed_ms_ - interval_ms_ > std::max(now_ms, deadline_ms_)) return std::nullopt;
  plan(std::max(allowed_ms_, std::min(now_ms + delay_ms, deadline_ms_)));
  return std::nullopt;
}

std::optional<Error> PollSchedule::after(const Classified& answer, int64_t now_ms) {
  std::optional<int64_t> delay_ms = interval_ms_;
  bool may_be_hurried = true;
  switch (answer.answer_class) {
    case AnswerClass::keep_waiting:
    case AnswerClass::slow_down:
      outages_ = grant_refusals_ = client_refusals_ = unknown_errors_ = 0;
      if (answer.answer_class == AnswerClass::slow_down) interval_ms_ += slow_down_ms;
      break;
    case AnswerClass::throttled:
      interval_ms_ += slow_down_ms;
      break;
    case AnswerClass::outage:
    case AnswerClass::not_sent:
    case AnswerClass::ambiguous:  // presenting a code twice is safe: what it may have bought is unknown to us anyway
      delay_ms = answer.error.code == ECOAUTH_ERROR_CLOCK
                     ? wrong_clock_ms
                     : outage_ms[std::min(static_cast<size_t>(outages_++), std::size(outage_ms) - 1)];
      break;
    case AnswerClass::refused:
      delay_ms = next_try(grant_refused_ms, grant_refusals_);
      may_be_hurried = false;
      break;
    case AnswerClass::client_refused:
      delay_ms = next_try(client_refused_ms, client_refusals_);
      may_be_hurried = false;
      break;
    case AnswerClass::unknown_error:
      delay_ms = next_try(unknown_error_ms, unknown_errors_);
      break;
    default:
      delay_ms.reset();
      break;
  }
  if (!delay_ms) return answer.error;
  const int64_t pause_ms = std::max({interval_ms_, answer.retry_after_ms, may_be_hurried ? 0 : *delay_ms});
  allowed_ms_ = std::max(allowed_ms_, now_ms + pause_ms);
  return again(*delay_ms, now_ms);
}

}  // namespace ecoauth
