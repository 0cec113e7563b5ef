// For builds without sd-bus.
#include "store/secret_service.hpp"

namespace ecoauth {

std::unique_ptr<KeySource> make_secret_service_keys(std::string, std::string) { return nullptr; }

}  // namespace ecoauth
