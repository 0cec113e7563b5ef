// For builds without sd-bus.
#include "store/secret_service.hpp"

namespace ecoauth {

const bool secret_service_is_built_in = false;

std::unique_ptr<KeySource> make_secret_service_keys(std::string, std::string) { return nullptr; }

}  // namespace ecoauth
