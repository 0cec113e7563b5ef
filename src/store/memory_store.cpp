#include "store/memory_store.hpp"

#include <map>
#include <mutex>
#include <set>

namespace ecoauth {
namespace {

class MemoryStore final : public TokenStore {
 public:
  Result<std::optional<Secret>> load(const std::string& key) override {
    std::lock_guard guard(mutex_);
    auto found = records_.find(key);
    if (found == records_.end()) return std::optional<Secret>();
    return std::optional<Secret>(found->second.bytes.clone());
  }

  Result<SaveOutcome> save(const std::string& key, int64_t expected_seq, const Secret& record,
                           int64_t new_seq) override {
    if (auto error = check_save(expected_seq, record, new_seq)) return *error;
    std::lock_guard guard(mutex_);
    auto found = records_.find(key);
    int64_t seq = found == records_.end() ? 0 : found->second.seq;
    if (seq != expected_seq) return SaveOutcome::conflict;
    records_[key] = Entry{new_seq, record.clone()};
    return SaveOutcome::saved;
  }

  Result<bool> erase(const std::string& key) override {
    std::lock_guard guard(mutex_);
    return records_.erase(key) > 0;
  }

  Result<std::vector<std::string>> list() override {
    std::lock_guard guard(mutex_);
    std::vector<std::string> keys;
    for (const auto& entry : records_) keys.push_back(entry.first);
    return keys;
  }

  Result<LockOutcome> try_lock(const std::string& key) override {
    std::lock_guard guard(mutex_);
    return locked_.insert(key).second ? LockOutcome::acquired : LockOutcome::busy;
  }
  void unlock(const std::string& key) override {
    std::lock_guard guard(mutex_);
    locked_.erase(key);
  }

  std::string description() const override { return "memory"; }
  bool durable() const override { return false; }
  /// No other process sees these records.
  bool excludes_other_processes() const override { return true; }

 private:
  struct Entry {
    int64_t seq = 0;
    Secret bytes;
  };

  std::mutex mutex_;
  std::map<std::string, Entry> records_;
  std::set<std::string> locked_;
};

}  // namespace

std::shared_ptr<TokenStore> make_memory_store() { return std::make_shared<MemoryStore>(); }

}  // namespace ecoauth
