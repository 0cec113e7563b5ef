// Every number of the headers, read from the headers themselves, has its place here.
// SPDX-License-Identifier: MIT
#define BOOST_TEST_MODULE cpp_errors
#include <fstream>
#include <regex>
#include <sstream>

#include "sandbox.hpp"

using namespace ecoauth;

namespace {
/// The macros of a header that begin with a prefix, by their names without it.
std::map<std::string, int32_t> numbers(const std::string& header, const std::string& prefix) {
  std::ifstream file(std::string(std::getenv("ECOAUTH_HEADERS")) + "/ecoauth/" + header);
  std::stringstream text;
  text << file.rdbuf();
  const std::string all = text.str();
  std::map<std::string, int32_t> found;
  const std::regex line("#define " + prefix + "([A-Z_]+) \\(?(-?[0-9]+)\\)?\n");
  for (auto at = std::sregex_iterator(all.begin(), all.end(), line); at != std::sregex_iterator(); ++at)
    found[(*at)[1]] = std::stoi((*at)[2]);
  return found;
}

/// Whether an enum class has exactly a header's numbers.
template <typename Enum>
bool same(const std::map<std::string, int32_t>& header, const std::map<std::string, Enum>& ours) {
  bool equal = header.size() == ours.size();
  for (const auto& [name, value] : ours) equal = equal && header.count(name) && header.at(name) == int32_t(value);
  return equal;
}

template <typename Expected>
bool raises(const Error& error) {
  try {
    error.raise();
  } catch (const Error& thrown) {
    return typeid(thrown) == typeid(Expected) && thrown.code() == error.code();
  }
}
}  // namespace

BOOST_AUTO_TEST_CASE(every_number) {
  const auto codes = numbers("error.h", "ECOAUTH_ERROR_");
  BOOST_REQUIRE_GE(codes.size(), 36u);
  for (const auto& [name, number] : codes) {
    const Error error(number);
    BOOST_REQUIRE_EQUAL(error.name(), name);
    BOOST_REQUIRE_EQUAL(Result<Done>(error).code(), number);
    BOOST_REQUIRE(!Result<Done>(error));
    if (name == "CANCELLED")
      BOOST_REQUIRE(raises<Cancelled>(error));
    else if (name == "TIMEOUT")
      BOOST_REQUIRE(raises<TimedOut>(error));
    else if (name == "CLOSED")
      BOOST_REQUIRE(raises<Closed>(error));
    else
      BOOST_REQUIRE(raises<Error>(error));
  }

  const std::map<std::string, bool (*)(const Error&)> by_action = {{"NONE", raises<Error>},
                                                                   {"WAIT", raises<WaitError>},
                                                                   {"RETRY", raises<RetryError>},
                                                                   {"REAUTHORIZE", raises<ReauthorizeError>},
                                                                   {"USER_ACTION", raises<UserActionError>},
                                                                   {"FIX_CONFIG", raises<ConfigError>},
                                                                   {"FIX_STORAGE", raises<StorageError>},
                                                                   {"BUG", raises<DefectError>}};
  const auto actions = numbers("error.h", "ECOAUTH_ACTION_");
  BOOST_REQUIRE_EQUAL(actions.size(), by_action.size());
  for (const auto& [name, number] : actions) {
    BOOST_REQUIRE_EQUAL(ecoauth_action_name(number), name);
    BOOST_REQUIRE(by_action.at(name)(Error(ECOAUTH_ERROR_SERVER, "", number)));
  }
  BOOST_REQUIRE(raises<UserActionError>(Error(-9999, "", 99)));  // of a later library
  BOOST_REQUIRE_EQUAL(Error(-9999).name(), std::string("UNKNOWN"));

  // Positive results are successes, also those that are not known yet.
  for (const int32_t number : {ECOAUTH_OK, ECOAUTH_ALREADY_DONE, ECOAUTH_PENDING, ECOAUTH_UNSAVED_BUT_USABLE, 99}) {
    detail::Completion ended;
    ended.result = number;
    BOOST_REQUIRE(ended.take<Done>());
  }

  const std::map<std::string, EventKind> kinds = {{"PIN", EventKind::pin},       {"PROGRESS", EventKind::progress},
                                                  {"STATE", EventKind::state},   {"TOKEN", EventKind::token},
                                                  {"LOG", EventKind::log},       {"UNSAVED", EventKind::unsaved},
                                                  {"CLOSED", EventKind::closed}, {"COMPLETED", EventKind::completed}};
  BOOST_REQUIRE(same(numbers("event.h", "ECOAUTH_EVENT_"), kinds));
  const std::map<std::string, LogLevel> levels = {{"NONE", LogLevel::none},       {"ERROR", LogLevel::error},
                                                  {"WARNING", LogLevel::warning}, {"INFO", LogLevel::info},
                                                  {"DEBUG", LogLevel::debug},     {"TRACE", LogLevel::trace}};
  BOOST_REQUIRE(same(numbers("event.h", "ECOAUTH_LOG_"), levels));
  const std::map<std::string, Dispatch> modes = {
      {"WORKER", Dispatch::worker}, {"CALLER", Dispatch::caller}, {"POLL", Dispatch::poll}};
  BOOST_REQUIRE(same(numbers("options.h", "ECOAUTH_DISPATCH_"), modes));
  const std::map<std::string, GrantState> states = {{"NONE", GrantState::none},
                                                    {"ACTIVE", GrantState::active},
                                                    {"SUSPECT", GrantState::suspect},
                                                    {"NEEDS_REAUTHORIZATION", GrantState::needs_reauthorization},
                                                    {"BLOCKED", GrantState::blocked}};
  const auto grants = numbers("status.h", "ECOAUTH_GRANT_");
  BOOST_REQUIRE(same(grants, states));
  for (const auto& [name, number] : grants) BOOST_REQUIRE_EQUAL(ecoauth_state_name(int32_t(grant_state(number))), name);
  BOOST_REQUIRE(grant_state(99) == GrantState::suspect);
  BOOST_REQUIRE_EQUAL(numbers("status.h", "ECOAUTH_FLAG_").size(), 6u);  // used as they are
  proven("errors");
}

BOOST_AUTO_TEST_CASE(options_say_what_is_wrong) {
  using namespace std::string_literals;
  const auto said = [](Options& options) {
    const auto made = Client::try_make(options.store(memory_store()));
    BOOST_REQUIRE(!made);
    BOOST_REQUIRE_EQUAL(made.error().name(), std::string("INVALID_ARGUMENT"));
    BOOST_REQUIRE(!made.error().advice().empty());
    return std::string(made.error().what());
  };
  BOOST_REQUIRE_NE(said(Options().base_url("http://ecobee.example")).find("base_url"), std::string::npos);
  BOOST_REQUIRE_NE(said(Options().client_id("with\0NUL"s)).find("client_id"), std::string::npos);
  BOOST_REQUIRE_NE(said(Options().role(9)).find("role"), std::string::npos);
}
