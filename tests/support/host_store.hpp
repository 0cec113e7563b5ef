// A host's own store: the callbacks of <ecoauth/store.h> over a map, with whatever failure a test wants.
#pragma once

#include <ecoauth/store.h>

#include <functional>
#include <map>
#include <set>
#include <string>

#include "base/callback_scope.hpp"
#include "store/callback_store.hpp"
#include "store/lent_blob.hpp"

namespace ecoauth {

struct HostStore {
  struct Entry {
    int64_t seq = 0;
    std::string bytes;
  };
  std::map<std::string, Entry> records;
  std::set<std::string> locks;
  int finalized = 0;
  bool always_inside_callback = true;  ///< false once a callback ran outside the library's mark
  /// Called first by every callback, with its name; a result other than OK is returned, and it may throw.
  std::function<int32_t(const std::string&)> disturb;

  StoreCallbacks callbacks() {
    StoreCallbacks all;
    all.user_data = this;
    all.finalizer = [](void* self) { ++host(self).finalized; };
    all.load = [](void* self, const char* key, ecoauth_blob* out) -> int32_t {
      if (int32_t result = host(self).begin("load")) return result;
      auto found = host(self).records.find(key);
      if (found == host(self).records.end()) return ECOAUTH_STORE_NOT_FOUND;
      out->set("replaced by the second call", 27);
      out->set(found->second.bytes.data(), found->second.bytes.size());
      return ECOAUTH_STORE_OK;
    };
    all.save = [](void* self, const char* key, int64_t expected_seq, const void* data, size_t size_bytes,
                  int64_t new_seq) -> int32_t {
      if (int32_t result = host(self).begin("save")) return result;
      auto found = host(self).records.find(key);
      int64_t seq = found == host(self).records.end() ? 0 : found->second.seq;
      if (seq != expected_seq) return ECOAUTH_STORE_CONFLICT;
      host(self).records[key] = {new_seq, std::string(static_cast<const char*>(data), size_bytes)};
      return ECOAUTH_STORE_OK;
    };
    all.erase = [](void* self, const char* key) -> int32_t {
      if (int32_t result = host(self).begin("erase")) return result;
      return host(self).records.erase(key) ? ECOAUTH_STORE_OK : ECOAUTH_STORE_NOT_FOUND;
    };
    all.list = [](void* self, ecoauth_blob* out) -> int32_t {
      if (int32_t result = host(self).begin("list")) return result;
      std::string names;
      for (const auto& record : host(self).records) names += record.first + "\n";
      out->set(names.data(), names.size());
      return ECOAUTH_STORE_OK;
    };
    all.lock = [](void* self, const char* key, int64_t timeout_ms) -> int32_t {
      if (int32_t result = host(self).begin("lock")) return result;
      return timeout_ms == 0 && host(self).locks.insert(key).second ? ECOAUTH_STORE_OK : ECOAUTH_STORE_CONFLICT;
    };
    all.unlock = [](void* self, const char* key) {
      host(self).begin("unlock");
      host(self).locks.erase(key);
    };
    return all;
  }

 private:
  static HostStore& host(void* self) { return *static_cast<HostStore*>(self); }
  int32_t begin(const std::string& name) {
    always_inside_callback = always_inside_callback && inside_callback();
    return disturb ? disturb(name) : ECOAUTH_STORE_OK;
  }
};

}  // namespace ecoauth
