// The power fails at any moment of one refresh, and of what was written since the last sync any sectors are there in
// any of their versions: all disks that can be left behind, without exception.
#include <boost/test/unit_test.hpp>
#include <iostream>

#include "calm_world.hpp"
#include "store/file_store.hpp"

using namespace ecoauth;
using namespace ecoauth::simulation;

namespace {

struct Explored {
  int64_t moments = 0, disks = 0, second_cuts = 0, lost_in_window = 0;
  void add(const Explored& other) {
    moments += other.moments;
    disks += other.disks;
    second_cuts += other.second_cuts;
    lost_in_window += other.lost_in_window;
  }
};

/// Calls `check` with every single outcome of a power cut.
template <typename Check>
void for_every_outcome(const std::vector<size_t>& doubts, Check check) {
  std::vector<size_t> outcome(doubts.size(), 0);
  for (;;) {
    check(outcome);
    size_t digit = 0;
    while (digit < doubts.size() && ++outcome[digit] == doubts[digit]) outcome[digit++] = 0;
    if (digit == doubts.size()) return;
  }
}

class Explorer {
 public:
  Explorer(Policy policy, size_t token_bytes, int64_t refreshes_before, bool cut_again)
      : world_(calm(policy, token_bytes)), cut_again_(cut_again) {
    const std::string& file = world_.token_file();
    key_ = file.substr(file.rfind('/') + 1);
    key_.resize(key_.size() - std::string(".ecoauth").size());
    world_.boot();
    live_until_refreshes(world_, refreshes_before);
    world_.timeline.pass(second_ms);
    acknowledged_ = world_.judge.generation();
    world_.host.disk.before_call = [this] { explore(); };
    live_until_refreshes(world_, refreshes_before + 1);
    saved_ = true;
    world_.timeline.pass(second_ms);
    world_.host.disk.before_call = nullptr;
  }
  const Explored& explored() const { return explored_; }

 private:
  void explore() {
    const VirtualDisk& disk = world_.host.disk;
    if (disk.changes() == seen_changes_) return;
    seen_changes_ = disk.changes();
    ++explored_.moments;
    VirtualDisk frozen = disk;
    frozen.before_call = nullptr;
    for_every_outcome(frozen.doubts(), [&](const std::vector<size_t>& outcome) {
      VirtualDisk after = frozen;
      after.restart(outcome);
      ++explored_.disks;
      check(after);
    });
  }

  Record found_on(VirtualDisk& disk) {
    auto found = make_file_store(store_folder, disk)->load(key_);
    BOOST_TEST_REQUIRE(found.ok());
    BOOST_TEST_REQUIRE(found.value().has_value());
    auto record = decode_record(found.value()->reveal());
    BOOST_TEST_REQUIRE(record.ok());
    return std::move(record.value());
  }

  void check(VirtualDisk& disk) {
    const Record record = found_on(disk);
    const int64_t generation = record.grant->generation;
    const int64_t least = saved_ || world_.judge.generation() > acknowledged_ ? acknowledged_ + 1 : acknowledged_;
    BOOST_TEST_REQUIRE(generation >= least);
    BOOST_TEST_REQUIRE(generation <= acknowledged_ + 1);
    const int64_t now_ms = world_.timeline.now_ms();
    bool kept = false;
    for (const Secret& token : record.grant->candidates) kept = kept || world_.server.alive(token.reveal(), now_ms);
    if (!kept) {
      // Nobody could keep it: the server has changed the token, and the new one is not durable yet.
      BOOST_TEST_REQUIRE(is_strict(world_.server.settings().policy));
      BOOST_TEST_REQUIRE(record.intent.has_value());
      BOOST_TEST_REQUIRE(generation == acknowledged_);
      ++explored_.lost_in_window;
    }
    go_on(disk, record);
  }

  /// The next process saves over what was left behind, and may be cut off, too.
  void go_on(VirtualDisk& disk, const Record& found) {
    Record next = found.clone();
    ++next.seq;
    int64_t changes = disk.changes();
    if (cut_again_)
      disk.before_call = [&] {
        if (disk.changes() == changes) return;
        changes = disk.changes();
        VirtualDisk frozen = disk;
        frozen.before_call = nullptr;
        for_every_outcome(frozen.doubts(), [&](const std::vector<size_t>& outcome) {
          VirtualDisk after = frozen;
          after.restart(outcome);
          ++explored_.second_cuts;
          const int64_t seq = found_on(after).seq;
          BOOST_TEST_REQUIRE((seq == found.seq || seq == next.seq));
        });
      };
    auto saved = make_file_store(store_folder, disk)->save(key_, found.seq, encode_record(next), next.seq);
    disk.before_call = nullptr;
    BOOST_TEST_REQUIRE((saved.ok() && saved.value() == SaveOutcome::saved));
    BOOST_TEST_REQUIRE(found_on(disk).seq == next.seq);
  }

  World world_;
  const bool cut_again_;
  std::string key_;
  Explored explored_;
  int64_t acknowledged_ = 0, seen_changes_ = -1;
  bool saved_ = false;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(one_refresh)

BOOST_AUTO_TEST_CASE(all_disks_that_a_power_cut_can_leave_behind) {
  Explored all;
  for (Policy policy : {Policy::grace, Policy::strict_family}) {
    for (size_t token_bytes : {40u, 300u, 1300u, 1800u}) {
      // The slots take turns, and the first refresh finds one that still says "nothing here".
      for (int64_t refreshes_before : {0, 1, 2, 3}) {
        if (token_bytes > 1500 && refreshes_before != 2) continue;
        const Explored explored = Explorer(policy, token_bytes, refreshes_before, token_bytes < 100).explored();
        BOOST_TEST(explored.moments >= 5);
        all.add(explored);
      }
    }
  }
  std::cout << "one refresh: " << all.moments << " moments, " << all.disks << " crash states, " << all.second_cuts
            << " more of a second cut; 0 lost, but for " << all.lost_in_window
            << " in the exposure window of a strict server\n";
  BOOST_TEST(all.disks > 10000);
  BOOST_TEST(all.second_cuts > 400);
  BOOST_TEST(all.lost_in_window > 0);
}

BOOST_AUTO_TEST_SUITE_END()
