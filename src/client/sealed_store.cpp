#include "client/sealed_store.hpp"

#include <map>
#include <mutex>
#include <utility>

#include "protocol/seal.hpp"

namespace ecoauth {
namespace {

constexpr int64_t ask_again_ms = 60000;

TokenStore::MayStay sealed_under(std::string key_id) {
  return [key_id = std::move(key_id)](std::string_view record) {
    auto id = seal_key_id_of(record);
    return id && id.value() == key_id;
  };
}

class SealedStore final : public TokenStore {
 public:
  SealedStore(std::shared_ptr<TokenStore> store, std::shared_ptr<KeySource> source, const Clock& clock, Random& random)
      : store_(std::move(store)), source_(std::move(source)), clock_(clock), random_(random) {}

  Result<std::optional<Secret>> load(const std::string& key) override;
  Result<SaveOutcome> save(const std::string& key, int64_t expected_seq, const Secret& record,
                           int64_t new_seq) override;
  Protection protection(const std::string& key) override;
  Secret as_stored(const Secret& record) override;

  Result<bool> forget_older(const std::string& key, int64_t seq, const MayStay& may_stay) override {
    return store_->forget_older(key, seq, may_stay);
  }
  Result<bool> keeps_older(const std::string& key, const MayStay& may_stay) override {
    return store_->keeps_older(key, may_stay);
  }
  Result<bool> erase(const std::string& key) override { return store_->erase(key); }
  Result<std::vector<std::string>> list() override { return store_->list(); }
  Result<LockOutcome> try_lock(const std::string& key) override { return store_->try_lock(key); }
  void unlock(const std::string& key) override { store_->unlock(key); }
  std::string description() const override { return store_->description(); }
  bool durable() const override { return store_->durable(); }
  bool excludes_other_processes() const override { return store_->excludes_other_processes(); }
  void close_in_forked_child() noexcept override { store_->close_in_forked_child(); }
  void host_ends() noexcept override {
    source_->host_ends();
    store_->host_ends();
  }

 private:
  /// What is known of one record.
  struct Known {
    std::string seal{seal_kind_aes};
    std::string key_id;
    bool outdated = false;
    std::string alone_under;  ///< the store has nothing of it but under this key
    std::string trouble;      ///< that what is older could not be forgotten
  };

  Result<SealKey> current_key();
  Result<SealKey> known_key();
  Result<SealKey> key_of(const std::string& id);
  bool is_alone(const std::string& key, const std::string& key_id);
  void forget_others(const std::string& key, int64_t seq, const std::string& key_id);
  Result<Secret> seal(const Secret& record, const SealKey& key);

  const std::shared_ptr<TokenStore> store_;
  const std::shared_ptr<KeySource> source_;
  const Clock& clock_;
  Random& random_;

