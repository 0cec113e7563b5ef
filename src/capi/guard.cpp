#include "capi/guard.hpp"

#include <cxxabi.h>

#include <cstdlib>
#include <memory>
#include <new>
#include <stdexcept>
#include <string>
#include <typeinfo>

#include "base/text.hpp"
#include "capi/handles.hpp"

namespace ecoauth::capi {
namespace {

/// The name of the exception's type: what() may carry bytes that must not be shown.
std::string type_in_flight() {
  const std::type_info* type = abi::__cxa_current_exception_type();
  int status = 0;
  std::unique_ptr<char, void (*)(void*)> readable(abi::__cxa_demangle(type->name(), nullptr, nullptr, &status),
                                                  std::free);
  return printable(readable ? readable.get() : type->name());
}

}  // namespace

int32_t report(ecoauth_error** error, const Error& failure) {
  try {
    if (error) *error = new ecoauth_error{failure};
  } catch (const std::bad_alloc&) {
    *error = nullptr;  // the code is what counts
  }
  return failure.code;
}

// Such an unwinding comes without an object, which "null" would report as a mistake.
[[gnu::noinline, gnu::no_sanitize("null")]] void let_thread_end() {
  try {
    throw;
  } catch (abi::__forced_unwind&) {
    throw;
  } catch (...) {
  }
}

int32_t report_exception(ecoauth_error** error) {
  let_thread_end();
  int32_t code = ECOAUTH_ERROR_INTERNAL;
  try {
    try {
      throw;
    } catch (const std::bad_alloc&) {
      code = ECOAUTH_ERROR_NO_MEMORY;
      return report(error, make_error(code, "the memory is used up"));
    } catch (...) {
      return report(error, make_error(code, "an exception of type " + type_in_flight() + " reached the C interface"));
    }
  } catch (...) {
    return code;  // not even memory for the text
  }
}

Error callback_failure(const char* callback) {
  let_thread_end();
  return make_error(ECOAUTH_ERROR_CALLBACK,
                    std::string("the ") + callback + " callback left by an exception of type " + type_in_flight(),
                    "Catch exceptions inside the callback.");
}

void throw_as_standard_exception() {
  let_thread_end();
  try {
    throw;
  } catch (const std::exception&) {
    throw;
  } catch (...) {
    throw std::runtime_error("an exception of type " + type_in_flight());
  }
}

}  // namespace ecoauth::capi
