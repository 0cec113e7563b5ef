#include "cli/failure.hpp"

#include <cstring>
#include <utility>

#include "cli/exit_codes.hpp"

namespace ecoauth::cli {

namespace {

/// What the library calls its parameters are options here.
std::string with_names_of_options(std::string message) {
  constexpr const char* names[][2] = {{"`headers`", "--header"}, {"`redirect_uri`", "--redirect-uri"}};
  for (const auto& [parameter, option] : names) {
    if (message.rfind(parameter, 0) == 0) message.replace(0, std::strlen(parameter), option);
  }
  return message;
}

}  // namespace

int Failure::exit_code() const { return chosen_exit_code != 0 ? chosen_exit_code : exit_code_of(code, action); }

JsonLine Failure::json() const {
  JsonLine line("error");
  line.text("code", ecoauth_result_name(code)).text("message", message).text("advice", advice);
  line.text("action", ecoauth_action_name(action)).number("retry_after_ms", retry_after_ms);
  line.number("http_status", http_status).text("oauth_error", oauth_error);
  line.text("oauth_description", oauth_description).text("oauth_uri", oauth_uri);
  line.number("api_status", api_status).number("exit_code", exit_code());
  return line;
}

Failure Failure::usage(std::string message, std::string advice) {
  Failure failure;
  failure.code = ECOAUTH_ERROR_INVALID_ARGUMENT;
  failure.action = ECOAUTH_ACTION_FIX_CONFIG;
  failure.message = std::move(message);
  failure.advice = std::move(advice);
  return failure;
}

Failure Failure::interrupted(std::string advice) {
  Failure failure;
  failure.code = ECOAUTH_ERROR_CANCELLED;
  failure.message = "interrupted";
  failure.advice = std::move(advice);
  return failure;
}

Failure Failure::from(int32_t result, const ecoauth_error* error) {
  Failure failure;
  failure.code = result;
  if (error == nullptr) {
    failure.message = std::string("the library answered ") + ecoauth_result_name(result);
    return failure;
  }
  failure.message = with_names_of_options(ecoauth_error_message(error));
  failure.advice = ecoauth_error_advice(error);
  failure.action = ecoauth_error_action(error);
  failure.retry_after_ms = ecoauth_error_retry_after_ms(error);
  failure.oauth_error = ecoauth_error_oauth_error(error);
  failure.oauth_description = ecoauth_error_oauth_description(error);
  failure.oauth_uri = ecoauth_error_oauth_uri(error);
  failure.http_status = ecoauth_error_http_status(error);
  failure.api_status = ecoauth_error_api_status(error);
  if (failure.exit_code() == exit_needs_authorization) failure.advice += " The command for it is \"ecoauth login\".";
  return failure;
}

}  // namespace ecoauth::cli
