// Tokens and PINs out of a successful answer, or nothing when it lacks what it must have.
#pragma once

#include <optional>
#include <string>

#include "protocol/answer_json.hpp"
#include "protocol/answers.hpp"

namespace ecoauth {

/// `note` receives what was odd but tolerated.
std::optional<TokenAnswer> read_token_answer(AnswerJson& json, std::string& note);
std::optional<PinAnswer> read_pin_answer(AnswerJson& json, std::string& note);

}  // namespace ecoauth
