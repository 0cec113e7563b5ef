// The two texts of an answer for people: what happened, and what to do.
#pragma once

#include <string>

#include "protocol/answers.hpp"

namespace ecoauth {

/// What of an answer the texts depend on.
struct AnswerFacts {
  AnswerContext context = AnswerContext::refresh;
  int status = 0;
  std::string_view body;
  std::string error;   ///< safe words of `error`
  std::string detail;  ///< safe words of a failed transfer
  int32_t api_status = -1;
};

std::string what_happened(const AnswerRow& row, const AnswerFacts& facts);
/// Empty: the usual advice for the row's code is right.
std::string what_to_do(const AnswerRow& row, const AnswerFacts& facts);

}  // namespace ecoauth
