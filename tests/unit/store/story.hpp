// A program's life with one record, told on a virtual disk, and what may be on that disk at any moment of it.
#pragma once

#include <boost/test/unit_test.hpp>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "store/file_store.hpp"
#include "store_support.hpp"
#include "support/virtual_disk.hpp"

namespace ecoauth {

/// Does what a client does: whatever fails is tried again, after a conflict with what is stored by then.
class Story {
 public:
  explicit Story(VirtualDisk& disk) : disk_(disk), store_(make_file_store("/var/lib/store", disk)) {}

  void lock() {
    for (int tries = 0; tries < most_tries; ++tries) {
      if (acceptable(locked(*store_)) == "acquired") return;
    }
    BOOST_TEST_REQUIRE(false, "the lock was not taken");
  }
  void unlock() { store_->unlock(home_key); }

  void save(size_t size) {
    for (int tries = 0; tries < most_tries; ++tries) {
      std::string found = acceptable(loaded(*store_));
      if (found[0] == '!') continue;
      int64_t seq = found == "none" ? 0 : std::stoll(found);
      // Every try is another record, so that none can be taken for another.
      std::string record = std::to_string(seq + 1) + " try " + std::to_string(++records_) + " ";
      if (record.size() < size) record.resize(size, static_cast<char>('a' + records_ % 26));
      unacknowledged_.push_back(record);
      if (acceptable(saved(*store_, seq, record, seq + 1)) != "saved") continue;
      acknowledge(record);
      return;
    }
    BOOST_TEST_REQUIRE(false, "nothing was saved");
  }

  /// Older records go, the newest stays.
  void forget() {
    for (int tries = 0; tries < most_tries; ++tries) {
      int64_t seq = std::stoll(acknowledged_);
      if (acceptable(forgotten(*store_, seq)) == "done") return;
    }
    BOOST_TEST_REQUIRE(false, "nothing was forgotten");
  }

  void erase() {
    for (int tries = 0; tries < most_tries; ++tries) {
      unacknowledged_.push_back("none");
      std::string result = acceptable(erased(*store_));
      if (result[0] == '!') continue;
      acknowledge("none");
      return;
    }
    BOOST_TEST_REQUIRE(false, "nothing was erased");
  }

  /// May a reader find this now, without a cut? What this process knows to have failed is not shown.
  void check_running() {
    std::string found = acceptable(loaded(*store_));
    if (found[0] == '!') found = loaded(*store_);
    BOOST_TEST_REQUIRE((found == acknowledged_),
                       "acknowledged " << brief(acknowledged_) << " but found " << brief(found));
  }
  /// May it be found after a cut at this moment?
  bool possible(const std::string& found) const {
    if (found == acknowledged_) return true;
    for (const std::string& one : unacknowledged_)
      if (found == one) return true;
    return false;
  }
  const std::string& acknowledged() const { return acknowledged_; }

  static std::string brief(const std::string& record) { return "\"" + record.substr(0, 20) + "\""; }

 private:
  /// Failures say what they are; damage is none of them.
  std::string acceptable(const std::string& result) const {
    static const std::string fine[] = {"!STORE", "!STORE_PERMISSION", "!UNSUPPORTED"};
    bool known = result[0] != '!';
    for (const std::string& one : fine) known = known || result == one;
    BOOST_TEST_REQUIRE(known, "unexpected " << result);
    return result;
  }
  void acknowledge(const std::string& record) {
    acknowledged_ = record;
    unacknowledged_.clear();
  }

  static constexpr int most_tries = 4;
  VirtualDisk& disk_;
  std::shared_ptr<TokenStore> store_;
  std::string acknowledged_ = "none";
  std::vector<std::string> unacknowledged_;
  int records_ = 0;
};

/// The whole life: a new file, records that grow and shrink over one another, older ones forgotten,
/// signing out, a second life.
inline void tell(Story& story, bool check) {
  auto checked = [&] {
    if (check) story.check_running();
  };
  story.lock();
  for (size_t size : {600, 3000, 20, 4600, 700}) {
    story.save(size);
    checked();
  }
  story.forget();
  checked();
  story.save(2000);
  checked();
  story.unlock();
  story.save(40);
  story.forget();
  story.lock();
  story.erase();
  checked();
  story.save(800);
  checked();
  story.unlock();
  story.save(900);
  checked();
}

/// One outcome of a power cut by chance.
inline std::vector<size_t> any_outcome(const std::vector<size_t>& doubts, std::mt19937& dice) {
  std::vector<size_t> outcome;
  for (size_t options : doubts) outcome.push_back(std::uniform_int_distribution<size_t>(0, options - 1)(dice));
  return outcome;
}

/// Calls `check` with the outcomes of a power cut: all of them while they are few, else the extremes, every single
/// sector that made it or did not, every prefix and suffix, and some by chance. Returns how many.
template <typename Check>
size_t for_each_outcome(const std::vector<size_t>& doubts, size_t most, std::mt19937& dice, Check check) {
  size_t all = 1;
  for (size_t options : doubts) all = all > most ? all : all * options;
  std::vector<size_t> outcome(doubts.size(), 0);
  if (all <= most) {
    for (size_t number = 0; number < all; ++number) {
      size_t rest = number;
      for (size_t i = 0; i < doubts.size(); ++i) {
        outcome[i] = rest % doubts[i];
        rest /= doubts[i];
      }
      check(outcome);
    }
    return all;
  }
  size_t count = 0;
  auto with = [&](auto newest) {
    for (size_t i = 0; i < doubts.size(); ++i) outcome[i] = newest(i) ? doubts[i] - 1 : 0;
    check(outcome);
    ++count;
  };
  for (size_t edge = 0; edge <= doubts.size(); ++edge) {
    with([&](size_t i) { return i < edge; });
    with([&](size_t i) { return i >= edge; });
    with([&](size_t i) { return i == edge; });
    with([&](size_t i) { return i != edge; });
  }
  for (; count < most; ++count) check(any_outcome(doubts, dice));
  return count;
}

}  // namespace ecoauth
