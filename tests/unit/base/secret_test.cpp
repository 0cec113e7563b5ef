#include "base/secret.hpp"

#include <boost/test/unit_test.hpp>
#include <iostream>
#include <sstream>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "base/log.hpp"
#include "released_memory.hpp"
#include "support/hostile_locale.hpp"

using namespace ecoauth;
using ecoauth::test::ReleasedMemory;

// What must not compile. Each question is asked of a plain string too, to show that it can be answered "yes".
namespace {

template <typename T, typename = void>
struct printable_to_stream : std::false_type {};
template <typename T>
struct printable_to_stream<T, std::void_t<decltype(std::declval<std::ostream&>() << std::declval<const T&>())>>
    : std::true_type {};

template <typename T, typename = void>
struct comparable : std::false_type {};
template <typename T>
struct comparable<T, std::void_t<decltype(std::declval<const T&>() == std::declval<const T&>())>> : std::true_type {};

template <typename T, typename = void>
struct addable_to_text : std::false_type {};
template <typename T>
struct addable_to_text<T, std::void_t<decltype(std::declval<std::string&>() += std::declval<const T&>())>>
    : std::true_type {};

static_assert(printable_to_stream<std::string>::value && !printable_to_stream<Secret>::value);
static_assert(comparable<std::string>::value && !comparable<Secret>::value, "only equals() is constant in time");
static_assert(addable_to_text<std::string>::value && !addable_to_text<Secret>::value);
static_assert(!std::is_convertible_v<Secret, std::string> && !std::is_convertible_v<Secret, std::string_view>);
static_assert(!std::is_constructible_v<std::string, const Secret&>);
static_assert(!std::is_convertible_v<std::string, Secret> && std::is_constructible_v<Secret, std::string>);
static_assert(!std::is_copy_constructible_v<Secret> && !std::is_copy_assignable_v<Secret>);
static_assert(std::is_nothrow_move_constructible_v<Secret> && std::is_nothrow_move_assignable_v<Secret>,
              "or a growing vector would have to copy");

const std::string token = "v1.CANARY-3f9a7c51d2e84b60-long-enough-to-be-on-the-heap";
// A piece of it: what is left may have lost its ends.
const std::string_view piece = std::string_view(token).substr(8, 12);

}  // namespace

BOOST_AUTO_TEST_SUITE(secret)

BOOST_AUTO_TEST_CASE(holds_what_it_was_given) {
  const Secret empty;
  BOOST_TEST(empty.empty());
  BOOST_TEST(empty.size() == 0u);
  BOOST_TEST(empty.reveal() == "");
  BOOST_TEST(std::string(empty.reveal_c_str()) == "");
  const Secret nothing("");
  BOOST_TEST(nothing.empty());

  const Secret full(token);
  BOOST_TEST(!full.empty());
  BOOST_TEST(full.reveal() == token);
  BOOST_TEST(std::string(full.reveal_c_str()) == token);
  const std::string with_nul("a\0b", 3);
  BOOST_TEST(Secret(with_nul).reveal() == with_nul);
}

BOOST_AUTO_TEST_CASE(moves_and_clones) {
  Secret first(token);
  Secret second(std::move(first));
  BOOST_TEST(first.empty());
  BOOST_TEST(second.reveal() == token);
  Secret third("old");
  third = std::move(second);
  BOOST_TEST(second.empty());
  BOOST_TEST(third.reveal() == token);
  Secret& self = third;
  third = std::move(self);
  BOOST_TEST(third.reveal() == token);

  Secret copy = third.clone();
  BOOST_TEST(copy.reveal() == token);
  BOOST_TEST(static_cast<const void*>(copy.reveal().data()) != static_cast<const void*>(third.reveal().data()));
  copy.clear();
  BOOST_TEST(copy.empty());
  BOOST_TEST(third.reveal() == token);
  BOOST_TEST(Secret().clone().empty());
  first = Secret("usable again");
  BOOST_TEST(first.reveal() == "usable again");
}

BOOST_AUTO_TEST_CASE(grows) {
  Secret body;
  std::string expected;
  for (int i = 0; i < 1000; ++i) {
    const std::string more(static_cast<size_t>(i % 7), static_cast<char>('a' + i % 26));
    body.append(more);
    expected += more;
    BOOST_TEST(body.reveal_c_str()[body.size()] == '\0');
  }
  BOOST_TEST(body.reveal() == expected);

  Secret roomy;
  roomy.reserve(4096);
  const char* at = roomy.reveal().data();
  for (int i = 0; i < 4096; ++i) roomy.append("x");
  BOOST_TEST(static_cast<const void*>(roomy.reveal().data()) == static_cast<const void*>(at));
  roomy.reserve(10);
  BOOST_TEST(roomy.size() == 4096u);

  Secret doubled("0123456789abcdef");
  doubled.append(doubled.reveal());  // its own bytes, while it moves to a larger place
  BOOST_TEST(doubled.reveal() == "0123456789abcdef0123456789abcdef");
}

