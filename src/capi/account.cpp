#include <ecoauth/account.h>

#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/text.hpp"
#include "capi/checks.hpp"
#include "capi/guard.hpp"
#include "capi/handles.hpp"
#include "capi/request_arguments.hpp"
#include "client/brought_commands.hpp"

using namespace ecoauth;
using namespace ecoauth::capi;

namespace {

constexpr size_t longest_key_bytes = 200;
constexpr size_t longest_address_bytes = 16 * 1024;
constexpr size_t longest_redirect_bytes = 24 * 1024;  // it may hold an access token

/// The blocking form of an operation: `make` its command, `take` what is wanted of its outcome.
template <typename Make, typename Take>
int32_t run(ecoauth_account* account, int64_t timeout_ms, ecoauth_error** error, Checks& checks, Make make, Take take) {
  return guarded(error, [&]() -> Result<int32_t> {
    if (auto wrong = checks.wait_time(timeout_ms).usable(account).may_wait().failure()) return *wrong;
    const auto held = account->value;  // what waits outlives its handle
    Result<Command> command = make();
    if (!command) return command.error();
    Outcome outcome = held->run(std::move(command.value()), wait_ms(timeout_ms));
    if (outcome.result < 0)
      return outcome.error ? *outcome.error : make_error(outcome.result, result_name(outcome.result));
    if (auto failure = take(outcome)) return *failure;
    return outcome.result;
  });
}

template <typename Make>
int32_t run(ecoauth_account* account, int64_t timeout_ms, ecoauth_error** error, Checks& checks, Make make) {
  return run(account, timeout_ms, error, checks, make, [](Outcome&) { return std::optional<Error>(); });
}

/// The form that returns at once.
template <typename Make>
int32_t start(ecoauth_account* account, int64_t* operation, ecoauth_error** error, Checks& checks, Make make) {
  if (operation) *operation = 0;
  return guarded(error, [&]() -> Result<int32_t> {
    if (auto wrong = checks.needs(operation, "operation").usable(account).failure()) return *wrong;
    Result<Command> command = make();
    if (!command) return command.error();
    if (auto failure = account->value->start(std::move(command.value()), operation)) return *failure;
    return ECOAUTH_OK;
  });
}

Command simple(Command::Kind kind) {
  Command command;
  command.kind = kind;
  return command;
}

Command token_command(int64_t min_valid_ms) {
  Command command = simple(Command::Kind::get_token);
  command.min_valid_ms = min_valid_ms;
  return command;
}

Command wait_command(int64_t seen_revision) {
  Command command = simple(Command::Kind::wait);
  command.seen_revision = seen_revision;
  return command;
}

Result<Command> address_command(const ecoauth_account* account, int32_t flow, const char* redirect_uri) {
  const Runtime& runtime = account->value->runtime();
  return authorize_url_command(flow, redirect_uri, runtime.config, runtime.random);
}

/// The token in memory, for hot paths: no lock, no memory, nothing that throws.
int32_t copy_text(const ecoauth_account* account, bool with_scheme, char* buffer, size_t size_bytes,
                  size_t* needed_bytes, int64_t* generation) noexcept {
  if (!account || (!buffer && size_bytes > 0)) return ECOAUTH_ERROR_INVALID_ARGUMENT;
  const Runtime& runtime = account->value->runtime();
  if (int32_t ended = runtime.usable_code()) return ended;
  switch (account->value->token_cell().copy(runtime.clock, with_scheme, buffer, size_bytes, needed_bytes, generation)) {
    case TokenCell::Copy::copied:
      return ECOAUTH_OK;
    case TokenCell::Copy::too_small:
      return ECOAUTH_ERROR_BUFFER_TOO_SMALL;
    case TokenCell::Copy::none:
      break;
  }
  return ECOAUTH_ERROR_NOT_FOUND;
}

}  // namespace

