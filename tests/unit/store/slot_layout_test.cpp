// The bytes of a token file: nothing but what was written is ever taken for a record.
#include "store/slot_layout.hpp"

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <random>

#include "base/error.hpp"

using namespace ecoauth;
using namespace ecoauth::slot_layout;

namespace {

std::string image_text(const SlotImage& image) { return std::string(image.bytes.reveal()); }

/// A file with these slots; an empty text leaves a slot of zeros.
std::string file_with(const std::string& slot0, const std::string& slot1, const std::string& slot2) {
  std::string file(header_line());
  file.resize(header_bytes, '\0');
  for (const std::string& slot : {slot0, slot1, slot2}) {
    file += slot;
    file.resize(file.size() + slot_bytes - slot.size(), '\0');
  }
  return file;
}

std::string slot(int64_t seq, const std::string& record, int64_t attempt = 1) {
  return image_text(slot_image(seq, attempt, record));
}

/// The newest record, "none", or "!" and the name of the error.
std::string newest(std::string_view file, const Failures& failures = {}) {
  auto contents = read_contents(file, failures, "/tokens");
  if (!contents) return std::string("!") + result_name(contents.error().code);
  if (contents.value().newest < 0) return "none";
  return std::string(contents.value().slots[static_cast<size_t>(contents.value().newest)].record);
}

const std::string blank = image_text(blank_slot_image());

}  // namespace

BOOST_AUTO_TEST_SUITE(layout)

BOOST_AUTO_TEST_CASE(the_highest_number_wins_and_then_the_later_attempt) {
  BOOST_TEST(newest(file_with(slot(3, "three"), slot(4, "four"), slot(5, "five"))) == "five");
  BOOST_TEST(newest(file_with(slot(6, "six"), slot(4, "four"), slot(5, "five"))) == "six");
  BOOST_TEST(newest(file_with(slot(7, "first", 1), slot(7, "second", 2), slot(6, "six", 9))) == "second");
  BOOST_TEST(newest(file_with(blank, slot(1, "one"), "")) == "one");
  BOOST_TEST(newest(file_with(blank, "", "")) == "none");
}

BOOST_AUTO_TEST_CASE(damage_is_never_nothing) {
  BOOST_TEST(newest(file_with("junk", slot(1, "one"), "")) == "one");
  BOOST_TEST(newest(file_with("junk", blank, "")) == "none");
  BOOST_TEST(newest(file_with("", "junk", "")) == "!STORE_CORRUPT");
  BOOST_TEST(newest(file_with("", "", "")) == "!STORE_CORRUPT");  // begun, so that the blank at least must be there
  std::string whole = file_with("", slot(1, "one"), "");
  for (size_t size : {header_line().size(), header_bytes, header_bytes + 100, header_bytes + slot_bytes})
    BOOST_TEST(newest(whole.substr(0, size)) == "!STORE_CORRUPT");
  BOOST_TEST(newest(std::string(file_bytes, 'x')) == "!STORE_CORRUPT");
  BOOST_TEST(newest("{\"refresh_token\": \"x\"}") == "!STORE_CORRUPT");
  BOOST_TEST(newest(std::string(header_bytes, '\0') + whole.substr(header_bytes)) == "!STORE_CORRUPT");
}

BOOST_AUTO_TEST_CASE(a_file_that_nobody_finished_beginning_holds_nothing) {
  std::string finished = file_with(blank, "", "");
  BOOST_TEST(newest("") == "none");
  BOOST_TEST(newest(std::string(100, '\0')) == "none");
  BOOST_TEST(newest(std::string(file_bytes, '\0')) == "none");
  std::string without_header = std::string(header_bytes, '\0') + finished.substr(header_bytes);
  for (size_t size = 0; size <= blank.size(); ++size) {
    std::string begun = without_header;
    std::fill(begun.begin() + static_cast<std::ptrdiff_t>(header_bytes + size), begun.end(), '\0');
    BOOST_TEST(newest(begun) == "none");
    BOOST_TEST(read_contents(begun, {}, "").value().uninitialised);
  }
  for (size_t size = 0; size < header_line().size(); ++size) {
    std::string begun = finished;
    std::fill(begun.begin() + static_cast<std::ptrdiff_t>(size), begun.begin() + header_bytes, '\0');
    BOOST_TEST(read_contents(begun, {}, "").value().uninitialised);
    begun[header_bytes + slot_bytes] = 'x';
    BOOST_TEST(newest(begun) == "!STORE_CORRUPT");
  }
  BOOST_TEST(!read_contents(finished, {}, "").value().uninitialised);
}

