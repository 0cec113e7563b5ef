// What keeps records in a folder: the real store, and ways that are known to lose them, which the rig must notice.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

namespace ecoauth {

class Keeper {
 public:
  struct Found {
    std::string words;  ///< "record N", "none", or "!" and what is wrong
    int64_t seq = 0;    ///< of the record; 0: none
    bool torn = false;  ///< a slot is damaged
  };

  virtual ~Keeper() = default;
  virtual Found load(const std::string& folder) = 0;
  /// Record `seq` in place of record `expected_seq`. Empty when it is safe, else what failed; erase() too.
  virtual std::string save(const std::string& folder, int64_t expected_seq, int64_t seq) = 0;
  virtual std::string erase(const std::string& folder) = 0;
};

/// "store": the library's file store.
/// "unsynced": the same code, but every sync does nothing and succeeds.
/// "renamed": a new file, synced and renamed over the old one; the folder is not synced.
/// "truncated": the old file is emptied and written again, without sync.
std::unique_ptr<Keeper> make_keeper(const std::string& name);

}  // namespace ecoauth
