// Where records are kept. Implementations: memory, file, callback (the host's).
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "base/secret.hpp"

namespace ecoauth {

/// What became of a save.
enum class SaveOutcome {
  saved,     ///< durable now
  conflict,  ///< somebody else has written since: load again
};

enum class LockOutcome { acquired, busy };

/// What every store takes. Larger records are refused.
constexpr size_t longest_record_bytes = 32768 - 256;

/// How a record is kept from eyes that get at the store.
struct Protection {
  std::string seal = "none";  ///< of the record that was last loaded or saved, else of the next one; as in status
  std::string key_id;         ///< of the key it is sealed with
  bool outdated = false;      ///< not as asked for: saving it again helps
  std::string trouble;        ///< what does not go as it should though nothing fails, for the log; no secret
};

/// Keeps opaque byte strings under keys (letters, digits, '.', '_', '-'; at most 100). Every call may block on I/O and
/// is made on a library worker, at most one at a time per key. Failures carry STORE, STORE_PERMISSION, STORE_CORRUPT,
/// STORE_NEWER, CALLBACK or UNSUPPORTED, and leave what was stored as it was.
class TokenStore {
 public:
  virtual ~TokenStore() = default;

  /// The newest intact record, without taking the lock; nullopt when there is none. Damage is never "none".
  virtual Result<std::optional<Secret>> load(const std::string& key) = 0;

  /// Replaces the record if its sequence number is still `expected_seq` (0: there is none yet). `saved` means durable.
  /// The record itself carries `new_seq`; stores that cannot look inside get it here. Made without the lock, it takes
  /// the lock for a moment and fails with STORE_LOCKED while somebody else keeps it.
  virtual Result<SaveOutcome> save(const std::string& key, int64_t expected_seq, const Secret& record,
                                   int64_t new_seq) = 0;

  /// Says of an older record whether it may stay where it is.
  using MayStay = std::function<bool(std::string_view record)>;
  /// Makes older records unreadable, each durably and one by one, where the store still has some beside the record
  /// `seq`, which has just been saved and is not touched. Under the lock like save(). False when `seq` is not the
  /// newest any more: nothing was done.
  virtual Result<bool> forget_older(const std::string& key, int64_t seq, const MayStay& may_stay);
  /// Is there an older record that may not stay? Without the lock: a save under way may look like one.
  virtual Result<bool> keeps_older(const std::string& key, const MayStay& may_stay);

  /// Forgets the record, durably, under the lock like save(). False when there was none.
  virtual Result<bool> erase(const std::string& key) = 0;

  /// The keys that have a record. UNSUPPORTED when the store cannot tell.
  virtual Result<std::vector<std::string>> list() = 0;

  /// Tries once, without waiting, to become the only process that may refresh this record. Creates what the lock needs.
  virtual Result<LockOutcome> try_lock(const std::string& key) = 0;
  virtual void unlock(const std::string& key) = 0;

  virtual Protection protection(const std::string& key);
  /// The record as save() would store it, for a host to keep; empty when that is not possible at once.
  virtual Secret as_stored(const Secret& record) { return record.clone(); }

  /// For status and messages: "memory", "file:/path", "callbacks". No secret.
  virtual std::string description() const = 0;
  /// False when records end with the process.
  virtual bool durable() const = 0;
  /// False when nothing keeps a second process from refreshing.
  virtual bool excludes_other_processes() const = 0;

  /// In a forked child, with one thread: closes what the child inherited so that the parent's locks end with the
  /// parent. Only async-signal-safe calls, no locks.
  virtual void close_in_forked_child() noexcept {}

  /// The process is ending: no callback of the host is made from now on; calls that would need one fail.
  virtual void host_ends() noexcept {}
};

/// For implementations: refuses what no store takes, an empty or too long record and a number that does not grow.
std::optional<Error> check_save(int64_t expected_seq, const Secret& record, int64_t new_seq);

}  // namespace ecoauth
