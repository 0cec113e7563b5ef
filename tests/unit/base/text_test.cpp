#include "base/text.hpp"

#include <boost/test/unit_test.hpp>
#include <climits>
#include <string>
#include <vector>

#include "support/hostile_locale.hpp"

using namespace ecoauth;
using Pieces = std::vector<std::string>;

namespace {
std::string all_bytes() {
  std::string bytes;
  for (int c = 0; c < 256; ++c) bytes += static_cast<char>(c);
  return bytes;
}
}  // namespace

BOOST_AUTO_TEST_SUITE(text)

BOOST_AUTO_TEST_CASE(trims) {
  BOOST_TEST(trim("") == "");
  BOOST_TEST(trim(" \t\r\n") == "");
  BOOST_TEST(trim("a") == "a");
  BOOST_TEST(trim("\r\n a b\t ") == "a b");
  BOOST_TEST(trim(std::string_view("\0 ", 2)) == std::string_view("\0", 1));
  BOOST_TEST(trim({}) == "");
}

BOOST_AUTO_TEST_CASE(cases) {
  BOOST_TEST(lower_ascii("AZaz09@[") == "azaz09@[");
  BOOST_TEST(lower_ascii("\xc3\x84\xff") == "\xc3\x84\xff");
  BOOST_TEST(equals_ignoring_case("Bearer", "bEARER"));
  BOOST_TEST(!equals_ignoring_case("Bearer", "Bearer "));
  BOOST_TEST(!equals_ignoring_case("[", "{"));
  BOOST_TEST(equals_ignoring_case("", ""));
  BOOST_TEST(starts_with("abc", ""));
  BOOST_TEST(starts_with("abc", "ab"));
  BOOST_TEST(!starts_with("ab", "abc"));
  BOOST_TEST(!starts_with("", "a"));
}

BOOST_AUTO_TEST_CASE(splits) {
  BOOST_TEST(split("", ",") == Pieces{});
  BOOST_TEST(split(",, ,", ", ") == Pieces{});
  BOOST_TEST(split("smartRead", ", ") == Pieces{"smartRead"});
  BOOST_TEST(split(" smartRead,smartWrite  ems,", ", ") == (Pieces{"smartRead", "smartWrite", "ems"}));
  BOOST_TEST(split("a;b", ",") == Pieces{"a;b"});
}

BOOST_AUTO_TEST_CASE(numbers) {
  for (int64_t number : {int64_t{0}, int64_t{7}, int64_t{-1}, int64_t{1234567}, INT64_MAX, INT64_MIN}) {
    BOOST_TEST(to_text(number) == std::to_string(number));
    BOOST_REQUIRE(parse_int(to_text(number)).has_value());
    BOOST_TEST(*parse_int(to_text(number)) == number);
  }
  BOOST_TEST(parse_int("007").value_or(-1) == 7);
  for (const char* odd :
       {"", " ", "-", "+1", "1 ", " 1", "1.0", "1e3", "0x10", "1_000", "1,000", "--1", "9223372036854775808",
        "-9223372036854775809", "99999999999999999999999999", "\xd9\xa1", "nan"})
    BOOST_TEST(!parse_int(odd).has_value(), odd);
  BOOST_TEST(!parse_int(std::string_view("1\0", 2)).has_value());
}

BOOST_AUTO_TEST_CASE(percent_escapes) {
  BOOST_TEST(percent_encode("") == "");
  BOOST_TEST(percent_encode("AZaz09-._~") == "AZaz09-._~");
  BOOST_TEST(percent_encode("a b+c/d=e&f%\x01\xff") == "a%20b%2Bc%2Fd%3De%26f%25%01%FF");
  const std::string bytes = all_bytes();
  const std::string encoded = percent_encode(bytes);
  BOOST_TEST(encoded.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~%") ==
             std::string::npos);
  BOOST_REQUIRE(percent_decode(encoded).has_value());
  BOOST_TEST((*percent_decode(encoded) == bytes));
  BOOST_TEST(percent_decode("%e4%E4").value_or("") == "\xe4\xe4");
  BOOST_TEST(percent_decode("a+b").value_or("") == "a+b");
  BOOST_TEST(percent_decode("a+b%2B", true).value_or("") == "a b+");
  for (const char* odd : {"%", "%4", "a%", "%%41", "%4G", "%G4", "%-1", "% 1", "%0x", "%41%"})
    BOOST_TEST(!percent_decode(odd).has_value(), odd);
}

