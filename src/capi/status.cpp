#include <ecoauth/status.h>

#include "capi/handles.hpp"

const char* ecoauth_state_name(int32_t state) {
  switch (state) {
    case ECOAUTH_GRANT_NONE:
      return "NONE";
    case ECOAUTH_GRANT_ACTIVE:
      return "ACTIVE";
    case ECOAUTH_GRANT_SUSPECT:
      return "SUSPECT";
    case ECOAUTH_GRANT_NEEDS_REAUTHORIZATION:
      return "NEEDS_REAUTHORIZATION";
    case ECOAUTH_GRANT_BLOCKED:
      return "BLOCKED";
    default:
      return "UNKNOWN";
  }
}

int64_t ecoauth_status_revision(const ecoauth_status* status) { return status ? status->value.revision : -1; }

int32_t ecoauth_status_grant_state(const ecoauth_status* status) {
  return status ? status->value.grant_state : ECOAUTH_GRANT_NONE;
}

const char* ecoauth_status_reason(const ecoauth_status* status) { return status ? status->value.reason.c_str() : ""; }

int32_t ecoauth_status_flags(const ecoauth_status* status) { return status ? status->value.flags : 0; }

int64_t ecoauth_status_generation(const ecoauth_status* status) { return status ? status->value.generation : 0; }

int64_t ecoauth_status_token_valid_ms(const ecoauth_status* status) {
  return status ? status->value.token_valid_ms : 0;
}

int64_t ecoauth_status_token_age_ms(const ecoauth_status* status) { return status ? status->value.token_age_ms : -1; }

int64_t ecoauth_status_next_try_ms(const ecoauth_status* status) { return status ? status->value.next_try_ms : -1; }

int64_t ecoauth_status_pin_valid_ms(const ecoauth_status* status) { return status ? status->value.pin_valid_ms : 0; }

const char* ecoauth_status_scope_granted(const ecoauth_status* status) {
  return status ? status->value.scope_granted.c_str() : "";
}

const char* ecoauth_status_scope_asked(const ecoauth_status* status) {
  return status ? status->value.scope_asked.c_str() : "";
}

int32_t ecoauth_status_scope_satisfied(const ecoauth_status* status) {
  return status ? status->value.scope_satisfied : -1;
}

const char* ecoauth_status_account_key(const ecoauth_status* status) {
  return status ? status->value.account_key.c_str() : "";
}

const char* ecoauth_status_origin(const ecoauth_status* status) { return status ? status->value.origin.c_str() : ""; }

const char* ecoauth_status_client_fingerprint(const ecoauth_status* status) {
  return status ? status->value.client_fingerprint.c_str() : "";
}

const char* ecoauth_status_store(const ecoauth_status* status) { return status ? status->value.store.c_str() : ""; }

const char* ecoauth_status_seal(const ecoauth_status* status) { return status ? status->value.seal.c_str() : ""; }

void ecoauth_status_free(ecoauth_status* status) { delete status; }
