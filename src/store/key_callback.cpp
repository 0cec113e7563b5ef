#include "store/key_callback.hpp"

#include <ecoauth/store.h>

#include "store/host_calls.hpp"
#include "store/lent_blob.hpp"

namespace ecoauth {
namespace {

constexpr const char* name = "seal key";

class CallbackKeys final : public KeySource {
 public:
  explicit CallbackKeys(KeyCallback callback) : callback_(std::move(callback)) {}

  Result<SealKey> current_key() override { return ask(nullptr); }
  Result<SealKey> key_of(const std::string& id) override {
    auto key = ask(id.c_str());
    if (key && key.value().id() != id) return callback_error(name, "handed over another key than the one of " + id);
    return key;
  }
  void host_ends() noexcept override { calls_.end(); }

 private:
  Result<SealKey> ask(const char* id) {
    Secret bytes;
    ecoauth_blob blob{&bytes};
    auto result = calls_.call(name, [&] { return callback_(id, &blob); });
    if (!result) return result.error();
    if (result.value() == ECOAUTH_STORE_NOT_FOUND) {
      if (id) return pick_key({}, id, "the program's keeping");
      return key_error("the program has no key to seal the tokens with", "Let its key callback hand over one.");
    }
    if (result.value() != ECOAUTH_STORE_OK) return callback_failure(name, result.value());
    auto key = SealKey::from(bytes.reveal());
    if (!key) return callback_error(name, "handed over what is not 32 random bytes");
    return std::move(*key);
  }

  const KeyCallback callback_;
  HostCalls calls_;
};

}  // namespace

std::unique_ptr<KeySource> make_callback_keys(KeyCallback callback) {
  return std::make_unique<CallbackKeys>(std::move(callback));
}

}  // namespace ecoauth
