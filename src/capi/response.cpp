#include <ecoauth/response.h>

#include "capi/handles.hpp"

int32_t ecoauth_response_http_status(const ecoauth_response* response) {
  return response ? response->value->http_status : 0;
}

int32_t ecoauth_response_api_status(const ecoauth_response* response) {
  return response ? response->value->api_status : -1;
}

const char* ecoauth_response_body(const ecoauth_response* response) {
  return response ? response->value->body.reveal_c_str() : "";
}

size_t ecoauth_response_body_bytes(const ecoauth_response* response) {
  return response ? response->value->body.size() : 0;
}

const char* ecoauth_response_content_type(const ecoauth_response* response) {
  return response ? response->value->content_type.c_str() : "";
}

void ecoauth_response_free(ecoauth_response* response) { delete response; }
