// Files of every release stay readable, come back byte for byte, and are left alone where they are not ours to touch.
#include <sys/stat.h>

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <filesystem>
#include <set>

#include "golden_files.hpp"
#include "protocol/seal.hpp"
#include "store/file_store.hpp"
#include "store_support.hpp"
#include "support/temp_folder.hpp"

using namespace ecoauth;
namespace fs = std::filesystem;

namespace ecoauth {
std::ostream& operator<<(std::ostream& out, const GoldenFile& file) { return out << file.name; }
std::ostream& operator<<(std::ostream& out, const GoldenSealed& sealed) { return out << sealed.file; }
}  // namespace ecoauth

namespace {

std::string golden(const std::string& name) { return read_file(std::string(GOLDEN_FOLDER) + "/" + name); }

/// "record", or the name of the error.
std::string decoded(const std::string& bytes) {
  auto record = decode_record(bytes);
  return record ? "record" : result_name(record.error().code);
}

/// A store whose folder holds a copy of a golden token file.
struct Copied {
  TempFolder temp;
  const std::string path = temp / (home_key + ".ecoauth");
  std::shared_ptr<TokenStore> store = make_file_store(temp.path());

  explicit Copied(const std::string& name) {
    write_file(path, golden(name));
    chmod(path.c_str(), 0600);
  }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(golden_files)

BOOST_DATA_TEST_CASE(records_come_back_byte_for_byte, golden_records()) {
  std::string bytes = golden(sample.name);
  BOOST_TEST((bytes == sample.bytes), "what is written today differs from the golden file");
  auto record = decode_record(bytes);
  BOOST_TEST_REQUIRE(record.ok(), (record ? "" : record.error().message));
  BOOST_TEST((encode_record(record.value()).reveal() == bytes));
  auto identity = decode_identity(bytes);
  BOOST_TEST_REQUIRE(identity.ok());
  BOOST_TEST((identity.value() == record.value().identity));
}

BOOST_AUTO_TEST_CASE(records_mean_what_they_meant) {
  Record both = std::move(decode_record(golden("active-and-pending.record")).value());
  BOOST_TEST((both.grant && both.pending && !both.intent));
  BOOST_TEST((both.grant->state == GrantState::active));
  BOOST_TEST((both.grant->candidates.at(0).reveal() == "v1.Mexample-refresh-token_newest"));
  BOOST_TEST(both.grant->generation == 7);
  BOOST_TEST((both.pending->pin.reveal() == "abcd-efgh"));
  BOOST_TEST(both.identity.account == "default");
  Record intent = std::move(decode_record(golden("intent.record")).value());
  BOOST_TEST(intent.intent->generation == 7);
  BOOST_TEST(intent.grant->candidates.size() == 3);
  Record refused = std::move(decode_record(golden("suspect.record")).value());
  BOOST_TEST((refused.grant->state == GrantState::suspect));
  BOOST_TEST(refused.grant->refusals.size() == 2);
  BOOST_TEST(golden("needs-reauthorization.record").find("\nkind tombstone\n") != std::string::npos);
  BOOST_TEST(golden("intent.record").find("\nkind intent\n") != std::string::npos);
  BOOST_TEST(golden("odd-bytes.record")
                 .find("\naccount Mus\xc3\xa9"
                       "e 100%25 %0A\n") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(unknown_fields_outlive_a_change) {
  Record record = std::move(decode_record(golden("unknown-fields.record")).value());
  BOOST_TEST(record.unknown_lines.size() == 2);
  record.seq = 10;
  std::string changed(encode_record(record).reveal());
  BOOST_TEST(changed.find("\ngrant.later-field some value%0A\nlater-flag\ncheck ") != std::string::npos);
}

BOOST_DATA_TEST_CASE(records_of_later_versions_and_damaged_ones_say_so, golden_foreign_records()) {
  std::string bytes = golden(sample.name);
  BOOST_TEST((bytes == sample.bytes));
  bool later = sample.name.rfind("later", 0) == 0;
  BOOST_TEST(decoded(bytes) == (later ? "STORE_NEWER" : "STORE_CORRUPT"));
}

BOOST_DATA_TEST_CASE(sealed_records_open_and_are_sealed_to_the_same_bytes, golden_sealed_records()) {
  const std::string bytes = golden(sample.file.name);
  BOOST_TEST((bytes == sample.file.bytes));
  BOOST_TEST(seal_key_id_of(bytes).value() == golden_key().id());
  auto plain = open_record(bytes, golden_key());
  BOOST_TEST_REQUIRE(plain.ok());
  BOOST_TEST((plain.value().reveal() == sample.plain));
  BOOST_TEST((seal_record(plain.value().reveal(), golden_key(), "golden nonce").value().reveal() == bytes));
  BOOST_TEST(decoded(bytes) == "STORE");
}

BOOST_AUTO_TEST_CASE(the_id_of_a_key_never_changes) { BOOST_TEST(golden_key().id() == "cb587f986e448c51"); }

BOOST_AUTO_TEST_CASE(whose_a_sealed_record_is_can_be_told) {
  for (const char* name : {"later-seal.record", "sealed-active.record"}) {
    auto identity = decode_identity(golden(name));
    BOOST_TEST_REQUIRE(identity.ok());
    BOOST_TEST(identity.value().origin == "https://api.ecobee.com");
  }
}

BOOST_DATA_TEST_CASE(token_files_are_what_they_were, golden_token_files()) {
  BOOST_TEST((golden(sample.name) == sample.bytes));
}

BOOST_AUTO_TEST_CASE(a_life_writes_the_same_bytes_again) {
  TempFolder temp;
  auto store = make_file_store(temp.path());
  const char* const records[] = {"pending-pin.record", "active.record", "intent.record", "active-and-pending.record"};
  for (int64_t seq = 0; seq < 4; ++seq) BOOST_TEST(saved(*store, seq, golden(records[seq]), seq + 1) == "saved");
  BOOST_TEST((read_file(temp / (home_key + ".ecoauth")) == golden("life.ecoauth")));
  BOOST_TEST(erased(*store) == "erased");
  BOOST_TEST((read_file(temp / (home_key + ".ecoauth")) == golden("erased.ecoauth")));
}

BOOST_AUTO_TEST_CASE(token_files_are_read_and_go_on) {
  struct Row {
    const char* file;
    std::string record;
    int64_t seq;
  };
  const Row rows[] = {{"life.ecoauth", golden("active-and-pending.record"), 4},
                      {"sealed.ecoauth", golden("sealed-active.record"), 2},
                      {"torn.ecoauth", golden("intent.record"), 3},
                      {"begun.ecoauth", "none", 0},
                      {"erased.ecoauth", "none", 0}};
  for (const Row& row : rows) BOOST_TEST_CONTEXT(row.file) {
      Copied copy(row.file);
      BOOST_TEST((loaded(*copy.store) == row.record));
      BOOST_TEST((read_file(copy.path) == golden(row.file)));  // reading changes nothing
      BOOST_TEST(saved(*copy.store, row.seq, "next", row.seq + 1) == "saved");
      BOOST_TEST(loaded(*copy.store) == "next");
    }
}

BOOST_AUTO_TEST_CASE(token_files_that_are_not_ours_to_touch_stay_as_they_are) {
  const std::pair<const char*, const char*> rows[] = {{"later-version.ecoauth", "!STORE_NEWER"},
                                                      {"later-slot.ecoauth", "!STORE_NEWER"},
                                                      {"corrupt.ecoauth", "!STORE_CORRUPT"}};
  for (const auto& [file, error] : rows) BOOST_TEST_CONTEXT(file) {
      Copied copy(file);
      BOOST_TEST(loaded(*copy.store) == error);
      BOOST_TEST(locked(*copy.store) == "acquired");
      for (int64_t seq = 0; seq < 6; ++seq) BOOST_TEST(saved(*copy.store, seq, "next", seq + 1) == error);
      BOOST_TEST(erased(*copy.store) == error);
      BOOST_TEST((read_file(copy.path) == golden(file)));
    }
}

BOOST_AUTO_TEST_CASE(a_record_in_a_good_slot_is_the_clients_to_judge_and_cannot_be_overwritten_unread) {
  // The store does not look into records: one that the client cannot read has a number that the client does not know.
  for (const GoldenFile& foreign : golden_foreign_records()) {
    TempFolder temp;
    auto store = make_file_store(temp.path());
    BOOST_TEST(saved(*store, 0, foreign.bytes, 41) == "saved");
    std::string before = read_file(temp / (home_key + ".ecoauth"));
    BOOST_TEST((loaded(*store) == foreign.bytes));
    BOOST_TEST(saved(*store, 0, "next", 1) == "conflict");
    BOOST_TEST((read_file(temp / (home_key + ".ecoauth")) == before));
  }
}

BOOST_AUTO_TEST_CASE(no_golden_file_is_forgotten) {
  std::set<std::string> known, there;
  for (const auto& files : {golden_records(), golden_foreign_records(), golden_token_files()})
    for (const GoldenFile& file : files) known.insert(file.name);
  for (const GoldenSealed& sealed : golden_sealed_records()) known.insert(sealed.file.name);
  for (const auto& entry : fs::directory_iterator(GOLDEN_FOLDER))
    if (entry.path().filename().string()[0] != '.') there.insert(entry.path().filename());
  BOOST_TEST(known == there, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_SUITE_END()
