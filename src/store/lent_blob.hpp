// What a callback of the host is lent to put bytes into: the public ecoauth_blob.
#pragma once

#include <ecoauth/types.h>

#include <string_view>

#include "base/secret.hpp"

struct ecoauth_blob {
  ecoauth::Secret* target;

  /// Copies the bytes; a later call replaces them. False when `data` is missing.
  bool set(const void* data, size_t size_bytes) {
    if (!target || (!data && size_bytes > 0)) return false;
    ecoauth::Secret copy(std::string_view(static_cast<const char*>(data), size_bytes));
    *target = std::move(copy);
    return true;
  }
};
