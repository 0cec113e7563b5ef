#include "store/key_source.hpp"

namespace ecoauth {

Error key_error(std::string what, std::string advice) {
  return make_error(ECOAUTH_ERROR_STORE, std::move(what), std::move(advice));
}

Result<SealKey> pick_key(const std::vector<SealKey>& keys, const std::string& id, const std::string& where) {
  for (const SealKey& key : keys)
    if (key.id() == id) return key.clone();
  return key_error(
      "the tokens are sealed with the key " + id + ", which is not in " + where + "; they were left untouched",
      "Give that key, behind the new one if it has been replaced. Without it the tokens cannot be read.");
}

}  // namespace ecoauth
