// ecoauth request: one authorized API request.
#include <ecoauth/ecoauth.h>

#include <algorithm>

#include "cli/client_id.hpp"
#include "cli/commands.hpp"
#include "cli/exit_codes.hpp"
#include "cli/input.hpp"
#include "cli/session.hpp"

namespace ecoauth::cli {

namespace {

constexpr size_t largest_data_bytes = 4 * 1024 * 1024;

std::string method_of(const Arguments& arguments) {
  std::string method = arguments.method;
  std::transform(method.begin(), method.end(), method.begin(),
                 [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; });
  const bool letters = method.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ") == std::string::npos;
  if (!method.empty() && letters && method.size() <= 16 && method != "CONNECT" && method != "TRACE") return method;
  throw Failure::usage("the method is not one that the API can be asked with",
                       "ecobee's API knows GET and POST; \"ecoauth request --help\" shows examples.");
}

void check_path(const std::string& path) {
  if (path.empty() || path[0] != '/')
    throw Failure::usage("the path must begin with \"/\"; the server is not part of it",
                         "For example /1/thermostatSummary; another server is named with --server.");
  for (const unsigned char c : path) {
    if (c <= ' ' || c >= 0x7f)
      throw Failure::usage("the path holds characters that no address may hold",
                           "Percent-encode them: a blank is %20.");
  }
}

std::string data_of(const Arguments& arguments, const std::string& method, const Signals& signals) {
  if (arguments.data && arguments.data_file)
    throw Failure::usage("--data and --data-file exclude each other", "Give one of them.");
  if ((method == "GET" || method == "HEAD") && (arguments.data || arguments.data_file))
    throw Failure::usage(method + " sends no data",
                         "Use POST, or put the question into the path: /1/thermostat?json=...");
  if (arguments.data.value_or("").rfind('@', 0) == 0)  // curl's way
    throw Failure::usage("--data takes the body itself, and no JSON begins with \"@\"",
                         "Name the file with --data-file, - for standard input.");
  if (arguments.data_file) return read_input(*arguments.data_file, "the data file", largest_data_bytes, signals);
  return arguments.data.value_or("");
}

/// As the library takes them: lines.
std::string headers_of(const Arguments& arguments) {
  std::string lines;
  for (const std::string& header : arguments.headers) {
    if (header.empty() || header.find('\n') != std::string::npos)
      throw Failure::usage("a header must be one line, \"Name: value\"", "Give --header once for each.");
    lines += header + "\n";
  }
  return lines;
}

/// The API does not redirect: somebody else answers, a hotel's login page for example.
bool redirects(int32_t http_status) { return http_status >= 300 && http_status < 400 && http_status != 304; }

/// What the API refused, 0 when nothing.
int verdict(int32_t http_status, int32_t api_status) {
  if (http_status < 400 && !redirects(http_status) && api_status <= 0) return exit_ok;
  if (api_status == 2 || http_status == 401 || http_status == 403) return exit_user_action;
  if (redirects(http_status) || http_status == 429 || (http_status >= 500 && api_status < 0)) return exit_temporary;
  return exit_unexpected;
}

Failure refusal(int32_t http_status, int32_t api_status, int exit_code) {
  Failure failure;
  failure.chosen_exit_code = exit_code;
  failure.code = exit_code == exit_temporary ? ECOAUTH_ERROR_SERVER : ECOAUTH_ERROR_REJECTED;
  failure.http_status = http_status;
  failure.api_status = api_status;
  failure.message = "the API answered HTTP " + std::to_string(http_status);
  if (api_status >= 0) failure.message += " and status " + std::to_string(api_status);
  failure.message += "; its answer is on standard output";
  if (exit_code == exit_user_action) {
    failure.action = ECOAUTH_ACTION_USER_ACTION;
    failure.advice =
        "The grant may not cover this: compare the scopes in \"ecoauth status\"; writing needs --scope smartWrite at "
        "login.";
  } else if (exit_code == exit_temporary) {
    failure.action = ECOAUTH_ACTION_RETRY;
    failure.advice = redirects(http_status)
                         ? "Redirections are not followed; something else than the API seems to answer. "
                           "Look at the connection, and try again."
                         : "Try again later.";
  } else {
    failure.action = ECOAUTH_ACTION_FIX_CONFIG;
    failure.advice = "Check path and data against ecobee's description of the API.";
  }
  return failure;
}

void print(const ecoauth_response* response, Output& output) {
  const std::string_view body(ecoauth_response_body(response), ecoauth_response_body_bytes(response));
  if (!output.json()) return output.body(body);
  JsonLine line("response");
  line.number("http_status", ecoauth_response_http_status(response));
  line.number("api_status", ecoauth_response_api_status(response));
  output.object(line.text("content_type", ecoauth_response_content_type(response)).text("body", body));
}

}  // namespace

int request(const Arguments& arguments, Output& output, const Signals& signals) {
  const std::string method = method_of(arguments);
  check_path(arguments.path);
  const std::string headers = headers_of(arguments);
  const std::string data = data_of(arguments, method, signals);
  Session session(settings_of(arguments), given_client_id(arguments, output, signals), output, signals);
  const EventHandle done = session.run([&](ecoauth_account* account, int64_t* operation, ecoauth_error** error) {
    return ecoauth_account_request_with_start(account, method.c_str(), arguments.path.c_str(), headers.c_str(),
                                              data.empty() ? nullptr : data.data(), data.size(), nullptr, 0, operation,
                                              error);
  });
  const ecoauth_response* response = ecoauth_event_response(done.get());
  print(response, output);
  const int32_t http_status = ecoauth_response_http_status(response);
  const int32_t api_status = ecoauth_response_api_status(response);
  const int exit_code = verdict(http_status, api_status);
  if (exit_code != exit_ok) throw refusal(http_status, api_status, exit_code);
  session.finish();
  return exit_ok;
}

}  // namespace ecoauth::cli