int32_t ecoauth_account_open(ecoauth_client* client, const char* key, ecoauth_account** account,
                             ecoauth_error** error) {
  if (account) *account = nullptr;
  return guarded(error, [&]() -> Result<int32_t> {
    if (!key) key = "default";
    Checks checks;
    checks.needs(client, "client").needs(account, "account").text(key, 1, longest_key_bytes, "key");
    if (auto wrong = checks.usable(client).failure()) return *wrong;
    *account = new ecoauth_account{client->value->open(key)};
    return ECOAUTH_OK;
  });
}

void ecoauth_account_close(ecoauth_account* account) {
  if (!account || account->value->runtime().forked()) return;  // a child must not touch what it shares with its parent
  delete account;
}

int32_t ecoauth_account_authorize_pin(ecoauth_account* account, int64_t timeout_ms, ecoauth_error** error) {
  return run(account, timeout_ms, error, Checks().needs(account, "account"),
             [] { return simple(Command::Kind::authorize_pin); });
}

int32_t ecoauth_account_authorize_pin_start(ecoauth_account* account, int64_t* operation, ecoauth_error** error) {
  return start(account, operation, error, Checks().needs(account, "account"),
               [] { return simple(Command::Kind::authorize_pin); });
}

int32_t ecoauth_account_check_now(ecoauth_account* account, ecoauth_error** error) {
  return guarded(error, [&]() -> Result<int32_t> {
    if (auto wrong = Checks().needs(account, "account").usable(account).failure()) return *wrong;
    if (account->value->check_now()) return ECOAUTH_OK;
    return make_error(ECOAUTH_ERROR_WRONG_STATE, "no PIN is pending",
                      "Begin with ecoauth_account_authorize_pin_start().");
  });
}

int32_t ecoauth_account_authorize_url(ecoauth_account* account, int32_t flow, const char* redirect_uri,
                                      int64_t timeout_ms, char* buffer, size_t size_bytes, size_t* needed_bytes,
                                      ecoauth_error** error) {
  Checks checks;
  checks.needs(account, "account").in_range(flow, ECOAUTH_FLOW_CODE, ECOAUTH_FLOW_UTILITY, "flow");
  checks.ascii(redirect_uri, 1, longest_address_bytes, "redirect_uri").bytes(buffer, size_bytes, "buffer");
  return run(
      account, timeout_ms, error, checks, [&] { return address_command(account, flow, redirect_uri); },
      [&](Outcome& outcome) -> std::optional<Error> {
        const size_t needed = outcome.address.size() + 1;
        if (needed_bytes) *needed_bytes = needed;
        if (size_bytes < needed)
          return make_error(ECOAUTH_ERROR_BUFFER_TOO_SMALL,
                            "`buffer`: the address takes " + to_text(static_cast<int64_t>(needed)) + " bytes");
        std::memcpy(buffer, outcome.address.reveal_c_str(), needed);
        return std::nullopt;
      });
}

int32_t ecoauth_account_authorize_url_start(ecoauth_account* account, int32_t flow, const char* redirect_uri,
                                            int64_t* operation, ecoauth_error** error) {
  Checks checks;
  checks.needs(account, "account").in_range(flow, ECOAUTH_FLOW_CODE, ECOAUTH_FLOW_UTILITY, "flow");
  return start(account, operation, error, checks.ascii(redirect_uri, 1, longest_address_bytes, "redirect_uri"),
               [&] { return address_command(account, flow, redirect_uri); });
}

int32_t ecoauth_account_complete_redirect(ecoauth_account* account, const char* redirected_url, int64_t timeout_ms,
                                          ecoauth_error** error) {
  Checks checks;
  checks.needs(account, "account").text(redirected_url, 1, longest_redirect_bytes, "redirected_url");
  return run(account, timeout_ms, error, checks, [&] { return redirect_command(redirected_url); });
}

int32_t ecoauth_account_complete_redirect_start(ecoauth_account* account, const char* redirected_url,
                                                int64_t* operation, ecoauth_error** error) {
  Checks checks;
  checks.needs(account, "account").text(redirected_url, 1, longest_redirect_bytes, "redirected_url");
  return start(account, operation, error, checks, [&] { return redirect_command(redirected_url); });
}

