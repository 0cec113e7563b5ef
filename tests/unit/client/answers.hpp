// Answers as the protocol layer would have classified them, made by it from what a server would have sent.
#pragma once

#include <string>

#include "protocol/answers.hpp"

namespace ecoauth::test {

inline Classified answer(AnswerContext context, int status, const std::string& body,
                         const std::string& retry_after = {}) {
  RawAnswer raw;
  raw.status = status;
  raw.body = body;
  raw.retry_after = retry_after;
  return classify(context, raw);
}

/// {"error": "..."} with the usual status.
inline Classified error_answer(AnswerContext context, const std::string& error, const std::string& retry_after = {}) {
  return answer(context, 400, "{\"error\":\"" + error + "\"}", retry_after);
}

/// No answer: never sent, or lost after the first byte.
inline Classified no_answer(AnswerContext context, RawAnswer::Transfer transfer,
                            RawAnswer::Trouble trouble = RawAnswer::Trouble::network) {
  RawAnswer raw;
  raw.transfer = transfer;
  raw.trouble = trouble;
  raw.detail = "connection reset";
  return classify(context, raw);
}

inline Classified token_answer(AnswerContext context, const std::string& access, const std::string& refresh,
                               int64_t expires_in_s = 3600, const std::string& scope = "smartRead") {
  return answer(context, 200,
                "{\"access_token\":\"" + access + "\",\"token_type\":\"Bearer\",\"expires_in\":" +
                    std::to_string(expires_in_s) + (refresh.empty() ? "" : ",\"refresh_token\":\"" + refresh + "\"") +
                    (scope.empty() ? "" : ",\"scope\":\"" + scope + "\"") + "}");
}

/// Of a refresh that brings generation 2, 3, ...
inline Classified renewed(int generation, int64_t expires_in_s = 3600) {
  return token_answer(AnswerContext::refresh, "at-" + std::to_string(generation), "rt-" + std::to_string(generation),
                      expires_in_s);
}

inline Classified pin_answer(const std::string& pin, const std::string& code, int64_t expires_in = 9,
                             int64_t interval_s = 30) {
  return answer(AnswerContext::authorize, 200,
                "{\"ecobeePin\":\"" + pin + "\",\"code\":\"" + code + "\",\"scope\":\"smartRead\",\"expires_in\":" +
                    std::to_string(expires_in) + ",\"interval\":" + std::to_string(interval_s) + "}");
}

/// Answers own secrets, so they are copied by hand.
inline Classified copy_of(const Classified& answer) {
  Classified copy;
  copy.answer_class = answer.answer_class;
  copy.error = answer.error;
  copy.retry_after_ms = answer.retry_after_ms;
  if (answer.token) {
    copy.token.emplace();
    copy.token->access_token = answer.token->access_token.clone();
    copy.token->refresh_token = answer.token->refresh_token.clone();
    copy.token->token_type = answer.token->token_type;
    copy.token->scope = answer.token->scope;
    copy.token->lifetime_ms = answer.token->lifetime_ms;
  }
  if (answer.pin) {
    copy.pin.emplace();
    copy.pin->pin = answer.pin->pin.clone();
    copy.pin->code = answer.pin->code.clone();
    copy.pin->lifetime_ms = answer.pin->lifetime_ms;
    copy.pin->interval_ms = answer.pin->interval_ms;
  }
  return copy;
}

}  // namespace ecoauth::test