  std::mutex mutex_;  // over what follows, never while another is asked
  std::map<std::string, Known> known_;
  std::map<std::string, SealKey> keys_;
  std::string current_id_;
  int64_t asked_at_ms_ = 0;
  std::string trouble_;  // why the source could not be asked again
};

Result<std::optional<Secret>> SealedStore::load(const std::string& key) {
  auto stored = store_->load(key);
  if (!stored || !stored.value()) return stored;
  auto id = seal_key_id_of(stored.value()->reveal());
  if (!id) return id.error();
  {
    std::lock_guard guard(mutex_);
    Known& known = known_[key];
    known.seal = id.value().empty() ? seal_kind_none : seal_kind_aes;
    known.key_id = id.value();
    known.outdated = id.value().empty();
    if (known.alone_under != id.value()) known.alone_under.clear();  // somebody else has saved
  }
  if (id.value().empty()) return stored;
  auto sealed_with = key_of(id.value());
  if (!sealed_with) return sealed_with.error();
  auto plain = open_record(stored.value()->reveal(), sealed_with.value());
  if (!plain) return plain.error();
  auto current = current_key();
  const bool older_key = current && current.value().id() != id.value();
  const bool alone = !older_key && is_alone(key, id.value());
  std::lock_guard guard(mutex_);
  known_[key].outdated = !alone;
  return std::optional<Secret>(std::move(plain.value()));
}

Result<SaveOutcome> SealedStore::save(const std::string& key, int64_t expected_seq, const Secret& record,
                                      int64_t new_seq) {
  auto current = known_key();
  if (!current) return current.error();
  auto sealed = seal(record, current.value());
  if (!sealed) return sealed.error();
  auto outcome = store_->save(key, expected_seq, sealed.value(), new_seq);
  if (outcome && outcome.value() == SaveOutcome::saved) forget_others(key, new_seq, current.value().id());
  return outcome;
}

/// The last change of seals may have been cut off before its end.
bool SealedStore::is_alone(const std::string& key, const std::string& key_id) {
  {
    std::lock_guard guard(mutex_);
    if (known_[key].alone_under == key_id) return true;
  }
  auto others = store_->keeps_older(key, sealed_under(key_id));
  const bool alone = !others || !others.value();  // if it cannot be told now, the next save sees to it
  std::lock_guard guard(mutex_);
  if (others && alone) known_[key].alone_under = key_id;
  return alone;
}

void SealedStore::forget_others(const std::string& key, int64_t seq, const std::string& key_id) {
  {
    std::lock_guard guard(mutex_);
    Known& known = known_[key];
    known.seal = seal_kind_aes;
    known.key_id = key_id;
    known.outdated = false;
    if (known.alone_under == key_id) return;
  }
  // The record is safe by now; what fails here is tried again with the next one.
  auto done = store_->forget_older(key, seq, sealed_under(key_id));
  std::lock_guard guard(mutex_);
  Known& known = known_[key];
  known.alone_under = done && done.value() ? key_id : std::string();
  known.trouble =
      done ? std::string() : "older records that are not sealed like this are still there: " + done.error().message;
}

/// The one that reading has brought. Only where nothing has been read yet the source is asked.
Result<SealKey> SealedStore::known_key() {
  {
    std::lock_guard guard(mutex_);
    if (!current_id_.empty()) return keys_.at(current_id_).clone();
  }
  return current_key();
}

Result<SealKey> SealedStore::current_key() {
  {
    std::lock_guard guard(mutex_);
    if (!current_id_.empty() && clock_.boot_ms() < asked_at_ms_ + ask_again_ms) return keys_.at(current_id_).clone();
  }
  auto asked = source_->current_key();
  std::lock_guard guard(mutex_);
  if (!asked && current_id_.empty()) return asked;
  asked_at_ms_ = clock_.boot_ms();
  trouble_ = asked ? std::string() : asked.error().message;
  if (asked) {
    current_id_ = asked.value().id();
    keys_.insert_or_assign(current_id_, std::move(asked.value()));
  }
  return keys_.at(current_id_).clone();
}

Result<SealKey> SealedStore::key_of(const std::string& id) {
  {
    std::lock_guard guard(mutex_);
    auto known = keys_.find(id);
    if (known != keys_.end()) return known->second.clone();
  }
  auto asked = source_->key_of(id);
  if (!asked) return asked;
  std::lock_guard guard(mutex_);
  keys_.insert_or_assign(id, asked.value().clone());
  // Others have a key that is new here: it would be wrong to go back to the one before, and perhaps fatal, since that
  // one may go any moment.
  asked_at_ms_ -= ask_again_ms;
  return asked;
}

Result<Secret> SealedStore::seal(const Secret& record, const SealKey& key) {
  std::string nonce;
  {
    std::lock_guard guard(mutex_);
    nonce = random_.bytes(seal_nonce_bytes);
  }
  return seal_record(record.reveal(), key, nonce);
}

Protection SealedStore::protection(const std::string& key) {
  std::lock_guard guard(mutex_);
  auto found = known_.find(key);
  const Known known = found == known_.end() ? Known() : found->second;
  return {known.seal, known.key_id, known.outdated, trouble_.empty() ? known.trouble : trouble_};
}

Secret SealedStore::as_stored(const Secret& record) {
  std::optional<SealKey> key;
  {
    std::lock_guard guard(mutex_);
    if (current_id_.empty()) return {};
    key = keys_.at(current_id_).clone();
  }
  auto sealed = seal(record, *key);
  return sealed ? std::move(sealed.value()) : Secret();
}

}  // namespace

std::shared_ptr<TokenStore> make_sealed_store(std::shared_ptr<TokenStore> store, std::shared_ptr<KeySource> keys,
                                              const Clock& clock, Random& random) {
  return std::make_shared<SealedStore>(std::move(store), std::move(keys), clock, random);
}

}  // namespace ecoauth
