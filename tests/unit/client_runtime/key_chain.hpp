// A source of keys for tests: what it has, what it is asked, and whether it can be asked at all.
#pragma once

#include <mutex>
#include <string>
#include <vector>

#include "base/digest.hpp"
#include "store/key_source.hpp"

namespace ecoauth::test {

inline SealKey key_named(const std::string& name) { return std::move(*SealKey::from(sha256(name))); }

class KeyChain final : public KeySource {
 public:
  explicit KeyChain(std::vector<std::string> names) : names_(std::move(names)) {}

  Result<SealKey> current_key() override {
    std::lock_guard guard(mutex_);
    ++asked_;
    if (locked_ || names_.empty()) return key_error("the test's keys are not to be had", "Wait for the test.");
    return key_named(names_.front());
  }
  Result<SealKey> key_of(const std::string& id) override {
    std::lock_guard guard(mutex_);
    ++asked_;
    if (locked_) return key_error("the test's keys are not to be had", "Wait for the test.");
    std::vector<SealKey> keys;
    for (const std::string& name : names_) keys.push_back(key_named(name));
    return pick_key(keys, id, "the test");
  }

  void set(std::vector<std::string> names) {
    std::lock_guard guard(mutex_);
    names_ = std::move(names);
  }
  void lock(bool locked = true) {
    std::lock_guard guard(mutex_);
    locked_ = locked;
  }
  int asked() {
    std::lock_guard guard(mutex_);
    return asked_;
  }

 private:
  std::mutex mutex_;
  std::vector<std::string> names_;
  bool locked_ = false;
  int asked_ = 0;
};

}  // namespace ecoauth::test