BOOST_AUTO_TEST_CASE(later_versions_are_recognised) {
  std::string file = file_with(slot(3, "three"), slot(4, "four"), slot(5, "five"));
  std::string later_header = file;
  later_header.replace(0, 16, "ecoauth-store 2\n");
  BOOST_TEST(newest(later_header) == "!STORE_NEWER");
  later_header.replace(0, 17, "ecoauth-store 10\n");
  BOOST_TEST(newest(later_header) == "!STORE_NEWER");
  std::string later_slot = file;
  later_slot.replace(header_bytes, 15, "ecoauth-slot 2 ");
  BOOST_TEST(newest(later_slot) == "!STORE_NEWER");
  for (const char* odd : {"ecoauth-store 0\n", "ecoauth-store 01", "ecoauth-store -1", "ecoauth-store x\n"}) {
    std::string spoilt = file;
    spoilt.replace(0, 16, odd);
    BOOST_TEST(newest(spoilt) == "!STORE_CORRUPT");
  }
}

BOOST_AUTO_TEST_CASE(every_flipped_bit_is_noticed) {
  // Of each byte of a slot's line and record, and of the zeros behind it in every 97th place.
  std::string record = "the newest record";
  std::string file = file_with(slot(3, "three"), slot(4, "the one before"), slot(5, record));
  size_t from = static_cast<size_t>(slot_offset(2)), used = slot(5, record).size();
  for (size_t at = 0; at < slot_bytes; at += at < used ? 1 : 97)
    for (int bit = 0; bit < 8; ++bit) {
      std::string spoilt = file;
      spoilt[from + at] = static_cast<char>(spoilt[from + at] ^ (1 << bit));
      std::string found = newest(spoilt);
      bool noticed = found == "the one before" || found == "!STORE_NEWER";
      BOOST_TEST_REQUIRE((noticed || (at >= used && found == record)),
                         "bit " << bit << " of byte " << at << ": " << found);
    }
}

BOOST_AUTO_TEST_CASE(a_flipped_bit_of_the_header_is_noticed) {
  std::string file = file_with("", slot(4, "four"), "");
  for (size_t at = 0; at < header_line().size(); ++at)
    for (int bit = 0; bit < 8; ++bit) {
      std::string spoilt = file;
      spoilt[at] = static_cast<char>(spoilt[at] ^ (1 << bit));
      BOOST_TEST((newest(spoilt) == "!STORE_CORRUPT" || newest(spoilt) == "!STORE_NEWER"));
    }
}

BOOST_AUTO_TEST_CASE(every_cut_of_a_slot_is_noticed) {
  std::string whole = slot(5, "the newest record");
  for (size_t size = 0; size < whole.size(); ++size)
    BOOST_TEST(newest(file_with(slot(3, "three"), slot(4, "four"), whole.substr(0, size))) == "four");
  // And so is a file that ends inside a slot, wherever that is.
  std::string file = file_with(slot(3, "three"), slot(4, "four"), whole);
  for (size_t size = static_cast<size_t>(slot_offset(2)); size < static_cast<size_t>(slot_offset(2)) + whole.size();
       ++size)
    BOOST_TEST(newest(file.substr(0, size)) == "four");
}

BOOST_AUTO_TEST_CASE(a_line_has_one_spelling) {
  const std::string record = "r";
  const std::string good = slot(5, record);
  const std::string digest = good.substr(good.find("sha256="));
  for (const char* line :
       {"ecoauth-slot 1 seq=05 try=1 size=1 ", "ecoauth-slot 1 seq=5 try=+1 size=1 ",
        "ecoauth-slot 1 seq=5 try=1 size=-1 ", "ecoauth-slot 1 seq=5 try=1 size=99999 ",
        "ecoauth-slot 1 seq=5 try=1 size=9223372036854775808 ", "ecoauth-slot 1  seq=5 try=1 size=1 ",
        "ecoauth-slot 1\nseq=5 try=1 size=1 ", "ecoauth-slot 1 try=1 seq=5 size=1 "})
    BOOST_TEST(newest(file_with(slot(4, "four"), "", line + digest)) == "four");
}

