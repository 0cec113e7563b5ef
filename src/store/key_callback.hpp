// Keys from the host's callback.
#pragma once

#include <ecoauth/types.h>

#include <functional>
#include <memory>

#include "store/key_source.hpp"

namespace ecoauth {

/// As ecoauth_seal_key_fn of <ecoauth/store.h>, without its user data. Whatever it holds is let go of with the source.
using KeyCallback = std::function<int32_t(const char* key_id, ecoauth_blob* out)>;

std::unique_ptr<KeySource> make_callback_keys(KeyCallback callback);

}  // namespace ecoauth
