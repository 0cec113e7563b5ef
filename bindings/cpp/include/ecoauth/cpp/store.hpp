// ecoauth for C++: where tokens are kept.
// SPDX-License-Identifier: MIT
#pragma once

#include <cxxabi.h>

#include <ecoauth/cpp/values.hpp>
#include <functional>
#include <memory>
#include <mutex>
#include <string_view>
#include <vector>

namespace ecoauth {

namespace detail {
/// Counts the callbacks that this thread is inside of: there, nothing may block.
inline thread_local int callback_depth = 0;
struct InCallback {
  InCallback() { ++callback_depth; }
  ~InCallback() { --callback_depth; }
};

/// What functions of the program have thrown where nobody could catch it.
class Thrown {
 public:
  void keep(std::exception_ptr thrown) {
    std::lock_guard lock(mutex_);
    thrown_ = std::move(thrown);
  }
  std::exception_ptr take() {
    std::lock_guard lock(mutex_);
    return std::exchange(thrown_, nullptr);
  }

 private:
  std::mutex mutex_;
  std::exception_ptr thrown_;
};

/// Runs a function of the program. False when it threw; the end of a thread (pthread_exit) is let through.
template <typename Function>
bool protect(Thrown& thrown, Function&& function) {
  InCallback inside;
#ifdef __cpp_exceptions
  try {
    function();
    return true;
  } catch (const abi::__forced_unwind&) {
    throw;
  } catch (...) {
    thrown.keep(std::current_exception());
    return false;
  }
#else
  (void)thrown;
  function();
  return true;
#endif
}
}  // namespace detail

/// Thrown by a store's method: failed for now, the library tries again. Anything else that is thrown means "for good".
struct RetryLater : std::exception {
  const char* what() const noexcept override { return "the store failed for now"; }
};

/// A store of the program's own. Methods are called on library threads, one at a time per account, and may block; what
/// each must promise is in <ecoauth/store.h>. A record is a secret.
class Store {
 public:
  virtual ~Store() = default;
  /// The record, or nothing when there is none. Damage must throw.
  virtual std::optional<std::string> load(const std::string& key) = 0;
  /// Replaces the record if the stored one has `expected_seq` (0: there is none). False: it has another. True: it is
  /// durable.
  virtual bool save(const std::string& key, int64_t expected_seq, std::string_view record, int64_t new_seq) = 0;
  virtual void erase(const std::string& key) = 0;

  /// Stores that can say which keys have a record: say so, and list them.
  virtual bool lists() const { return false; }
  virtual std::vector<std::string> list() { return {}; }

  /// Stores that more than one process uses: say so, and lock. False: somebody else holds it.
  virtual bool locks() const { return false; }
  virtual bool lock(const std::string& key, Milliseconds timeout) { return (void)key, (void)timeout, true; }
  virtual void unlock(const std::string& key) { (void)key; }
};

/// A store as the options take it.
class StoreHandle {
 public:
  explicit StoreHandle(ecoauth_store* store, std::shared_ptr<detail::Thrown> thrown = {})
      : store_(store), thrown_(std::move(thrown)) {}

  /// Keys of 32 bytes, from a file, a descriptor, the keyring or this program (<ecoauth/store.h>). False: refused.
  bool seal_with_file(const std::string& path) {
    return ecoauth_store_seal_with_file(store_.get(), path.c_str()) == ECOAUTH_OK;
  }
  bool seal_with_fd(int32_t fd) { return ecoauth_store_seal_with_fd(store_.get(), fd) == ECOAUTH_OK; }
  bool seal_with_secret_service(const std::string& label) {
    return ecoauth_store_seal_with_secret_service(store_.get(), label.c_str(), nullptr) == ECOAUTH_OK;
  }
  /// File stores: refreshes also on a network file system (<ecoauth/store.h>). False: no file store.
  bool allow_network() { return ecoauth_store_allow_network(store_.get()) == ECOAUTH_OK; }
  /// `key_of` gets an id, empty for the current key, and returns 32 bytes, or nothing when there is no such key.
  bool seal_with(std::function<std::optional<std::string>(const std::string& key_id)> key_of);

  ecoauth_store* release() { return store_.release(); }
  const std::shared_ptr<detail::Thrown>& thrown() const { return thrown_; }

 private:
  struct Free {
    void operator()(ecoauth_store* store) const { ecoauth_store_free(store); }
  };
  std::unique_ptr<ecoauth_store, Free> store_;
  std::shared_ptr<detail::Thrown> thrown_;
};

inline StoreHandle memory_store() { return StoreHandle(ecoauth_store_new_memory()); }
inline StoreHandle file_store(const std::string& folder) { return StoreHandle(ecoauth_store_new_file(folder.c_str())); }

namespace detail {
struct StoreAdapter {
  std::shared_ptr<Store> store;
  std::shared_ptr<Thrown> thrown;

