#include "base/error.hpp"

namespace ecoauth {
namespace {

struct ResultRow {
  int32_t code;
  const char* name;
  int32_t action;
  const char* advice;
};

const ResultRow results[] = {
    {ECOAUTH_OK, "OK", ECOAUTH_ACTION_NONE, ""},
    {ECOAUTH_ALREADY_DONE, "ALREADY_DONE", ECOAUTH_ACTION_NONE, ""},
    {ECOAUTH_PENDING, "PENDING", ECOAUTH_ACTION_WAIT, ""},
    {ECOAUTH_UNSAVED_BUT_USABLE, "UNSAVED_BUT_USABLE", ECOAUTH_ACTION_FIX_STORAGE, "Make the token store writable again."},
    {ECOAUTH_ERROR_INVALID_ARGUMENT, "INVALID_ARGUMENT", ECOAUTH_ACTION_FIX_CONFIG, "Correct the argument and call again."},
    {ECOAUTH_ERROR_WRONG_STATE, "WRONG_STATE", ECOAUTH_ACTION_FIX_CONFIG, "Look at the account's status first."},
    {ECOAUTH_ERROR_NO_MEMORY, "NO_MEMORY", ECOAUTH_ACTION_RETRY, "Free some memory and try again."},
    {ECOAUTH_ERROR_INTERNAL, "INTERNAL", ECOAUTH_ACTION_BUG, "Please report this as a defect of ecoauth."},
    {ECOAUTH_ERROR_CANCELLED, "CANCELLED", ECOAUTH_ACTION_NONE, "Start the operation again if it is still wanted."},
    {ECOAUTH_ERROR_TIMEOUT, "TIMEOUT", ECOAUTH_ACTION_RETRY,
     "Try again; a token request that was under way is finished and saved in the background."},
    {ECOAUTH_ERROR_REENTRANT, "REENTRANT", ECOAUTH_ACTION_FIX_CONFIG, "Inside a callback use the _start form."},
    {ECOAUTH_ERROR_FORKED, "FORKED", ECOAUTH_ACTION_FIX_CONFIG, "Make a new client in the child process."},
    {ECOAUTH_ERROR_CLOSED, "CLOSED", ECOAUTH_ACTION_FIX_CONFIG, "Make a new client."},
    {ECOAUTH_ERROR_UNSUPPORTED, "UNSUPPORTED", ECOAUTH_ACTION_FIX_CONFIG,
     "Use a release of ecoauth that has it; ecoauth_has_feature() tells."},
    {ECOAUTH_ERROR_NOT_FOUND, "NOT_FOUND", ECOAUTH_ACTION_NONE, "Ask for a token, or authorize the account, first."},
    {ECOAUTH_ERROR_BUFFER_TOO_SMALL, "BUFFER_TOO_SMALL", ECOAUTH_ACTION_FIX_CONFIG, "Call again with a larger buffer."},
    {ECOAUTH_ERROR_NEEDS_AUTHORIZATION, "NEEDS_AUTHORIZATION", ECOAUTH_ACTION_REAUTHORIZE, "Authorize the account again."},
    {ECOAUTH_ERROR_PIN_EXPIRED, "PIN_EXPIRED", ECOAUTH_ACTION_REAUTHORIZE,
     "Start again and enter the new PIN in the ecobee portal, under My Apps, before it expires."},
    {ECOAUTH_ERROR_DECLINED, "DECLINED", ECOAUTH_ACTION_REAUTHORIZE, "Start again and approve the application."},
    {ECOAUTH_ERROR_INVALID_CLIENT, "INVALID_CLIENT", ECOAUTH_ACTION_USER_ACTION,
     "Check the application key. It may have been disabled by ecobee and cannot be replaced: keep the stored tokens."},
    {ECOAUTH_ERROR_UNAUTHORIZED_CLIENT, "UNAUTHORIZED_CLIENT", ECOAUTH_ACTION_USER_ACTION,
     "Check how the application key was registered. It may have been disabled by ecobee and cannot be replaced."},
    {ECOAUTH_ERROR_SCOPE, "SCOPE", ECOAUTH_ACTION_FIX_CONFIG, "Ask for smartRead, smartWrite or ems."},
    {ECOAUTH_ERROR_REJECTED, "REJECTED", ECOAUTH_ACTION_BUG, "Please report this with the server's words."},
    {ECOAUTH_ERROR_ACCOUNT_LOCKED, "ACCOUNT_LOCKED", ECOAUTH_ACTION_USER_ACTION,
     "Log in at ecobee.com to see why the account is locked, or wait half an hour."},
    {ECOAUTH_ERROR_ACCOUNT_DISABLED, "ACCOUNT_DISABLED", ECOAUTH_ACTION_USER_ACTION, "Ask ecobee about the account."},
    {ECOAUTH_ERROR_SERVER, "SERVER", ECOAUTH_ACTION_RETRY, "Wait; the tokens are kept and the request is tried again."},
    {ECOAUTH_ERROR_RATE_LIMITED, "RATE_LIMITED", ECOAUTH_ACTION_RETRY, "Wait for the stated time and ask less often."},
    {ECOAUTH_ERROR_REVOKED, "REVOKED", ECOAUTH_ACTION_REAUTHORIZE, "Authorize again if the access is still wanted."},
    {ECOAUTH_ERROR_PROTOCOL, "PROTOCOL", ECOAUTH_ACTION_RETRY, "Try again later; report it if it stays."},
    {ECOAUTH_ERROR_NETWORK, "NETWORK", ECOAUTH_ACTION_RETRY, "Check the network connection; the tokens are kept."},
    {ECOAUTH_ERROR_TLS, "TLS", ECOAUTH_ACTION_RETRY,
     "Check the server's address, the CA certificates and whether something intercepts the connection."},
    {ECOAUTH_ERROR_CLOCK, "CLOCK", ECOAUTH_ACTION_RETRY, "Set the machine's clock."},
    {ECOAUTH_ERROR_CALLBACK, "CALLBACK", ECOAUTH_ACTION_FIX_CONFIG, "Look at what the program's callback did."},
    {ECOAUTH_ERROR_STORE, "STORE", ECOAUTH_ACTION_FIX_STORAGE, "Check the token store's disk."},
    {ECOAUTH_ERROR_STORE_PERMISSION, "STORE_PERMISSION", ECOAUTH_ACTION_FIX_STORAGE,
     "Check who owns the token store and its mode (files 0600, folder 0700)."},
    {ECOAUTH_ERROR_STORE_LOCKED, "STORE_LOCKED", ECOAUTH_ACTION_RETRY, "Wait for the other process."},
    {ECOAUTH_ERROR_STORE_CORRUPT, "STORE_CORRUPT", ECOAUTH_ACTION_FIX_STORAGE,
     "Keep the file, restore it from a backup, or move it away and authorize again."},
    {ECOAUTH_ERROR_STORE_NEWER, "STORE_NEWER", ECOAUTH_ACTION_FIX_STORAGE, "Use the newer version of ecoauth."},
    {ECOAUTH_ERROR_STORE_FOREIGN, "STORE_FOREIGN", ECOAUTH_ACTION_FIX_CONFIG,
     "Use the account name, server and application key that the record was made with."},
    {ECOAUTH_ERROR_UNSAVED, "UNSAVED", ECOAUTH_ACTION_FIX_STORAGE,
     "Make the token store writable again before this process ends."},
};

const ResultRow* find_result(int32_t code) {
  for (const auto& row : results)
    if (row.code == code) return &row;
  return nullptr;
}

}  // namespace

Error make_error(int32_t code, std::string message) {
  const ResultRow* row = find_result(code);
  Error error;
  error.code = code;
  error.message = std::move(message);
  error.advice = row ? row->advice : "";
  error.action = row ? row->action : ECOAUTH_ACTION_USER_ACTION;
  return error;
}

Error make_error(int32_t code, std::string message, std::string advice) {
  Error error = make_error(code, std::move(message));
  error.advice = std::move(advice);
  return error;
}

const char* result_name(int32_t result) {
  const ResultRow* row = find_result(result);
  return row ? row->name : "UNKNOWN";
}

const char* action_name(int32_t action) {
  static const char* const names[] = {"NONE",        "WAIT",       "RETRY",       "REAUTHORIZE",
                                      "USER_ACTION", "FIX_CONFIG", "FIX_STORAGE", "BUG"};
  return action >= 0 && action < 8 ? names[action] : "UNKNOWN";
}

}  // namespace ecoauth
