#include "store/callback_store.hpp"

#include <string_view>
#include <utility>

#include "base/callback_scope.hpp"
#include "base/text.hpp"
#include "store/host_calls.hpp"
#include "store/lent_blob.hpp"

namespace ecoauth {
namespace {

/// Owns the host's user_data.
class HostCallbacks {
 public:
  explicit HostCallbacks(const StoreCallbacks& callbacks) noexcept : callbacks_(callbacks) {}
  HostCallbacks(HostCallbacks&& other) noexcept : callbacks_(std::exchange(other.callbacks_, {})) {}
  HostCallbacks& operator=(HostCallbacks&&) = delete;
  ~HostCallbacks() {
    if (!callbacks_.finalizer) return;
    CallbackScope scope;
    callbacks_.finalizer(callbacks_.user_data);
  }
  const StoreCallbacks* operator->() const { return &callbacks_; }

 private:
  StoreCallbacks callbacks_;
};

class CallbackStore final : public TokenStore {
 public:
  explicit CallbackStore(HostCallbacks host) noexcept : host_(std::move(host)) {}

  Result<std::optional<Secret>> load(const std::string& key) override {
    Secret bytes;
    ecoauth_blob blob{&bytes};
    auto result = calls_.call("load", [&] { return host_->load(host_->user_data, key.c_str(), &blob); });
    if (!result) return result.error();
    if (result.value() == ECOAUTH_STORE_NOT_FOUND) return std::optional<Secret>();
    if (result.value() != ECOAUTH_STORE_OK) return callback_failure("load", result.value());
    if (bytes.empty()) return callback_error("load", "returned OK and handed over nothing");
    return std::optional<Secret>(std::move(bytes));
  }

  Result<SaveOutcome> save(const std::string& key, int64_t expected_seq, const Secret& record,
                           int64_t new_seq) override {
    if (auto error = check_save(expected_seq, record, new_seq)) return *error;
    auto result = calls_.call("save", [&] {
      return host_->save(host_->user_data, key.c_str(), expected_seq, record.reveal().data(), record.size(), new_seq);
    });
    if (!result) return result.error();
    if (result.value() == ECOAUTH_STORE_CONFLICT) return SaveOutcome::conflict;
    if (result.value() != ECOAUTH_STORE_OK) return callback_failure("save", result.value());
    return SaveOutcome::saved;
  }

  Result<bool> erase(const std::string& key) override {
    auto result = calls_.call("erase", [&] { return host_->erase(host_->user_data, key.c_str()); });
    if (!result) return result.error();
    // NOT_FOUND is not asked for, but says the same.
    if (result.value() != ECOAUTH_STORE_OK && result.value() != ECOAUTH_STORE_NOT_FOUND)
      return callback_failure("erase", result.value());
    return result.value() == ECOAUTH_STORE_OK;
  }

  Result<std::vector<std::string>> list() override {
    if (!host_->list)
      return make_error(ECOAUTH_ERROR_UNSUPPORTED, "the program's store cannot list its records",
                        "Give the store a list callback.");
    Secret bytes;
    ecoauth_blob blob{&bytes};
    auto result = calls_.call("list", [&] { return host_->list(host_->user_data, &blob); });
    if (!result) return result.error();
    if (result.value() != ECOAUTH_STORE_OK) return callback_failure("list", result.value());
    return split(bytes.reveal(), "\n");
  }

  Result<LockOutcome> try_lock(const std::string& key) override {
    if (!host_->lock) return LockOutcome::acquired;
    auto result = calls_.call("lock", [&] { return host_->lock(host_->user_data, key.c_str(), 0); });
    if (!result) return result.error();
    if (result.value() == ECOAUTH_STORE_CONFLICT) return LockOutcome::busy;
    if (result.value() != ECOAUTH_STORE_OK) return callback_failure("lock", result.value());
    return LockOutcome::acquired;
  }

  void unlock(const std::string& key) override {
    if (!host_->unlock) return;
    calls_.call("unlock", [&] { return host_->unlock(host_->user_data, key.c_str()), ECOAUTH_STORE_OK; });
  }

  std::string description() const override { return "callbacks"; }
  bool durable() const override { return true; }
  bool excludes_other_processes() const override { return host_->lock != nullptr; }
  void host_ends() noexcept override { calls_.end(); }

 private:
  HostCallbacks host_;
  HostCalls calls_;
};

}  // namespace

std::shared_ptr<TokenStore> make_callback_store(StoreCallbacks callbacks) {
  HostCallbacks host(callbacks);
  if (!host->load || !host->save || !host->erase || !host->lock != !host->unlock) return nullptr;
  return std::make_shared<CallbackStore>(std::move(host));
}

}  // namespace ecoauth
