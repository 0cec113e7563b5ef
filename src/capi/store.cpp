#include <ecoauth/store.h>

#include "capi/absolute_path.hpp"
#include "capi/checks.hpp"
#include "capi/guard.hpp"
#include "capi/handles.hpp"
#include "store/callback_store.hpp"
#include "store/file_store.hpp"
#include "store/key_callback.hpp"
#include "store/key_file.hpp"
#include "store/lent_blob.hpp"
#include "store/memory_store.hpp"
#include "store/secret_service.hpp"

using namespace ecoauth;
using namespace ecoauth::capi;

namespace {

constexpr size_t longest_path_bytes = 4000;
constexpr size_t longest_label_bytes = 200;

/// The host's callbacks behind ours, which keep its exceptions out.
struct HostStore {
  HostData data;
  ecoauth_store_load_fn load;
  ecoauth_store_save_fn save;
  ecoauth_store_erase_fn erase;
  ecoauth_store_list_fn list;
  ecoauth_store_lock_fn lock;
  ecoauth_store_unlock_fn unlock;
};

const HostStore& host(void* user_data) { return *static_cast<HostStore*>(user_data); }

int32_t guarded_load(void* self, const char* key, ecoauth_blob* out) {
  return with_standard_exceptions([&] { return host(self).load(host(self).data.user_data(), key, out); });
}

int32_t guarded_save(void* self, const char* key, int64_t expected_seq, const void* data, size_t size_bytes,
                     int64_t new_seq) {
  return with_standard_exceptions(
      [&] { return host(self).save(host(self).data.user_data(), key, expected_seq, data, size_bytes, new_seq); });
}

int32_t guarded_erase(void* self, const char* key) {
  return with_standard_exceptions([&] { return host(self).erase(host(self).data.user_data(), key); });
}

int32_t guarded_list(void* self, ecoauth_blob* out) {
  return with_standard_exceptions([&] { return host(self).list(host(self).data.user_data(), out); });
}

int32_t guarded_lock(void* self, const char* key, int64_t timeout_ms) {
  return with_standard_exceptions([&] { return host(self).lock(host(self).data.user_data(), key, timeout_ms); });
}

void guarded_unlock(void* self, const char* key) {
  with_standard_exceptions([&] { host(self).unlock(host(self).data.user_data(), key); });
}

void end_host_store(void* self) { delete static_cast<HostStore*>(self); }

ecoauth_store* hand_out(std::shared_ptr<TokenStore> store, std::string folder = {}) {
  return store ? new ecoauth_store{std::move(store), {}, std::move(folder)} : nullptr;
}

/// The shape of every function that names a source of keys: nothing changes unless there is one.
template <typename Make>
int32_t seal_with(ecoauth_store* store, Checks checks, Make make) {
  return guarded(nullptr, [&]() -> Result<int32_t> {
    if (auto wrong = checks.needs(store, "store").failure()) return *wrong;
    std::unique_ptr<KeySource> keys = make();
    if (!keys) return make_error(ECOAUTH_ERROR_UNSUPPORTED, "this build has no such source of keys");
    store->keys = std::move(keys);
    return ECOAUTH_OK;
  });
}

}  // namespace

int32_t ecoauth_blob_set(ecoauth_blob* blob, const void* data, size_t size_bytes) {
  return guarded(nullptr, [&]() -> Result<int32_t> {
    if (auto wrong = Checks().needs(blob, "blob").bytes(data, size_bytes, "data").failure()) return *wrong;
    if (!blob->set(data, size_bytes)) return bad_argument("blob", "it is not lent any more");
    return ECOAUTH_OK;
  });
}

ecoauth_store* ecoauth_store_new_memory(void) {
  return guarded_object([] { return hand_out(make_memory_store()); });
}

ecoauth_store* ecoauth_store_new_file(const char* folder) {
  return guarded_object([&]() -> ecoauth_store* {
    if (Checks().text(folder, 1, longest_path_bytes, "folder").failure()) return nullptr;
    std::string path = absolute_path(folder);
    return hand_out(make_file_store(path), path);
  });
}

int32_t ecoauth_store_allow_network(ecoauth_store* store) {
  return guarded(nullptr, [&]() -> Result<int32_t> {
    auto in_files = [&] { return !store->folder.empty(); };
    if (auto wrong = Checks().needs(store, "store").holds(in_files, "store", "it is no file store").failure())
      return *wrong;
    store->value = make_file_store(store->folder, posix_file_system(), true);
    return ECOAUTH_OK;
  });
}

ecoauth_store* ecoauth_store_new_callbacks(void* user_data, ecoauth_finalizer_fn finalizer, ecoauth_store_load_fn load,
                                           ecoauth_store_save_fn save, ecoauth_store_erase_fn erase,
                                           ecoauth_store_list_fn list, ecoauth_store_lock_fn lock,
                                           ecoauth_store_unlock_fn unlock) {
  HostData taken(user_data, finalizer);
  return guarded_object([&] {
    StoreCallbacks callbacks;
    callbacks.user_data = new HostStore{std::move(taken), load, save, erase, list, lock, unlock};
    callbacks.finalizer = end_host_store;
    callbacks.load = load ? guarded_load : nullptr;
    callbacks.save = save ? guarded_save : nullptr;
    callbacks.erase = erase ? guarded_erase : nullptr;
    callbacks.list = list ? guarded_list : nullptr;
    callbacks.lock = lock ? guarded_lock : nullptr;
    callbacks.unlock = unlock ? guarded_unlock : nullptr;
    return hand_out(make_callback_store(callbacks));
  });
}

int32_t ecoauth_store_seal_with_callback(ecoauth_store* store, ecoauth_seal_key_fn seal_key, void* user_data,
                                         ecoauth_finalizer_fn finalizer) {
  HostData taken(user_data, finalizer);
  return seal_with(store, Checks().holds([&] { return seal_key != nullptr; }, "seal_key", "it is NULL"), [&] {
    auto data = std::make_shared<const HostData>(std::move(taken));
    return make_callback_keys([seal_key, data](const char* key_id, ecoauth_blob* out) {
      return with_standard_exceptions([&] { return seal_key(data->user_data(), key_id, out); });
    });
  });
}

int32_t ecoauth_store_seal_with_fd(ecoauth_store* store, int32_t fd) {
  std::unique_ptr<KeySource> keys;
  auto opened = [&] { return (keys = make_descriptor_keys(fd)) != nullptr; };
  return seal_with(store, Checks().holds(opened, "fd", "it is no open descriptor"), [&] { return std::move(keys); });
}

int32_t ecoauth_store_seal_with_file(ecoauth_store* store, const char* path) {
  return seal_with(store, Checks().text(path, 1, longest_path_bytes, "path"),
                   [&] { return make_file_keys(absolute_path(path)); });
}

int32_t ecoauth_store_seal_with_secret_service(ecoauth_store* store, const char* label, const char* bus_address) {
  Checks checks;
  if (label) checks.text(label, 1, longest_label_bytes, "label");
  if (bus_address) checks.text(bus_address, 1, longest_path_bytes, "bus_address");
  return seal_with(store, checks, [&]() -> std::unique_ptr<KeySource> {
    return make_secret_service_keys(label ? label : "default", bus_address ? bus_address : "");
  });
}

void ecoauth_store_free(ecoauth_store* store) { delete store; }
