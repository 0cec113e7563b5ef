#include "cli/exit_codes.hpp"

#include <ecoauth/ecoauth.h>

namespace ecoauth::cli {

namespace {

struct Row {
  int32_t key;
  int exit_code;
};

constexpr Row by_result[] = {
    {ECOAUTH_ERROR_INVALID_ARGUMENT, exit_usage},
    {ECOAUTH_ERROR_WRONG_STATE, exit_unexpected},
    {ECOAUTH_ERROR_NO_MEMORY, exit_unexpected},
    {ECOAUTH_ERROR_INTERNAL, exit_unexpected},
    {ECOAUTH_ERROR_CANCELLED, exit_interrupted},
    {ECOAUTH_ERROR_TIMEOUT, exit_temporary},
    {ECOAUTH_ERROR_REENTRANT, exit_unexpected},
    {ECOAUTH_ERROR_FORKED, exit_unexpected},
    {ECOAUTH_ERROR_CLOSED, exit_unexpected},
    {ECOAUTH_ERROR_UNSUPPORTED, exit_usage},
    {ECOAUTH_ERROR_NOT_FOUND, exit_unexpected},
    {ECOAUTH_ERROR_BUFFER_TOO_SMALL, exit_unexpected},

    {ECOAUTH_ERROR_NEEDS_AUTHORIZATION, exit_needs_authorization},
    {ECOAUTH_ERROR_PIN_EXPIRED, exit_pin_over},
    {ECOAUTH_ERROR_DECLINED, exit_pin_over},
    {ECOAUTH_ERROR_INVALID_CLIENT, exit_user_action},
    {ECOAUTH_ERROR_UNAUTHORIZED_CLIENT, exit_user_action},
    {ECOAUTH_ERROR_SCOPE, exit_user_action},
    {ECOAUTH_ERROR_REJECTED, exit_unexpected},
    {ECOAUTH_ERROR_ACCOUNT_LOCKED, exit_user_action},
    {ECOAUTH_ERROR_ACCOUNT_DISABLED, exit_user_action},
    {ECOAUTH_ERROR_SERVER, exit_temporary},
    {ECOAUTH_ERROR_RATE_LIMITED, exit_temporary},
    {ECOAUTH_ERROR_REVOKED, exit_needs_authorization},
    {ECOAUTH_ERROR_PROTOCOL, exit_temporary},

    {ECOAUTH_ERROR_NETWORK, exit_temporary},
    {ECOAUTH_ERROR_TLS, exit_temporary},
    {ECOAUTH_ERROR_CLOCK, exit_temporary},

    {ECOAUTH_ERROR_CALLBACK, exit_unexpected},
    {ECOAUTH_ERROR_STORE, exit_storage},
    {ECOAUTH_ERROR_STORE_PERMISSION, exit_storage},
    {ECOAUTH_ERROR_STORE_LOCKED, exit_temporary},
    {ECOAUTH_ERROR_STORE_CORRUPT, exit_storage},
    {ECOAUTH_ERROR_STORE_NEWER, exit_storage},
    {ECOAUTH_ERROR_STORE_FOREIGN, exit_storage},
    {ECOAUTH_ERROR_UNSAVED, exit_storage},
};

constexpr Row by_action[] = {
    {ECOAUTH_ACTION_WAIT, exit_temporary},
    {ECOAUTH_ACTION_RETRY, exit_temporary},
    {ECOAUTH_ACTION_REAUTHORIZE, exit_needs_authorization},
    {ECOAUTH_ACTION_USER_ACTION, exit_user_action},
    {ECOAUTH_ACTION_FIX_CONFIG, exit_user_action},
    {ECOAUTH_ACTION_FIX_STORAGE, exit_storage},
};

constexpr Row by_grant_state[] = {
    {ECOAUTH_GRANT_NONE, exit_needs_authorization}, {ECOAUTH_GRANT_ACTIVE, exit_ok},
    {ECOAUTH_GRANT_SUSPECT, exit_temporary},        {ECOAUTH_GRANT_NEEDS_REAUTHORIZATION, exit_needs_authorization},
    {ECOAUTH_GRANT_BLOCKED, exit_user_action},
};

template <size_t size>
int find(const Row (&rows)[size], int32_t key, int otherwise) {
  for (const Row& row : rows) {
    if (row.key == key) return row.exit_code;
  }
  return otherwise;
}

}  // namespace

int exit_code_of(int32_t result, int32_t action) {
  if (result >= 0) return exit_ok;
  // What the server said may mean more or less than usual: a client id refused for the first time may pass, a failure
  // that has stayed is a person's business.
  const bool from_server = result <= ECOAUTH_ERROR_NEEDS_AUTHORIZATION && result > ECOAUTH_ERROR_NETWORK;
  if (from_server && action == ECOAUTH_ACTION_RETRY) return exit_temporary;
  if (result == ECOAUTH_ERROR_SERVER && action == ECOAUTH_ACTION_USER_ACTION) return exit_user_action;
  return find(by_result, result, find(by_action, action, exit_unexpected));
}

int exit_code_of_grant(int32_t state) { return find(by_grant_state, state, exit_temporary); }

const char* const exit_codes_text =
    "Exit codes:\n"
    "  0    done\n"
    "  1    something unexpected\n"
    "  2    wrong usage, or not possible in this release\n"
    "  3    authorization needed: run \"ecoauth login\"\n"
    "  4    a person has to do something first: account locked or disabled, client id or scope refused\n"
    "  5    temporary failure: try again later\n"
    "  6    the PIN expired, or the user declined\n"
    "  7    the token store is full, damaged or not accessible, or its key is not to be had\n"
    "  130  interrupted (Ctrl-C, SIGTERM, SIGHUP)\n";

}  // namespace ecoauth::cli
