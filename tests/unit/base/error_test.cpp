// The texts of every code of <ecoauth/error.h>; the header itself is the list.
#include "base/error.hpp"

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <fstream>
#include <map>
#include <memory>
#include <regex>
#include <set>
#include <string>

#include "base/text.hpp"

using namespace ecoauth;

namespace {

/// Name and number of each "#define ECOAUTH_<prefix><NAME> <number>".
std::map<std::string, int32_t> numbers(const std::string& pattern) {
  std::ifstream header(ERROR_HEADER);
  BOOST_REQUIRE(header.good());
  const std::regex define("#define ECOAUTH_" + pattern + " \\(?(-?[0-9]+)\\)?");
  std::map<std::string, int32_t> found;
  std::string line;
  std::smatch match;
  while (std::getline(header, line))
    if (std::regex_match(line, match, define)) found[match[1]] = static_cast<int32_t>(*parse_int(match[2].str()));
  return found;
}

std::map<std::string, int32_t> failures() { return numbers("ERROR_([A-Z_]+)"); }

void check_line(const std::string& line) {
  BOOST_REQUIRE(!line.empty());
  BOOST_TEST(line == printable(line));
  BOOST_TEST(line == trim(line));
  BOOST_TEST((line.back() == '.'));
  BOOST_TEST((line.front() >= 'A' && line.front() <= 'Z'));
}

}  // namespace

BOOST_AUTO_TEST_SUITE(errors)

BOOST_AUTO_TEST_CASE(every_failure_has_name_advice_and_action) {
  const auto all = failures();
  BOOST_TEST(all.size() >= 34u);
  std::set<int32_t> seen;
  for (const auto& [name, code] : all) BOOST_TEST_CONTEXT(name) {
      BOOST_TEST(code < 0);
      BOOST_TEST(seen.insert(code).second);
      BOOST_TEST(result_name(code) == name);
      const Error error = make_error(code, "what happened");
      BOOST_TEST(error.code == code);
      BOOST_TEST(error.message == "what happened");
      BOOST_TEST(std::string(action_name(error.action)) != "UNKNOWN");
      // Not finding something, and being told to stop, need nothing to be done.
      const bool harmless = code == ECOAUTH_ERROR_NOT_FOUND || code == ECOAUTH_ERROR_CANCELLED;
      BOOST_TEST((error.action == ECOAUTH_ACTION_NONE) == harmless);
      check_line(error.advice);
      BOOST_TEST(error.retry_after_ms == 0);
      BOOST_TEST(error.http_status == 0);
      BOOST_TEST(error.api_status == -1);
    }
}

BOOST_AUTO_TEST_CASE(successes_have_names) {
  const auto all = numbers("((?!ERROR_|ACTION_)[A-Z_]+)");
  BOOST_TEST(all.size() == 4u);
  for (const auto& [name, code] : all) {
    BOOST_TEST(code >= 0, name);
    BOOST_TEST(result_name(code) == name);
  }
}

BOOST_AUTO_TEST_CASE(actions_have_names) {
  const auto all = numbers("ACTION_([A-Z_]+)");
  BOOST_TEST(all.size() == 8u);
  for (const auto& [name, action] : all) BOOST_TEST(action_name(action) == name);
}

BOOST_AUTO_TEST_CASE(unknown_numbers) {
  for (int32_t code : {4, 1000, -13, -99, -113, -203, -308, INT32_MAX, INT32_MIN}) {
    BOOST_TEST(result_name(code) == "UNKNOWN");
    const Error error = make_error(code, "x");
    BOOST_TEST(error.code == code);
    BOOST_TEST(error.action == ECOAUTH_ACTION_USER_ACTION);
  }
  for (int32_t action : {-1, 8, INT32_MAX, INT32_MIN}) BOOST_TEST(action_name(action) == "UNKNOWN");
}

BOOST_AUTO_TEST_CASE(better_advice_replaces_the_usual) {
  const Error error = make_error(ECOAUTH_ERROR_STORE, "the disk is full", "Make room.");
  BOOST_TEST(error.advice == "Make room.");
  BOOST_TEST(error.action == ECOAUTH_ACTION_FIX_STORAGE);
}

BOOST_AUTO_TEST_CASE(results) {
  Result<int> good(7);
  BOOST_TEST(good.ok());
  BOOST_TEST(static_cast<bool>(good));
  BOOST_TEST(good.value() == 7);
  const Result<int> bad(make_error(ECOAUTH_ERROR_STORE, "x"));
  BOOST_TEST(!bad.ok());
  BOOST_TEST(bad.error().code == ECOAUTH_ERROR_STORE);
  const Result<bool> no(false);
  BOOST_TEST(no.ok());
  BOOST_TEST(!no.value());
  Result<std::unique_ptr<int>> owner(std::make_unique<int>(3));
  BOOST_TEST(*std::move(owner.value()) == 3);
}

BOOST_AUTO_TEST_SUITE_END()