BOOST_AUTO_TEST_CASE(equals) {
  const Secret a(token), same(token), other("v1.CANARY"), shifted(token.substr(1) + token[0]), empty, empty_too("");
  BOOST_TEST(a.equals(a));
  BOOST_TEST(a.equals(same));
  BOOST_TEST(!a.equals(other));
  BOOST_TEST(!a.equals(shifted));
  BOOST_TEST(!a.equals(empty));
  BOOST_TEST(!empty.equals(a));
  BOOST_TEST(empty.equals(empty_too));
}

BOOST_AUTO_TEST_CASE(fingerprint) {
  BOOST_TEST(Secret().fingerprint() == "#none");
  BOOST_TEST(Secret("abc").fingerprint() == "#ba7816bf");  // FIPS 180-2, appendix B.1
  BOOST_TEST(Secret(token).fingerprint() == Secret(token).fingerprint());
  BOOST_TEST(Secret(token).fingerprint() != Secret(token + "x").fingerprint());
}

BOOST_AUTO_TEST_CASE(leaves_no_copy_behind) {
  ReleasedMemory released(piece);
  { const std::string careless(token); }
  BOOST_TEST(released.sightings() == 1u, "a plain string must be seen, or the watch is blind");

  released.forget();
  { const Secret ended(token); }
  {
    Secret cleared(token);
    cleared.clear();
    Secret overwritten(token);
    overwritten = Secret("something shorter");
    Secret moved(token);
    const Secret taken(std::move(moved));
    const Secret copy = taken.clone();
  }
  {
    Secret grown(token);
    for (int i = 0; i < 100; ++i) grown.append(token);
  }
  {
    std::vector<Secret> many;
    for (int i = 0; i < 50; ++i) many.emplace_back(token);
    many.erase(many.begin(), many.begin() + 20);
  }
  (void)Secret(token).fingerprint();
  BOOST_TEST(released.sightings() == 0u);
}

BOOST_AUTO_TEST_CASE(wipes_strings_of_other_interfaces) {
  ReleasedMemory released(piece);
  {
    std::string plain(token);
    plain.reserve(400);
    const size_t before = released.sightings();
    plain.resize(3);  // the rest of it is still there
    wipe(plain);
    BOOST_TEST(plain.empty());
    plain.shrink_to_fit();
    BOOST_TEST(released.sightings() == before);
  }
  std::string small("PIN4");
  wipe(small);
  BOOST_TEST(small.empty());
  char buffer[] = "abcdefgh";
  wipe(buffer, 4);
  BOOST_TEST(std::string(buffer, 8) == std::string("\0\0\0\0efgh", 8));
  wipe(nullptr, 10);
  wipe(buffer, 0);
  BOOST_TEST(buffer[4] == 'e');
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(log_lines)

namespace {
struct Lines {
  std::vector<std::pair<LogLevel, std::string>> all;
  Logger logger(LogLevel most_verbose) {
    return Logger(most_verbose, [this](LogLevel level, std::string_view line) { all.emplace_back(level, line); });
  }
};
}  // namespace

BOOST_AUTO_TEST_CASE(carry_fingerprints_instead_of_secrets) {
  Lines lines;
  const Secret secret(token);
  const std::string text = "text";
  lines.logger(LogLevel::trace)
      .log(LogLevel::info, "refresh of ", text, " with ", secret, true, " answered ", 200, ", ", int64_t{-5}, " of ",
           size_t{7}, std::string_view("."), Secret());
  BOOST_REQUIRE(lines.all.size() == 1u);
  BOOST_TEST(lines.all[0].second == "refresh of text with " + secret.fingerprint() + "yes answered 200, -5 of 7.#none");
  BOOST_TEST((lines.all[0].first == LogLevel::info));
  for (size_t at = 0; at + 6 <= token.size(); ++at)
    BOOST_TEST(lines.all[0].second.find(token.substr(at, 6)) == std::string::npos);
}

BOOST_AUTO_TEST_CASE(of_the_levels_that_were_asked_for) {
  const LogLevel levels[] = {LogLevel::error, LogLevel::warning, LogLevel::info, LogLevel::debug, LogLevel::trace};
  for (LogLevel most_verbose : levels) {
    Lines lines;
    const Logger logger = lines.logger(most_verbose);
    for (LogLevel level : levels) {
      const size_t before = lines.all.size();
      logger.log(level, "x");
      BOOST_TEST(lines.all.size() - before == (level <= most_verbose ? 1u : 0u));
      BOOST_TEST(logger.wants(level) == (level <= most_verbose));
    }
  }
  const Logger silent;
  BOOST_TEST(!silent.wants(LogLevel::error));
  silent.log(LogLevel::error, "nobody hears this");
}

BOOST_AUTO_TEST_CASE(do_not_depend_on_the_locale) {
  Lines lines;
  const test::HostileLocale hostile;
  lines.logger(LogLevel::info).log(LogLevel::info, 1234567, false, int64_t{-9876543});
  BOOST_TEST(lines.all[0].second == "1234567no-9876543");
}

BOOST_AUTO_TEST_SUITE_END()
