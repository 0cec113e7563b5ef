// A store of the tests: a map, which remembers who called it.
// SPDX-License-Identifier: MIT
#pragma once

#include <ecoauth/ecoauth.hpp>
#include <set>
#include <thread>

class MapStore : public ecoauth::Store {
 public:
  std::optional<std::string> load(const std::string& key) override {
    const auto lock = begin();
    const auto found = records_.find(key);
    return found == records_.end() ? std::nullopt : std::optional(found->second.second);
  }
  bool save(const std::string& key, int64_t expected_seq, std::string_view record, int64_t new_seq) override {
    const auto lock = begin();
    const auto found = records_.find(key);
    if ((found == records_.end() ? 0 : found->second.first) != expected_seq) return false;
    records_[key] = {new_seq, std::string(record)};
    return true;
  }
  void erase(const std::string& key) override {
    const auto lock = begin();
    records_.erase(key);
  }

  bool lists() const override { return true; }
  std::vector<std::string> list() override {
    const auto lock = begin();
    std::vector<std::string> keys;
    for (const auto& record : records_) keys.push_back(record.first);
    return keys;
  }

  int calls() const { return calls_; }
  const std::set<std::thread::id>& threads() const { return threads_; }
  /// Called first by every method; may throw.
  std::function<void()> disturb;

 private:
  std::unique_lock<std::mutex> begin() {
    std::unique_lock lock(mutex_);
    ++calls_;
    threads_.insert(std::this_thread::get_id());
    if (disturb) disturb();
    return lock;
  }
  std::mutex mutex_;
  std::map<std::string, std::pair<int64_t, std::string>> records_;
  int calls_ = 0;
  std::set<std::thread::id> threads_;
};
