#include "client/raw_answer.hpp"

namespace ecoauth {
namespace {

RawAnswer::Trouble trouble_of(HttpFailure failure) {
  switch (failure) {
    case HttpFailure::none: return RawAnswer::Trouble::none;
    case HttpFailure::cancelled: return RawAnswer::Trouble::cancelled;
    case HttpFailure::timeout: return RawAnswer::Trouble::timeout;
    case HttpFailure::tls: return RawAnswer::Trouble::tls;
    case HttpFailure::certificate_time: return RawAnswer::Trouble::certificate_time;
    default: return RawAnswer::Trouble::network;
  }
}

}  // namespace

RawAnswer raw_answer(const HttpResult& result) {
  RawAnswer raw;
  switch (result.outcome) {
    case HttpOutcome::answered: raw.transfer = RawAnswer::Transfer::answered; break;
    case HttpOutcome::not_sent: raw.transfer = RawAnswer::Transfer::not_sent; break;
    case HttpOutcome::ambiguous: raw.transfer = RawAnswer::Transfer::ambiguous; break;
  }
  raw.trouble = trouble_of(result.failure);
  raw.detail = result.detail;
  raw.status = result.status;
  raw.body = result.body.reveal();
  raw.retry_after = result.retry_after;
  raw.date = result.date;
  return raw;
}

}  // namespace ecoauth
