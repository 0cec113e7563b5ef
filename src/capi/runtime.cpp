#include <ecoauth/runtime.h>
#include <ecoauth/version.h>

#include <string>
#include <string_view>

#include "capi/guard.hpp"
#include "net/ca_locations.hpp"
#include "net/runtime_versions.hpp"
#include "store/secret_service.hpp"

using namespace ecoauth;
using namespace ecoauth::capi;

namespace {

struct Feature {
  std::string_view name;
  bool built_in;
};

const Feature features[] = {{"pin", true},
                            {"code", true},
                            {"utility", true},
                            {"import", true},
                            {"accounts", true},
                            {"sealing", true},
                            {"seal-secret-service", secret_service_is_built_in},
                            {"file-store", true},
                            {"callback-store", true},
                            {"proxy", true},
                            {"self-contained", ECOAUTH_SELF_CONTAINED}};

/// Never destroyed: the texts live for ever.
const RuntimeVersions& runtime_versions() {
  static const RuntimeVersions* const found = new RuntimeVersions(find_runtime_versions());
  return *found;
}

/// Likewise.
const std::string& certificate_place() {
  static const std::string* const found = new std::string(find_ca_location().path);
  return *found;
}

}  // namespace

int32_t ecoauth_version(void) { return ECOAUTH_VERSION_NUMBER; }

const char* ecoauth_version_string(void) { return ECOAUTH_VERSION_STRING; }

int32_t ecoauth_has_feature(const char* feature) {
  if (!feature) return 0;
  for (const Feature& known : features)
    if (known.name == feature) return known.built_in ? 1 : 0;
  return 0;
}

const char* ecoauth_runtime_info(const char* what) {
  return guarded_object([&]() -> const char* {
    if (!what) return nullptr;
    std::string_view asked = what;
    if (asked == "poco") return runtime_versions().poco.c_str();
    if (asked == "poco-file") return runtime_versions().poco_file.c_str();
    if (asked == "openssl") return runtime_versions().openssl.c_str();
    if (asked == "openssl-file") return runtime_versions().openssl_file.c_str();
    if (asked == "ca-certificates") return certificate_place().c_str();
    return nullptr;
  });
}