BOOST_AUTO_TEST_CASE(swapped_slots_and_old_copies_change_nothing_for_the_worse) {
  std::string three = slot(3, "three"), four = slot(4, "four"), five = slot(5, "five");
  BOOST_TEST(newest(file_with(five, three, four)) == "five");
  BOOST_TEST(newest(file_with(three, four, four)) == "four");
  BOOST_TEST(newest(file_with(five, five, five)) == "five");
}

BOOST_AUTO_TEST_CASE(random_garbage_is_never_a_record) {
  std::mt19937 dice(5);
  for (int round = 0; round < 300; ++round) {
    std::string garbage(slot_bytes, '\0');
    for (char& byte : garbage) byte = static_cast<char>(dice());
    if (round % 2) garbage.replace(0, 15, "ecoauth-slot 1 ");
    BOOST_TEST(newest(file_with(garbage, slot(4, "four"), garbage)) == "four");
    BOOST_TEST(newest(file_with(garbage, garbage, garbage)) == "!STORE_CORRUPT");
  }
}

BOOST_AUTO_TEST_CASE(a_slot_whose_sync_failed_does_not_count) {
  SlotImage failed = slot_image(5, 1, "perhaps not on disk");
  std::string file = file_with(slot(3, "three"), slot(4, "four"), image_text(failed));
  Failures failures;
  failures[2] = failed.digest;
  BOOST_TEST(newest(file) == "perhaps not on disk");
  BOOST_TEST(newest(file, failures) == "four");
  Contents contents = read_contents(file, failures, "").value();
  BOOST_TEST(contents.newest_seq() == 4);
  BOOST_TEST(!contents.damage);
  // Its successor goes elsewhere and wins over it.
  BOOST_TEST(slot_for(contents, 5, failures) == 0);
  BOOST_TEST(attempt_for(contents, 5) == 2);
  BOOST_TEST(newest(file_with(slot(5, "saved", 2), slot(4, "four"), image_text(failed))) == "saved");
}

BOOST_AUTO_TEST_CASE(a_record_never_overwrites_what_a_torn_write_falls_back_to) {
  for (int at = 0; at < slot_count; ++at)
    for (int64_t seq = 5; seq < 9; ++seq) {
      std::string slots[slot_count];
      slots[at] = slot(4, "four");
      Contents contents = read_contents(file_with(slots[0], slots[1], slots[2]), {}, "").value();
      BOOST_TEST(slot_for(contents, seq, {}) != at);
      Failures failures = {"x", "x", "x"};
      BOOST_TEST(slot_for(contents, seq, failures) != at);
      slots[at] = blank;
      contents = read_contents(file_with(slots[0], slots[1], slots[2]), {}, "").value();
      BOOST_TEST(slot_for(contents, seq, {}) != at);
    }
}

BOOST_AUTO_TEST_CASE(every_slot_has_its_turn) {
  // So that the two records before the one that is being written are both there.
  std::string slots[slot_count] = {blank, "", ""};
  for (int64_t seq = 1; seq < 10; ++seq) {
    const Contents contents = read_contents(file_with(slots[0], slots[1], slots[2]), {}, "").value();
    const int place = slot_for(contents, seq, {});
    BOOST_TEST(place == seq % slot_count);
    slots[place] = slot(seq, "record");
  }
}

BOOST_AUTO_TEST_CASE(the_longest_record_fits) {
  std::string record(longest_record_bytes, 'r');
  std::string image = image_text(slot_image(INT64_MAX, INT64_MAX, record));
  BOOST_TEST(image.size() <= slot_bytes);
  BOOST_TEST((newest(file_with("", image, "")) == record));
}

BOOST_AUTO_TEST_SUITE_END()