BOOST_AUTO_TEST_CASE(bytes_of_a_peer_become_harmless) {
  const std::string shown = printable(all_bytes());
  BOOST_TEST(shown.size() == 256u);
  for (char c : shown) BOOST_TEST((c >= 0x20 && c < 0x7f));
  BOOST_TEST(printable("plain text, 100 %") == "plain text, 100 %");
  BOOST_TEST(printable("\x1b[31mred\r\nSet-Cookie: x\x7f\xc3\xa4") == " [31mred  Set-Cookie: x???");
  BOOST_TEST(printable(std::string(100000, 'x')).size() == 256u);
  BOOST_TEST(printable("abcdef", 3) == "abc");
  BOOST_TEST(printable("abcdef", 0) == "");
  BOOST_TEST(printable("") == "");
}

BOOST_AUTO_TEST_CASE(utf8) {
  for (const char* good : {"", "plain", "\xc2\x80", "\xdf\xbf", "\xe0\xa0\x80", "\xed\x9f\xbf", "\xee\x80\x80",
                           "\xef\xbf\xbf", "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf", "k\xc3\xb6ln \xf0\x9f\x8f\xa0"})
    BOOST_TEST(valid_utf8(good), printable(good));
  BOOST_TEST(valid_utf8(std::string_view("\0", 1)));
  for (const char* bad : {"\x80",
                          "\xbf",
                          "\xc0\x80",
                          "\xc1\xbf",
                          "\xc2",
                          "\xc2\x41",
                          "\xe0\x80\x80",
                          "\xe0\x9f\xbf",
                          "\xe0\xa0",
                          "\xed\xa0\x80",
                          "\xed\xbf\xbf",
                          "\xf0\x80\x80\x80",
                          "\xf0\x8f\xbf\xbf",
                          "\xf0\x90\x80",
                          "\xf4\x90\x80\x80",
                          "\xf5\x80\x80\x80",
                          "\xf8\x88\x80\x80\x80",
                          "\xfe",
                          "\xff",
                          "a\xc3",
                          "\xc3\xa4\xa4"})
    BOOST_TEST(!valid_utf8(bad), "accepted " << percent_encode(bad));
}

BOOST_AUTO_TEST_CASE(durations) {
  const int64_t s = 1000, min = 60 * s, h = 60 * min, d = 24 * h;
  const std::vector<std::pair<int64_t, std::string>> table = {{0, "0 s"},
                                                              {-5000, "0 s"},
                                                              {1, "1 s"},
                                                              {1000, "1 s"},
                                                              {1001, "2 s"},
                                                              {59 * s, "59 s"},
                                                              {59 * s + 1, "1 min"},
                                                              {9 * min, "9 min"},
                                                              {9 * min + 5 * s, "9 min 5 s"},
                                                              {h, "1 h"},
                                                              {h + 5 * min, "1 h 5 min"},
                                                              {h + 30 * s, "1 h"},
                                                              {d, "1 d"},
                                                              {7 * d + 3 * h, "7 d 3 h"},
                                                              {INT64_MIN, "0 s"},
                                                              {INT64_MAX, "106751991167 d 7 h"}};
  for (const auto& [span_ms, shown] : table) BOOST_TEST(duration_text(span_ms) == shown);
}

BOOST_AUTO_TEST_CASE(no_locale_matters) {
  const test::HostileLocale hostile;
  BOOST_TEST(to_text(1234567) == "1234567");
  BOOST_TEST(to_text(-1234567) == "-1234567");
  BOOST_TEST(parse_int("1234567").value_or(0) == 1234567);
  BOOST_TEST(!parse_int("1.234.567").has_value());
  BOOST_TEST(duration_text(int64_t{10000} * 24 * 3600 * 1000) == "10000 d");
}

BOOST_AUTO_TEST_SUITE_END()
