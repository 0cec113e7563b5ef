// Owners for the library's handles.
#pragma once

#include <ecoauth/ecoauth.h>

#include <memory>

namespace ecoauth::cli {

template <auto free_function>
struct FreeBy {
  template <typename Handle>
  void operator()(Handle* handle) const {
    free_function(handle);
  }
};

using OptionsHandle = std::unique_ptr<ecoauth_options, FreeBy<ecoauth_options_free>>;
using StoreHandle = std::unique_ptr<ecoauth_store, FreeBy<ecoauth_store_free>>;
using ClientHandle = std::unique_ptr<ecoauth_client, FreeBy<ecoauth_client_free>>;
using AccountHandle = std::unique_ptr<ecoauth_account, FreeBy<ecoauth_account_close>>;
using EventHandle = std::unique_ptr<ecoauth_event, FreeBy<ecoauth_event_free>>;
using ErrorHandle = std::unique_ptr<ecoauth_error, FreeBy<ecoauth_error_free>>;
using StatusHandle = std::unique_ptr<ecoauth_status, FreeBy<ecoauth_status_free>>;
using AccountListHandle = std::unique_ptr<ecoauth_account_list, FreeBy<ecoauth_account_list_free>>;

}  // namespace ecoauth::cli
