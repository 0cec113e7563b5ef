#include "store/host_calls.hpp"

#include <ecoauth/store.h>

namespace ecoauth {
namespace {

constexpr int64_t retry_pause_ms = 5000;

}  // namespace

Error callback_error(const char* name, const std::string& what) {
  return make_error(ECOAUTH_ERROR_CALLBACK, "the program's store callback \"" + std::string(name) + "\" " + what);
}

Error callback_failure(const char* name, int32_t result) {
  if (result == ECOAUTH_STORE_RETRY) {
    Error error = callback_error(name, "failed for now");
    error.advice = "Nothing: it is tried again.";
    error.action = ECOAUTH_ACTION_RETRY;
    error.retry_after_ms = retry_pause_ms;
    return error;
  }
  Error error = callback_error(name, result == ECOAUTH_STORE_FATAL ? "failed" : "returned " + to_text(result));
  error.action = ECOAUTH_ACTION_FIX_STORAGE;
  return error;
}

}  // namespace ecoauth
