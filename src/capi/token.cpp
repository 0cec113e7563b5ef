#include <ecoauth/token.h>

#include "capi/handles.hpp"

namespace {
constexpr size_t scheme_bytes = sizeof "Bearer " - 1;
}

const char* ecoauth_token_access_token(const ecoauth_token* token) {
  return token ? token->value->header.reveal_c_str() + scheme_bytes : "";
}

const char* ecoauth_token_authorization_header(const ecoauth_token* token) {
  return token ? token->value->header.reveal_c_str() : "";
}

int64_t ecoauth_token_generation(const ecoauth_token* token) { return token ? token->value->generation : 0; }

int64_t ecoauth_token_valid_ms(const ecoauth_token* token) { return token ? token->value->valid_ms : 0; }

const char* ecoauth_token_scope(const ecoauth_token* token) { return token ? token->value->scope.c_str() : ""; }

void ecoauth_token_free(ecoauth_token* token) { delete token; }
