// Short ways to make answers and to show what became of them.
#pragma once

#include <initializer_list>
#include <ostream>
#include <string>
#include <string_view>

#include "protocol/answers.hpp"

namespace ecoauth {

inline std::ostream& operator<<(std::ostream& out, AnswerClass answer_class) {
  static const char* const names[] = {
      "success",   "salvage",   "keep_waiting",   "slow_down",     "outage",         "not_sent",
      "ambiguous", "refused",   "client_refused", "blocked",       "account_locked", "pin_expired",
      "declined",  "throttled", "unknown_error",  "token_expired", "revoked",        "untouched"};
  return out << names[static_cast<size_t>(answer_class)];
}

inline constexpr AnswerContext all_contexts[] = {AnswerContext::poll, AnswerContext::exchange, AnswerContext::refresh,
                                                 AnswerContext::authorize, AnswerContext::request};
inline constexpr AnswerContext token_contexts[] = {AnswerContext::poll, AnswerContext::exchange,
                                                   AnswerContext::refresh};

inline char letter_of(AnswerContext context) { return "PXRAQ"[static_cast<size_t>(context)]; }

inline RawAnswer answered(int status, std::string_view body) {
  RawAnswer answer;
  answer.status = status;
  answer.body = body;
  return answer;
}

inline std::string error_body(const std::string& error) {
  return "{\n  \"error\": \"" + error +
         "\",\n  \"error_description\": \"Some words.\",\n"
         "  \"error_uri\": \"https://tools.ietf.org/html/rfc6749#section-5.2\"\n}\n";
}

inline std::string api_body(int code, const std::string& message) {
  return "{\n  \"status\": {\n    \"code\": " + std::to_string(code) + ",\n    \"message\": \"" + message +
         "\"\n  }\n}";
}

inline const char html_body[] = "<!DOCTYPE html>\n<html><head><title>Oops</title></head><body>error</body></html>";

/// Every text an Error may show.
inline std::string all_texts(const Error& error) {
  return error.message + "\n" + error.advice + "\n" + error.oauth_error + "\n" + error.oauth_description + "\n" +
         error.oauth_uri;
}

}  // namespace ecoauth
