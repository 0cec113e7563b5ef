#include "store/token_store.hpp"

#include "base/text.hpp"

namespace ecoauth {

Result<bool> TokenStore::forget_older(const std::string&, int64_t, const MayStay&) { return true; }

Result<bool> TokenStore::keeps_older(const std::string&, const MayStay&) { return false; }

Protection TokenStore::protection(const std::string&) { return {}; }

std::optional<Error> check_save(int64_t expected_seq, const Secret& record, int64_t new_seq) {
  if (record.empty() || expected_seq < 0 || new_seq <= expected_seq)
    return make_error(ECOAUTH_ERROR_INTERNAL, "a record without content or number was to be saved");
  if (record.size() > longest_record_bytes)
    return make_error(ECOAUTH_ERROR_STORE,
                      "the record is too long for the store: " + to_text(static_cast<int64_t>(record.size())) +
                          " of at most " + to_text(static_cast<int64_t>(longest_record_bytes)) + " bytes");
  return std::nullopt;
}

}  // namespace ecoauth
