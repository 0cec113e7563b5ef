// A store that seals what another one keeps: the client sees plain records, the other store sealed ones.
#pragma once

#include <memory>

#include "base/clock.hpp"
#include "base/random.hpp"
#include "store/key_source.hpp"
#include "store/token_store.hpp"

namespace ecoauth {

/// Plain records, and those of older keys, are read and become sealed under the current key with the next save; then
/// whatever else the other store still has of them goes. Nothing is ever stored in plain: without a key, saving fails.
///
/// The current key is asked for when a record is read, at most once a minute and whenever a record is met that is
/// sealed with a new one; saving takes the key that is known, so that an answer that brings tokens does not wait for a
/// keyring. A key that the source has given once serves on while the source cannot be asked.
std::shared_ptr<TokenStore> make_sealed_store(std::shared_ptr<TokenStore> store, std::shared_ptr<KeySource> keys,
                                              const Clock& clock = system_clock(), Random& random = system_random());

}  // namespace ecoauth
