// A `user_data` pointer of the host with its finalizer.
#pragma once

#include <ecoauth/types.h>

#include <memory>
#include <utility>

namespace ecoauth::capi {

/// Calls the finalizer exactly once, when the last copy of the pointer is gone. Made before anything else of a call
/// that takes one, so that the call may fail in any way.
class HostData {
 public:
  HostData(void* user_data, ecoauth_finalizer_fn finalizer) : user_data_(user_data), finalizer_(finalizer) {}
  HostData(HostData&& other) noexcept
      : user_data_(other.user_data_), finalizer_(std::exchange(other.finalizer_, nullptr)) {}
  HostData& operator=(HostData&&) = delete;
  ~HostData();

  void* user_data() const { return user_data_; }

 private:
  void* const user_data_;
  ecoauth_finalizer_fn finalizer_;
};

/// A callback of the host and what it is called with. Whoever calls it holds a copy meanwhile.
template <typename Function>
struct HostCallback {
  Function function = nullptr;
  std::shared_ptr<const HostData> data;

  explicit operator bool() const { return function != nullptr; }
  template <typename... Arguments>
  void operator()(Arguments... arguments) const {
    function(data->user_data(), arguments...);
  }
};

}  // namespace ecoauth::capi