int32_t ecoauth_account_get_token(ecoauth_account* account, int64_t min_valid_ms, int64_t timeout_ms,
                                  ecoauth_token** token, ecoauth_error** error) {
  if (token) *token = nullptr;
  Checks checks;
  checks.needs(account, "account").in_range(min_valid_ms, 0, INT64_MAX, "min_valid_ms").needs(token, "token");
  return run(
      account, timeout_ms, error, checks, [&] { return token_command(min_valid_ms); },
      [&](Outcome& outcome) {
        *token = new ecoauth_token{std::move(outcome.token)};
        return std::optional<Error>();
      });
}

int32_t ecoauth_account_get_token_start(ecoauth_account* account, int64_t min_valid_ms, int64_t* operation,
                                        ecoauth_error** error) {
  Checks checks;
  checks.needs(account, "account");
  return start(account, operation, error, checks.in_range(min_valid_ms, 0, INT64_MAX, "min_valid_ms"),
               [&] { return token_command(min_valid_ms); });
}

int32_t ecoauth_account_copy_token(ecoauth_account* account, char* buffer, size_t size_bytes, size_t* needed_bytes,
                                   int64_t* generation) {
  return copy_text(account, false, buffer, size_bytes, needed_bytes, generation);
}

int64_t ecoauth_account_generation(ecoauth_account* account) {
  if (!account) return ECOAUTH_ERROR_INVALID_ARGUMENT;
  if (int32_t ended = account->value->runtime().usable_code()) return ended;
  return account->value->token_cell().generation();
}

int32_t ecoauth_account_authorization_header(ecoauth_account* account, char* buffer, size_t size_bytes,
                                             size_t* needed_bytes, int64_t* generation) {
  return copy_text(account, true, buffer, size_bytes, needed_bytes, generation);
}

int32_t ecoauth_account_report_rejected(ecoauth_account* account, int64_t generation, ecoauth_error** error) {
  return guarded(error, [&]() -> Result<int32_t> {
    Checks checks;
    checks.needs(account, "account").in_range(generation, 1, INT64_MAX, "generation");
    if (auto wrong = checks.usable(account).failure()) return *wrong;
    return account->value->report_rejected(generation) ? ECOAUTH_OK : ECOAUTH_ALREADY_DONE;
  });
}

int32_t ecoauth_account_refresh(ecoauth_account* account, int64_t timeout_ms, ecoauth_error** error) {
  return run(account, timeout_ms, error, Checks().needs(account, "account"),
             [] { return simple(Command::Kind::refresh); });
}

int32_t ecoauth_account_refresh_start(ecoauth_account* account, int64_t* operation, ecoauth_error** error) {
  return start(account, operation, error, Checks().needs(account, "account"),
               [] { return simple(Command::Kind::refresh); });
}

int32_t ecoauth_account_request(ecoauth_account* account, const char* method, const char* target, const void* data,
                                size_t size_bytes, const char* content_type, int64_t timeout_ms,
                                ecoauth_response** response, ecoauth_error** error) {
  return ecoauth_account_request_with(account, method, target, nullptr, data, size_bytes, content_type, 0, timeout_ms,
                                      response, error);
}

int32_t ecoauth_account_request_start(ecoauth_account* account, const char* method, const char* target,
                                      const void* data, size_t size_bytes, const char* content_type, int64_t* operation,
                                      ecoauth_error** error) {
  return ecoauth_account_request_with_start(account, method, target, nullptr, data, size_bytes, content_type, 0,
                                            operation, error);
}

