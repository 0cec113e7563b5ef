// How one step of an exchange failed, and a value-or-failure for the steps.
#pragma once

#include <optional>
#include <string>
#include <utility>

#include "net/http_transport.hpp"

namespace ecoauth {

struct Failure {
  HttpFailure kind = HttpFailure::none;
  std::string detail;  ///< for HttpResult::detail
};

template <typename T>
class Step {
 public:
  Step(T value) : value_(std::move(value)) {}
  Step(Failure failure) : failure_(std::move(failure)) {}

  explicit operator bool() const { return value_.has_value(); }
  T& value() { return *value_; }
  const Failure& failure() const { return failure_; }

 private:
  std::optional<T> value_;
  Failure failure_;
};

}  // namespace ecoauth
