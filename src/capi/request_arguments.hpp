// The arguments of an API request, of both of its forms.
#pragma once

#include <cstddef>
#include <cstdint>

#include "capi/checks.hpp"
#include "client/account.hpp"

namespace ecoauth::capi {

struct RequestArguments {
  const char* method;
  const char* target;
  const char* headers;  ///< further ones, "Name: value" in lines, or NULL
  const void* data;
  size_t size_bytes;
  const char* content_type;
  int64_t max_response_bytes;  ///< 0: the usual

  Checks& check(Checks& checks) const;
  /// What has been checked as the client layer takes it.
  Command command() const;
};

}  // namespace ecoauth::capi
