#include "keeper.hpp"

#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string_view>

#include "store/file_store.hpp"
#include "store/slot_layout.hpp"

namespace {
bool syncs_do_nothing = false;
int sync_by(long call, int descriptor) { return syncs_do_nothing ? 0 : static_cast<int>(syscall(call, descriptor)); }
}  // namespace

// In place of the C library's, for all code of this program.
extern "C" int fdatasync(int descriptor) { return sync_by(SYS_fdatasync, descriptor); }
extern "C" int fsync(int descriptor) { return sync_by(SYS_fsync, descriptor); }

namespace ecoauth {
namespace {

constexpr std::string_view beginning = "record ";
const std::string key = "home-0123456789abcdef";

/// Every number has its own length, from some sectors to the longest, and its own bytes.
std::string record_of(int64_t seq) {
  std::string record = std::string(beginning) + std::to_string(seq) + "\n";
  const uint64_t number = static_cast<uint64_t>(seq);
  const size_t size_bytes = 100 + number * 7919 % (longest_record_bytes - 100);
  uint64_t state = number * 0x9e3779b97f4a7c15u + 1;
  while (record.size() < size_bytes) {
    state ^= state << 13, state ^= state >> 7, state ^= state << 17;
    record += static_cast<char>('a' + state % 26);
  }
  return record;
}

Keeper::Found found_in(std::string_view record) {
  int64_t seq = 0;
  if (record.substr(0, beginning.size()) == beginning)
    std::from_chars(record.data() + beginning.size(), record.data() + record.size(), seq);
  if (seq <= 0 || record != record_of(seq)) return {"!NOT-A-RECORD"};
  return {std::string(beginning) + std::to_string(seq), seq};
}

std::string read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

class StoreKeeper final : public Keeper {
 public:
  Found load(const std::string& folder) override {
    const auto record = make_file_store(folder)->load(key);
    Found found;
    if (!record)
      found.words = std::string("!") + result_name(record.error().code) + " " + record.error().message;
    else if (!record.value())
      found.words = "none";
    else
      found = found_in(record.value()->reveal());
    const std::string bytes = read_file(folder + "/" + key + ".ecoauth");
    const auto contents = slot_layout::read_contents(bytes, {}, folder);
    found.torn = contents && contents.value().damage;
    return found;
  }
  std::string save(const std::string& folder, int64_t expected_seq, int64_t seq) override {
    const auto outcome = in(folder).save(key, expected_seq, Secret(record_of(seq)), seq);
    if (!outcome) return outcome.error().message;
    return outcome.value() == SaveOutcome::saved ? "" : "conflict";
  }
  std::string erase(const std::string& folder) override {
    const auto outcome = in(folder).erase(key);
    return outcome ? "" : outcome.error().message;
  }

 private:
  /// One store for as long as it is the same folder, as in a program that runs on.
  TokenStore& in(const std::string& folder) {
    if (!store_ || folder_ != folder) store_ = make_file_store(folder);
    folder_ = folder;
    return *store_;
  }
  std::shared_ptr<TokenStore> store_;
  std::string folder_;
};

/// How tokens are kept elsewhere.
class PlainFileKeeper final : public Keeper {
 public:
  explicit PlainFileKeeper(bool by_renaming) : by_renaming_(by_renaming) {}

  Found load(const std::string& folder) override {
    if (!std::filesystem::exists(file_in(folder))) return {"none"};
    return found_in(read_file(file_in(folder)));
  }
  std::string save(const std::string& folder, int64_t, int64_t seq) override {
    std::filesystem::create_directories(folder);
    const std::string path = file_in(folder), target = by_renaming_ ? path + ".new" : path, record = record_of(seq);
    const int file = open(target.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    bool good = file >= 0 && write(file, record.data(), record.size()) == static_cast<ssize_t>(record.size());
    if (by_renaming_) good = good && fsync(file) == 0;
    good = close(file) == 0 && good;
    if (by_renaming_) good = good && std::rename(target.c_str(), path.c_str()) == 0;
    return good ? "" : std::string("cannot write ") + target + ": " + strerror(errno);
  }
  std::string erase(const std::string&) override { return "not to be had here"; }

 private:
  static std::string file_in(const std::string& folder) { return folder + "/tokens"; }
  const bool by_renaming_;
};

}  // namespace

std::unique_ptr<Keeper> make_keeper(const std::string& name) {
  syncs_do_nothing = name == "unsynced";
  if (name == "store" || name == "unsynced") return std::make_unique<StoreKeeper>();
  if (name == "renamed" || name == "truncated") return std::make_unique<PlainFileKeeper>(name == "renamed");
  return nullptr;
}

}  // namespace ecoauth
