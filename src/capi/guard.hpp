// The wall between C and C++: no exception leaves the library, and none of the host's enters it. Only an unwinding that
// ends the thread passes (CPython ends foreign threads with pthread_exit; swallowing that would end the process).
#pragma once

#include <cstdint>
#include <optional>

#include "base/error.hpp"

struct ecoauth_error;

namespace ecoauth::capi {

/// Explains a failed call in *error, where there is a place and memory for it. Returns the failure's code.
int32_t report(ecoauth_error** error, const Error& failure);

// The following are for `catch (...)`: of the exception that is being handled.

/// Throws on what is no exception but the end of this thread.
void let_thread_end();
/// report() of what it was.
int32_t report_exception(ecoauth_error** error);
/// What the host is told when it left one of its own callbacks.
Error callback_failure(const char* callback);
/// Throws it on as one of the standard library.
[[noreturn]] void throw_as_standard_exception();

/// A function of the interface that can fail: runs `body`, whose Result<int32_t> is its answer.
template <typename Body>
int32_t guarded(ecoauth_error** error, Body body) {
  if (error) *error = nullptr;
  try {
    Result<int32_t> result = body();
    return result.ok() ? result.value() : report(error, result.error());
  } catch (...) {
    return report_exception(error);
  }
}

/// A function that hands out an object, or nullptr when it cannot.
template <typename Body>
auto guarded_object(Body body) -> decltype(body()) {
  try {
    return body();
  } catch (...) {
    let_thread_end();
    return nullptr;
  }
}

/// Calls a callback of the host. Its failure, when it left by an exception.
template <typename Call>
std::optional<Error> call_host(const char* callback, Call call) {
  try {
    call();
    return std::nullopt;
  } catch (...) {
    return callback_failure(callback);
  }
}

/// For callbacks that the store layer calls: it understands exceptions of the standard library only.
template <typename Call>
auto with_standard_exceptions(Call call) -> decltype(call()) {
  try {
    return call();
  } catch (...) {
    throw_as_standard_exception();
  }
}

}  // namespace ecoauth::capi
