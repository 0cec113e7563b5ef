#include "capi/host_data.hpp"

#include "base/callback_scope.hpp"
#include "capi/guard.hpp"

namespace ecoauth::capi {

HostData::~HostData() {
  if (!finalizer_) return;
  CallbackScope scope;
  // There is nobody left to tell of an exception.
  call_host("finalizer", [this] { finalizer_(user_data_); });
}

}  // namespace ecoauth::capi
