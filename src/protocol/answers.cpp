#include "protocol/answers.hpp"

#include "base/text.hpp"
#include "protocol/answer_json.hpp"
#include "protocol/answer_table.hpp"
#include "protocol/answer_text.hpp"
#include "protocol/answer_values.hpp"
#include "protocol/redact.hpp"

namespace ecoauth {
namespace {

constexpr int64_t locked_account_ms = 30 * 60 * 1000;

bool has_tokens(AnswerContext context) {
  return context == AnswerContext::poll || context == AnswerContext::exchange || context == AnswerContext::refresh;
}

class Classifier {
 public:
  Classifier(AnswerContext context, const RawAnswer& answer, const std::vector<const Secret*>& secrets)
      : context_(context), answer_(answer), secrets_(secrets) {
    facts_.context = context;
    facts_.status = answer.status;
    facts_.body = answer.body;
  }

  Classified classify() {
    out_.error.code = ECOAUTH_OK;
    out_.error.message.clear();
    out_.error.http_status = answer_.status;
    if (answer_.transfer != RawAnswer::Transfer::answered) {
      failed_transfer();
      return std::move(out_);
    }
    out_.retry_after_ms = retry_after_ms(answer_.retry_after, answer_.date);
    json_ = read_answer_json(answer_.body);
    if (json_) take_words();
    if (context_ == AnswerContext::request)
      api_answer();
    else
      server_answer();
    return std::move(out_);
  }

  Classified classify_parameters(AnswerJson parameters) {
    out_.error.code = ECOAUTH_OK;
    json_ = std::move(parameters);
    take_words();
    if (!json_->error.is_text()) {
      if (!success()) conclude(AnswerKind::not_ours);
    } else if (const AnswerRow* row = find_error_row(json_->error.text.reveal(), context_)) {
      conclude(*row);
    } else {
      conclude(AnswerKind::other_oauth_error);
    }
    return std::move(out_);
  }

 private:
  bool status_ok() const { return answer_.status >= 200 && answer_.status <= 299; }
  bool throttled() const { return answer_.status == 429 || out_.retry_after_ms > 0; }

  void failed_transfer() {
    facts_.detail = safe_words(answer_.detail, secrets_);
    const bool past_first_byte = answer_.transfer == RawAnswer::Transfer::ambiguous;
    if (past_first_byte && salvage()) return;
    switch (answer_.trouble) {
      case RawAnswer::Trouble::cancelled:
        conclude(AnswerKind::given_up);
        if (past_first_byte) out_.answer_class = AnswerClass::ambiguous;
        return;
      case RawAnswer::Trouble::tls:
        if (!past_first_byte) return conclude(AnswerKind::tls_failed);
        break;
      case RawAnswer::Trouble::certificate_time:
        if (!past_first_byte) return conclude(AnswerKind::certificate_time);
        break;
      default:
        break;
    }
    conclude(past_first_byte ? AnswerKind::cut_off : AnswerKind::unreachable);
  }

  /// The server's words, whatever becomes of the answer.
  void take_words() {
    if (json_->error.is_text()) out_.error.oauth_error = safe_words(json_->error.text.reveal(), secrets_);
    if (json_->error_description.is_text())
      out_.error.oauth_description = safe_words(json_->error_description.text.reveal(), secrets_);
    if (json_->error_uri.is_text()) out_.error.oauth_uri = safe_words(json_->error_uri.text.reveal(), secrets_);
    const auto api_code = json_->status_code.as_number();
    if (api_code && *api_code >= 0 && *api_code <= 99999) {
      out_.error.api_status = static_cast<int32_t>(*api_code);
      if (json_->status_message.is_text() && out_.error.oauth_description.empty())
        out_.error.oauth_description = safe_words(json_->status_message.text.reveal(), secrets_);
    }
    facts_.error = out_.error.oauth_error;
    facts_.api_status = out_.error.api_status;
  }

  void server_answer() {
    if (json_ && json_->error.is_text() && !json_->error.text.empty()) {
      if (const AnswerRow* row = find_error_row(json_->error.text.reveal(), context_)) return conclude(*row);
      if (throttled()) return conclude(AnswerKind::throttled);
      // Undocumented words beside a 5xx are some gateway's ("Internal Server Error"): an outage, not a verdict.
      return conclude(answer_.status >= 500 ? AnswerKind::not_ours : AnswerKind::other_oauth_error);
    }
    if (json_ && status_ok() && (json_->error.absent() || json_->error.is_text()) && success()) return;
    if (salvage()) return;
    conclude(throttled() ? AnswerKind::throttled : AnswerKind::not_ours);
  }

  bool success() {
    if (has_tokens(context_)) {
      out_.token = read_token_answer(*json_, out_.note);
      if (!out_.token) return false;
    } else {
      out_.pin = read_pin_answer(*json_, out_.note);
      if (!out_.pin) return false;
    }
    out_.answer_class = AnswerClass::success;
    return true;
  }

  bool salvage() {
    if (!has_tokens(context_) || !status_ok()) return false;
    auto refresh_token = salvage_refresh_token(answer_.body);
    if (!refresh_token) return false;
    conclude(AnswerKind::salvaged);
    out_.note.clear();
    out_.token.emplace();
    out_.token->refresh_token = std::move(*refresh_token);
    return true;
  }

  void api_answer() {
    const int32_t api = out_.error.api_status;
    if (api == 14) return conclude(AnswerKind::api_expired);
    if (api == 1) return conclude(AnswerKind::api_refused);
    if (api == 16 || (api == 2 && says_revoked())) return conclude(AnswerKind::api_revoked);
    if (answer_.status == 401) return conclude(AnswerKind::api_expired);
    if (throttled()) return conclude(AnswerKind::throttled);
    if (status_ok() && api <= 0)
      out_.answer_class = AnswerClass::success;
    else
      conclude(AnswerKind::api_other);
  }

  bool says_revoked() const {
    return json_->status_message.is_text() &&
           lower_ascii(json_->status_message.text.reveal()).find("revoked") != std::string::npos;
  }

  void conclude(AnswerKind kind) { conclude(row_of(kind, context_)); }

  void conclude(const AnswerRow& row) {
    out_.answer_class = row.answer_class;
    Error error = make_error(row.code, what_happened(row, facts_));
    const std::string better_advice = what_to_do(row, facts_);
    if (!better_advice.empty()) error.advice = better_advice;
    error.action = row.action;
    error.retry_after_ms = out_.retry_after_ms;
    if (row.answer_class == AnswerClass::account_locked && error.retry_after_ms == 0)
      error.retry_after_ms = locked_account_ms;
    error.oauth_error = std::move(out_.error.oauth_error);
    error.oauth_description = std::move(out_.error.oauth_description);
    error.oauth_uri = std::move(out_.error.oauth_uri);
    error.http_status = out_.error.http_status;
    error.api_status = out_.error.api_status;
    out_.error = std::move(error);
  }

  const AnswerContext context_;
  const RawAnswer& answer_;
  const std::vector<const Secret*>& secrets_;
  std::optional<AnswerJson> json_;
  AnswerFacts facts_;
  Classified out_;
};

}  // namespace

Classified classify(AnswerContext context, const RawAnswer& answer, const std::vector<const Secret*>& secrets) {
  return Classifier(context, answer, secrets).classify();
}

Classified classify_redirect(AnswerJson parameters, const std::vector<const Secret*>& secrets) {
  return Classifier(AnswerContext::exchange, RawAnswer(), secrets).classify_parameters(std::move(parameters));
}

}  // namespace ecoauth
