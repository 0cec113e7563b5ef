#include <boost/test/unit_test.hpp>

#include "protocol/answers.hpp"

using namespace ecoauth;

BOOST_AUTO_TEST_SUITE(retry_after)

BOOST_AUTO_TEST_CASE(seconds) {
  const int64_t six_hours = 6 * 3600 * 1000;
  BOOST_TEST(retry_after_ms("", "") == 0);
  BOOST_TEST(retry_after_ms("120", "") == 120000);
  BOOST_TEST(retry_after_ms(" 120 ", "") == 120000);
  BOOST_TEST(retry_after_ms("0", "") == 1000);
  BOOST_TEST(retry_after_ms("1", "") == 1000);
  BOOST_TEST(retry_after_ms("21600", "") == six_hours);
  BOOST_TEST(retry_after_ms("21601", "") == six_hours);
  BOOST_TEST(retry_after_ms("99999999999999999999999999", "") == six_hours);
  BOOST_TEST(retry_after_ms("9223372036854775807", "") == six_hours);
  for (const char* odd : {"-1", "+5", "1.5", "1e3", "0x10", "soon", "5 s", "5,6", "1 2"})
    BOOST_TEST(retry_after_ms(odd, "Sun, 06 Nov 1994 08:49:37 GMT") == 0, odd);
}

BOOST_AUTO_TEST_CASE(dates_against_the_answers_own) {
  const char* dates[] = {"Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994"};
  const char* later[] = {"Sun, 06 Nov 1994 08:51:37 GMT", "Sunday, 06-Nov-94 08:51:37 GMT", "Sun Nov  6 08:51:37 1994"};
  const char* much_later[] = {"Sun, 13 Nov 1994 08:49:37 GMT", "Sunday, 13-Nov-94 08:49:37 GMT",
                              "Sun Nov 13 08:49:37 1994"};
  for (const char* date : dates) {
    for (const char* then : later) BOOST_TEST(retry_after_ms(then, date) == 120000, then << " against " << date);
    for (const char* then : much_later) BOOST_TEST(retry_after_ms(then, date) == 6 * 3600 * 1000, then);
    for (const char* same : dates) BOOST_TEST(retry_after_ms(same, date) == 1000);
  }
  for (const char* then : later) BOOST_TEST(retry_after_ms("Sun, 06 Nov 1994 08:49:37 GMT", then) == 1000);
}

BOOST_AUTO_TEST_CASE(unreadable_dates) {
  const char date[] = "Sun, 06 Nov 1994 08:49:37 GMT";
  for (const char* odd :
       {"Sun, 06 Nov 1994", "06 Nov 1994 08:49:37", "1994-11-06T08:49:37Z", "Sun, 99 Nov 1994 08:49:37 GMT",
        "Sun, 06 Foo 1994 08:49:37 GMT", "Sun, 06 Nov 1994 28:49:37 GMT", "Sun, 06 Nov 1994 08:49:37 PST",
        "Sun, 31 Feb 1994 08:49:37 GMT", "xxxxxxxxxxxxxxxxxxxxxxxx:xx", "Sun, 06 Nov 1994 08:49:37 GMT, x",
        "Sun Nov  6 08:49:37 1994 x"}) {
    BOOST_TEST(retry_after_ms(odd, date) == 0, odd);
    BOOST_TEST(retry_after_ms("Sun, 06 Nov 1994 08:51:37 GMT", odd) == 0, odd);
  }
  BOOST_TEST(retry_after_ms("Sun, 06 Nov 1994 08:51:37 GMT", "") == 0);
}

BOOST_AUTO_TEST_SUITE_END()
