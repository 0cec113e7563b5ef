#include "client/poll_schedule.hpp"

#include <algorithm>

namespace ecoauth {
namespace {

constexpr int64_t second_ms = 1000;
constexpr int64_t slow_down_ms = 5 * second_ms;             // RFC 8628 section 3.5
constexpr int64_t outage_ms[] = {5000, 10000, 20000, 30000};
constexpr int64_t client_refused_ms[] = {5000, 15000};
constexpr int64_t stale_code_ms = 30 * second_ms;           // one refusal has cleared by itself in the field
constexpr int unknown_error_tries = 3;

int64_t outage_delay(int count) { return outage_ms[std::min<size_t>(static_cast<size_t>(count), std::size(outage_ms) - 1)]; }

}  // namespace

Error pin_expired_error() {
  return make_error(ECOAUTH_ERROR_PIN_EXPIRED, "the PIN was not approved in time");
}

PollSchedule::PollSchedule(int64_t interval_ms, int64_t deadline_ms, int64_t now_ms, bool on_demand)
    : interval_ms_(interval_ms), deadline_ms_(deadline_ms), last_answer_ms_(now_ms), on_demand_(on_demand) {
  if (!on_demand_) again_after(interval_ms_, now_ms);
}

int64_t PollSchedule::next_ms() const { return planned_ ? next_ms_ : deadline_ms_; }

bool PollSchedule::polls_at(int64_t now_ms) const { return planned_ && now_ms >= next_ms_; }

void PollSchedule::check_now(int64_t now_ms) {
  int64_t allowed = std::max(now_ms, last_answer_ms_ + interval_ms_);
  if (!planned_ || allowed < next_ms_) next_ms_ = allowed;
  planned_ = true;
}

std::optional<Error> PollSchedule::again_after(int64_t delay_ms, int64_t now_ms) {
  if (last_ || now_ms >= deadline_ms_) return pin_expired_error();
  next_ms_ = now_ms + delay_ms;
  if (next_ms_ >= deadline_ms_) {  // one last poll at the deadline itself
    next_ms_ = deadline_ms_;
    last_ = true;
  }
  planned_ = true;
  return std::nullopt;
}

std::optional<Error> PollSchedule::after(const Classified& answer, int64_t now_ms) {
  last_answer_ms_ = now_ms;
  planned_ = false;
  int64_t delay = interval_ms_;
  switch (answer.answer_class) {
    case AnswerClass::keep_waiting:
      outages_ = 0;
      break;
    case AnswerClass::slow_down:
      outages_ = 0;
      delay = interval_ms_ += slow_down_ms;
      break;
    case AnswerClass::throttled:
      interval_ms_ += slow_down_ms;
      delay = std::max(interval_ms_, answer.retry_after_ms);
      break;
    case AnswerClass::outage:
    case AnswerClass::not_sent:
    case AnswerClass::ambiguous:  // presenting a code twice is safe: what it may have bought is unknown to us anyway
      delay = std::max(outage_delay(outages_++), interval_ms_);
      break;
    case AnswerClass::refused:
      if (++grant_refusals_ > 1) {
        Error error = pin_expired_error();
        error.oauth_error = answer.error.oauth_error;
        error.oauth_description = answer.error.oauth_description;
        error.http_status = answer.error.http_status;
        return error;
      }
      delay = std::max(stale_code_ms, interval_ms_);
      break;
    case AnswerClass::client_refused:
      if (client_refusals_ >= static_cast<int>(std::size(client_refused_ms))) return answer.error;
      delay = std::max(client_refused_ms[client_refusals_++], interval_ms_);
      break;
    case AnswerClass::unknown_error:
      if (unknown_errors_ >= unknown_error_tries) return answer.error;
      delay = std::max(outage_delay(unknown_errors_++), interval_ms_);
      break;
    default:
      return answer.error;
  }
  if (on_demand_) {  // outages too wait for the user's next "done"
    if (now_ms >= deadline_ms_) return pin_expired_error();
    return std::nullopt;
  }
  return again_after(delay, now_ms);
}

}  // namespace ecoauth