  template <typename Function>
  static int32_t call(void* user_data, Function&& function) {
    StoreAdapter& self = *static_cast<StoreAdapter*>(user_data);
    int32_t result = ECOAUTH_STORE_FATAL;
    protect(*self.thrown, [&] {
#ifdef __cpp_exceptions
      try {
        result = function(*self.store);
      } catch (const RetryLater&) {
        result = ECOAUTH_STORE_RETRY;
      }
#else
      result = function(*self.store);
#endif
    });
    return result;
  }
  static void end(void* self) { delete static_cast<StoreAdapter*>(self); }
};
}  // namespace detail

/// A store of the program's own; it lives until the client is gone.
inline StoreHandle own_store(std::shared_ptr<Store> store) {
  using detail::StoreAdapter;
  const bool locks = store->locks(), lists = store->lists();
  auto thrown = std::make_shared<detail::Thrown>();
  auto load = [](void* self, const char* key, ecoauth_blob* out) -> int32_t {
    return StoreAdapter::call(self, [&](Store& own) -> int32_t {
      const auto record = own.load(key);
      if (!record) return ECOAUTH_STORE_NOT_FOUND;
      return ecoauth_blob_set(out, record->data(), record->size()) == ECOAUTH_OK ? ECOAUTH_STORE_OK
                                                                                 : ECOAUTH_STORE_RETRY;
    });
  };
  auto save = [](void* self, const char* key, int64_t expected, const void* data, size_t size, int64_t seq) -> int32_t {
    return StoreAdapter::call(self, [&](Store& own) -> int32_t {
      const std::string_view record(static_cast<const char*>(data), size);
      return own.save(key, expected, record, seq) ? ECOAUTH_STORE_OK : ECOAUTH_STORE_CONFLICT;
    });
  };
  auto erase = [](void* self, const char* key) -> int32_t {
    return StoreAdapter::call(self, [&](Store& own) -> int32_t { return own.erase(key), ECOAUTH_STORE_OK; });
  };
  auto list = [](void* self, ecoauth_blob* out) -> int32_t {
    return StoreAdapter::call(self, [&](Store& own) -> int32_t {
      std::string keys;
      for (const std::string& key : own.list()) keys += key + "\n";
      return ecoauth_blob_set(out, keys.data(), keys.size()) == ECOAUTH_OK ? ECOAUTH_STORE_OK : ECOAUTH_STORE_RETRY;
    });
  };
  auto lock = [](void* self, const char* key, int64_t timeout_ms) -> int32_t {
    return StoreAdapter::call(self, [&](Store& own) -> int32_t {
      return own.lock(key, Milliseconds(timeout_ms)) ? ECOAUTH_STORE_OK : ECOAUTH_STORE_CONFLICT;
    });
  };
  auto unlock = [](void* self, const char* key) {
    StoreAdapter::call(self, [&](Store& own) -> int32_t { return own.unlock(key), ECOAUTH_STORE_OK; });
  };
  auto* adapter = new StoreAdapter{std::move(store), thrown};
  return StoreHandle(ecoauth_store_new_callbacks(adapter, StoreAdapter::end, load, save, erase, lists ? +list : nullptr,
                                                 locks ? +lock : nullptr, locks ? +unlock : nullptr),
                     std::move(thrown));
}

inline bool StoreHandle::seal_with(std::function<std::optional<std::string>(const std::string& key_id)> key_of) {
  struct Keys {
    decltype(key_of) function;
    std::shared_ptr<detail::Thrown> thrown;
  };
  if (!thrown_) thrown_ = std::make_shared<detail::Thrown>();
  auto seal_key = [](void* user_data, const char* key_id, ecoauth_blob* out) -> int32_t {
    Keys& keys = *static_cast<Keys*>(user_data);
    int32_t result = ECOAUTH_STORE_FATAL;
    detail::protect(*keys.thrown, [&] {
      const auto key = keys.function(key_id ? key_id : "");
      result = !key ? ECOAUTH_STORE_NOT_FOUND : ecoauth_blob_set(out, key->data(), key->size());
    });
    return result;
  };
  return ecoauth_store_seal_with_callback(store_.get(), seal_key, new Keys{std::move(key_of), thrown_},
                                          [](void* keys) { delete static_cast<Keys*>(keys); }) == ECOAUTH_OK;
}

}  // namespace ecoauth
