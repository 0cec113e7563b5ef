// Records that end with the process.
#pragma once

#include <memory>

#include "store/token_store.hpp"

namespace ecoauth {

std::shared_ptr<TokenStore> make_memory_store();

}  // namespace ecoauth
