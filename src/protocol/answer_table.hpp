// Finding the row of the one table that an answer falls under.
#pragma once

#include <string_view>

#include "protocol/answers.hpp"

namespace ecoauth {

/// The row that names this `error` in this context; nullptr when none does.
const AnswerRow* find_error_row(std::string_view error, AnswerContext context);

/// The row of a kind other than oauth_error. Every (kind, context) that classify() asks for has one.
const AnswerRow& row_of(AnswerKind kind, AnswerContext context);

}  // namespace ecoauth