int32_t ecoauth_account_request_with(ecoauth_account* account, const char* method, const char* target,
                                     const char* headers, const void* data, size_t size_bytes, const char* content_type,
                                     int64_t max_response_bytes, int64_t timeout_ms, ecoauth_response** response,
                                     ecoauth_error** error) {
  if (response) *response = nullptr;
  const RequestArguments arguments{method, target, headers, data, size_bytes, content_type, max_response_bytes};
  Checks checks;
  checks.needs(account, "account");
  return run(
      account, timeout_ms, error, arguments.check(checks).needs(response, "response"),
      [&] { return arguments.command(); },
      [&](Outcome& outcome) {
        *response = new ecoauth_response{std::move(outcome.response)};
        return std::optional<Error>();
      });
}

int32_t ecoauth_account_request_with_start(ecoauth_account* account, const char* method, const char* target,
                                           const char* headers, const void* data, size_t size_bytes,
                                           const char* content_type, int64_t max_response_bytes, int64_t* operation,
                                           ecoauth_error** error) {
  const RequestArguments arguments{method, target, headers, data, size_bytes, content_type, max_response_bytes};
  Checks checks;
  checks.needs(account, "account");
  return start(account, operation, error, arguments.check(checks), [&] { return arguments.command(); });
}

int32_t ecoauth_account_import(ecoauth_account* account, const char* refresh_token, int64_t timeout_ms,
                               ecoauth_error** error) {
  Checks checks;
  checks.needs(account, "account").ascii(refresh_token, 1, longest_address_bytes, "refresh_token");
  return run(account, timeout_ms, error, checks, [&] { return import_command(refresh_token); });
}

int32_t ecoauth_account_import_start(ecoauth_account* account, const char* refresh_token, int64_t* operation,
                                     ecoauth_error** error) {
  Checks checks;
  checks.needs(account, "account").ascii(refresh_token, 1, longest_address_bytes, "refresh_token");
  return start(account, operation, error, checks, [&] { return import_command(refresh_token); });
}

int32_t ecoauth_account_sign_out(ecoauth_account* account, int64_t timeout_ms, ecoauth_error** error) {
  return run(account, timeout_ms, error, Checks().needs(account, "account"),
             [] { return simple(Command::Kind::sign_out); });
}

int32_t ecoauth_account_sign_out_start(ecoauth_account* account, int64_t* operation, ecoauth_error** error) {
  return start(account, operation, error, Checks().needs(account, "account"),
               [] { return simple(Command::Kind::sign_out); });
}

int32_t ecoauth_account_status(ecoauth_account* account, ecoauth_status** status, ecoauth_error** error) {
  if (status) *status = nullptr;
  return guarded(error, [&]() -> Result<int32_t> {
    if (auto wrong = Checks().needs(account, "account").needs(status, "status").usable(account).failure())
      return *wrong;
    *status = new ecoauth_status{account->value->status()};
    return ECOAUTH_OK;
  });
}

int32_t ecoauth_account_last_error(ecoauth_account* account, ecoauth_error** error) {
  if (error) *error = nullptr;
  // Here the error object is the result; a failure of this call is its code alone.
  return guarded(nullptr, [&]() -> Result<int32_t> {
    if (auto wrong = Checks().needs(account, "account").needs(error, "error").usable(account).failure()) return *wrong;
    auto last = account->value->last_error();
    if (!last) return ECOAUTH_ERROR_NOT_FOUND;
    *error = new ecoauth_error{std::move(*last)};
    return ECOAUTH_OK;
  });
}

int32_t ecoauth_account_wait(ecoauth_account* account, int64_t seen_revision, int64_t timeout_ms,
                             ecoauth_error** error) {
  Checks checks;
  checks.needs(account, "account");
  return run(account, timeout_ms, error, checks.in_range(seen_revision, 0, INT64_MAX, "seen_revision"),
             [&] { return wait_command(seen_revision); });
}

int32_t ecoauth_account_wait_start(ecoauth_account* account, int64_t seen_revision, int64_t* operation,
                                   ecoauth_error** error) {
  Checks checks;
  checks.needs(account, "account");
  return start(account, operation, error, checks.in_range(seen_revision, 0, INT64_MAX, "seen_revision"),
               [&] { return wait_command(seen_revision); });
}
