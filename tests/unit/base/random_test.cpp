#include "base/random.hpp"

#include <boost/test/unit_test.hpp>
#include <map>
#include <set>
#include <string>

#include "support/fixed_random.hpp"

using namespace ecoauth;

namespace {
/// Gives the same bytes for ever: the ends of every range.
class Stuck final : public Random {
 public:
  explicit Stuck(char byte) : byte_(byte) {}
  std::string bytes(size_t count) override { return std::string(count, byte_); }

 private:
  const char byte_;
};
}  // namespace

BOOST_AUTO_TEST_SUITE(random_numbers)

BOOST_AUTO_TEST_CASE(system_bytes) {
  BOOST_TEST(system_random().bytes(0).empty());
  std::set<std::string> seen;
  for (int i = 0; i < 1000; ++i) {
    const std::string bytes = system_random().bytes(16);
    BOOST_TEST(bytes.size() == 16u);
    seen.insert(bytes);
  }
  BOOST_TEST(seen.size() == 1000u);
  const std::string many = system_random().bytes(100000);
  std::map<char, int> counts;
  for (char c : many) ++counts[c];
  BOOST_TEST(counts.size() == 256u);
  for (const auto& [byte, count] : counts)
    BOOST_TEST((count > 200 && count < 600), "byte " << int(byte) << ": " << count);
}

BOOST_AUTO_TEST_CASE(fractions_and_ranges) {
  Stuck lowest('\0'), highest('\xff');
  BOOST_TEST(lowest.fraction() == 0.0);
  BOOST_TEST(highest.fraction() < 1.0);
  BOOST_TEST(highest.fraction() > 0.999999);
  for (const auto& [low, high] : {std::pair<int64_t, int64_t>{0, 0},
                                  {0, 1},
                                  {-5, 5},
                                  {1, 1000000007},
                                  {-100, -50},
                                  {0, int64_t{1} << 52},
                                  {1, INT64_MAX},
                                  {INT64_MIN, INT64_MAX}}) {
    BOOST_TEST(lowest.between(low, high) == low);
    const int64_t top = highest.between(low, high);
    BOOST_TEST(top <= high);
    // A fraction has 53 bits: in wider ranges not every number can come, but the ends are near.
    BOOST_TEST(static_cast<double>(high) - static_cast<double>(top) <=
               (static_cast<double>(high) - static_cast<double>(low)) / 4e15);
  }
  BOOST_TEST(highest.between(7, 3) == 7);

  test::FixedRandom random(42);
  std::map<int64_t, int> counts;
  for (int i = 0; i < 60000; ++i) ++counts[random.between(1, 6)];
  BOOST_TEST(counts.size() == 6u);
  for (const auto& [face, count] : counts) BOOST_TEST((count > 9500 && count < 10500), face << ": " << count);
}

BOOST_AUTO_TEST_CASE(the_tests_own_numbers_repeat) {
  test::FixedRandom a(3), b(3), c(4);
  const std::string bytes = a.bytes(13);
  BOOST_TEST(bytes.size() == 13u);
  BOOST_TEST((bytes == b.bytes(13)));
  BOOST_TEST((bytes != c.bytes(13)));
}

BOOST_AUTO_TEST_SUITE_END()
