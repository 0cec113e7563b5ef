// Where the keys come from that records are sealed with. Implementations: the host's callback, a file, a descriptor,
// the Secret Service.
#pragma once

#include <string>
#include <vector>

#include "base/error.hpp"
#include "base/seal_key.hpp"

namespace ecoauth {

/// Every call may block, within a bound of its own, and is made on a library worker; several may be made at once. A key
/// that is not to be had is STORE, or STORE_PERMISSION or CALLBACK where that says more. No error holds a key.
class KeySource {
 public:
  virtual ~KeySource() = default;
  /// The key that seals from now on.
  virtual Result<SealKey> current_key() = 0;
  /// The key of this id, which has sealed something earlier.
  virtual Result<SealKey> key_of(const std::string& id) = 0;
  /// The process is ending: no callback of the host is made from now on.
  virtual void host_ends() noexcept {}
};

/// For implementations: no key is to be had.
Error key_error(std::string what, std::string advice);
/// For implementations: the key of this id out of `keys`, which are those of `where`.
Result<SealKey> pick_key(const std::vector<SealKey>& keys, const std::string& id, const std::string& where);

}  // namespace ecoauth
