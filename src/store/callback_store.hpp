// Records that the host keeps, through the callbacks of <ecoauth/store.h>.
#pragma once

#include <ecoauth/store.h>

#include <memory>

#include "store/token_store.hpp"

namespace ecoauth {

struct StoreCallbacks {
  void* user_data = nullptr;
  ecoauth_finalizer_fn finalizer = nullptr;
  ecoauth_store_load_fn load = nullptr;
  ecoauth_store_save_fn save = nullptr;
  ecoauth_store_erase_fn erase = nullptr;
  ecoauth_store_list_fn list = nullptr;  ///< may be missing
  ecoauth_store_lock_fn lock = nullptr;  ///< may be missing together with unlock
  ecoauth_store_unlock_fn unlock = nullptr;
};

/// Empty when a callback that is needed is missing. The finalizer runs when the store ends, and at once when there is
/// none.
std::shared_ptr<TokenStore> make_callback_store(StoreCallbacks callbacks);

}  // namespace ecoauth
