// The steps of ../../scenario.json, in C++.
// SPDX-License-Identifier: MIT
#define BOOST_TEST_MODULE cpp_scenario
#include <sys/wait.h>
#include <unistd.h>

#include <regex>
#include <thread>

#include "map_store.hpp"
#include "sandbox.hpp"

using namespace ecoauth;
using namespace std::chrono_literals;

namespace {
const std::vector<const char*> approves = {"--auto-approve", "0"};

/// Starts the test's host program; its exit code is what waiting for it gives.
pid_t start_host(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), ECOAUTH_TEST_HOST);
  std::vector<char*> pointers;
  for (std::string& each : arguments) pointers.push_back(each.data());
  pointers.push_back(nullptr);
  const pid_t process = fork();
  if (process == 0) {
    execv(pointers[0], pointers.data());
    _exit(127);
  }
  return process;
}
}  // namespace

BOOST_AUTO_TEST_CASE(pin_progress_approve) {
  Sandbox sandbox;
  Events events;
  std::mutex mutex;
  std::optional<Pin> shown;
  Options options = options_for(sandbox);
  options.on_event(events.handler()).on_pin([&](const Pin& pin) {
    std::lock_guard lock(mutex);
    shown = pin;
  });
  Client client(options);
  Account account = client.account();
  auto authorization = std::move(account.start_authorize_pin().value());

  events.await(EventKind::pin);
  const Pin pin = (std::lock_guard(mutex), *shown);
  BOOST_REQUIRE(std::regex_match(pin.pin, std::regex("[A-Z0-9]{4}-[A-Z0-9]{4}")));
  BOOST_REQUIRE(std::regex_search(pin.verification_url, std::regex("/consumerportal/index\\.html$")));
  BOOST_REQUIRE(pin.remaining > 0ms);
  BOOST_REQUIRE(pin.remaining <= 900s);
  BOOST_REQUIRE_EQUAL(pin.scope, "smartRead");
  proven("pin");

  const Event progress = events.await(EventKind::progress);
  BOOST_REQUIRE(progress.remaining > 0ms);
  BOOST_REQUIRE(progress.remaining < pin.remaining);
  BOOST_REQUIRE_EQUAL(progress.operation, authorization.id());
  proven("progress");

  sandbox.control("approve", "pin=" + pin.pin);
  authorization.get(30s);
  const Status status = account.status();
  BOOST_REQUIRE(status.state == GrantState::active);
  BOOST_REQUIRE_EQUAL(status.generation, 1);
  BOOST_REQUIRE(status.scope_satisfied == true);
  BOOST_REQUIRE_EQUAL(status.store, "memory");
  proven("approve");
}

BOOST_AUTO_TEST_CASE(token_and_refresh) {
  Sandbox sandbox(approves);
  Client client(options_for(sandbox));
  Account account = client.account();
  BOOST_REQUIRE(!account.token_in_memory());
  account.authorize_pin(30s);
  const Token token = account.token();
  BOOST_REQUIRE(!token.access_token().empty());
  BOOST_REQUIRE_EQUAL(token.authorization_header(), "Bearer " + token.access_token());
  BOOST_REQUIRE_EQUAL(token.generation(), 1);
  BOOST_REQUIRE(token.valid() > 3500s);
  BOOST_REQUIRE(token.valid() <= 3600s);
  BOOST_REQUIRE(account.token_in_memory() == token.access_token());
  proven("token");

  account.refresh(30s);
  const Token second = account.start_token().value().get(30s);
  BOOST_REQUIRE_EQUAL(second.generation(), 2);
  BOOST_REQUIRE_EQUAL(account.generation(), 2);
  BOOST_REQUIRE(second.access_token() != token.access_token());
  BOOST_REQUIRE(!account.report_rejected(token.generation()));
  const auto error = thrown_by<RetryError>([&] { account.refresh(30s); });
  BOOST_REQUIRE_EQUAL(error.code(), ECOAUTH_ERROR_RATE_LIMITED);
  BOOST_REQUIRE_EQUAL(error.action(), ECOAUTH_ACTION_RETRY);
  BOOST_REQUIRE(error.retry_after() > 0ms);
  // The same without exceptions.
  const auto refused = account.try_refresh(30s);
  BOOST_REQUIRE(!refused);
  BOOST_REQUIRE_EQUAL(refused.error().name(), std::string("RATE_LIMITED"));
  proven("refresh");
}

BOOST_AUTO_TEST_CASE(request) {
  Sandbox sandbox(approves);
  Client client(options_for(sandbox));
  Account account = client.account();
  account.authorize_pin(30s);
  const Response first = account.request("GET", summary, std::nullopt, 30s);
  BOOST_REQUIRE_EQUAL(first.http_status, 200);
  BOOST_REQUIRE_EQUAL(first.api_status, 0);
  BOOST_REQUIRE(first.body.find("\"thermostatCount\"") != std::string::npos);
  sandbox.control("expire", "what=access");
  const Response second = account.start_request("GET", summary).value().get(30s);
  BOOST_REQUIRE_EQUAL(second.http_status, 200);
  BOOST_REQUIRE_EQUAL(second.api_status, 0);
  BOOST_REQUIRE_EQUAL(account.generation(), 2);
  BOOST_REQUIRE_EQUAL(sandbox_requests(&sandbox.process, "api"), 3);

  const Response third =
      account.request("GET", summary, std::nullopt, Extras{{{"X-One", "1"}, {"X-Two", "2"}}, 1 << 20}, 30s);
  BOOST_REQUIRE_EQUAL(third.body, first.body);
  auto refused = account.try_request("GET", summary, std::nullopt, Extras{{}, 5}, 30s);
  BOOST_REQUIRE_EQUAL(refused.error().name(), std::string("PROTOCOL"));
  for (const char* name : {"Authorization", "X-One: 1\nX-Two"}) {
    const auto started = account.start_request("GET", summary, std::nullopt, Extras{{{name, "mine"}}});
    BOOST_REQUIRE(!started);
    BOOST_REQUIRE_EQUAL(started.error().name(), std::string("INVALID_ARGUMENT"));
  }
  proven("request");
}

BOOST_AUTO_TEST_CASE(cancel) {
  Sandbox sandbox;
  Events events;
  Options options = options_for(sandbox);
  options.on_event(events.handler());
  Client client(options);
  Account account = client.account();
  StopSource stop;
  std::string pin;
  std::chrono::steady_clock::time_point stopped;
  std::thread other([&] {
    pin = events.await(EventKind::pin).pin.pin;
    stopped = std::chrono::steady_clock::now();
    stop.request_stop();
  });
  const auto error = thrown_by<Cancelled>([&] { account.authorize_pin(forever, stop.get_token()); });
  const auto ended = std::chrono::steady_clock::now();
  other.join();
  BOOST_REQUIRE_EQUAL(error.code(), ECOAUTH_ERROR_CANCELLED);
  BOOST_REQUIRE(ended - stopped < 1s);

  auto again = std::move(account.start_authorize_pin().value());
  BOOST_REQUIRE_EQUAL(events.await(EventKind::pin).pin.pin, pin);
  BOOST_REQUIRE_EQUAL(again.try_get(50ms).code(), ECOAUTH_ERROR_TIMEOUT);
  sandbox.control("approve", "pin=" + pin);
  again.get(30s);
  // A token that is stopped already ends the call at once.
  BOOST_REQUIRE_EQUAL(account.try_refresh(30s, stop.get_token()).code(), ECOAUTH_ERROR_CANCELLED);
  proven("cancel");
}

BOOST_AUTO_TEST_CASE(expired) {
  Sandbox sandbox({"--expired-as", "authorization_expired"});
  Events events;
  Options options = options_for(sandbox);
  options.on_event(events.handler());
  Client client(options);
  Account account = client.account();
  auto authorization = std::move(account.start_authorize_pin().value());
  events.await(EventKind::pin);
  sandbox.control("expire", "what=pin");
  const auto error = thrown_by<ReauthorizeError>([&] { authorization.get(30s); });
  BOOST_REQUIRE_EQUAL(error.code(), ECOAUTH_ERROR_PIN_EXPIRED);
  BOOST_REQUIRE(!error.advice().empty());
  proven("expired");
}

BOOST_AUTO_TEST_CASE(declined) {
  Sandbox sandbox;
  Options options = options_for(sandbox);
  options.dispatch(Dispatch::poll);
  Client client(options);
  Account account = client.account();
  auto authorization = std::move(account.start_authorize_pin().value());
  for (;;) {
    const std::optional<Event> event = client.next_event(30s);
    BOOST_REQUIRE(event.has_value());
    if (event->kind == EventKind::pin) sandbox.control("decline", "pin=" + event->pin.pin);
    if (event->kind == EventKind::completed) break;
  }
  const auto error = thrown_by<ReauthorizeError>([&] { authorization.get(0ms); });
  BOOST_REQUIRE_EQUAL(error.code(), ECOAUTH_ERROR_DECLINED);
  proven("declined");
}

BOOST_AUTO_TEST_CASE(store_of_ones_own) {
  Sandbox sandbox(approves);
  auto store = std::make_shared<MapStore>();
  {
    Options options = options_for(sandbox);
    options.store(own_store(store));
    Client client(options);
    Account account = client.account();
    account.authorize_pin(30s);
    account.refresh(30s);
    BOOST_REQUIRE_EQUAL(account.status().store, "callbacks");
    if (ecoauth_has_feature("accounts")) BOOST_REQUIRE(client.accounts() == std::vector<std::string>{"default"});
  }
  BOOST_REQUIRE_EQUAL(store.use_count(), 1);  // the library has let go of it
  BOOST_REQUIRE(store->calls() > 0);
  BOOST_REQUIRE(store->threads().count(std::this_thread::get_id()) == 0);
  Options options;
  options.client_id(client_id).base_url(sandbox.url()).store(own_store(store));
  Client second(options);
  BOOST_REQUIRE_EQUAL(second.account().token(0ms, 30s).generation(), 2);
  proven("own-store");
}

BOOST_AUTO_TEST_CASE(two_processes) {
  Sandbox sandbox({"--auto-approve", "0", "--refresh-policy", "strict"});
  Folder folder;
  {
    Options options = options_for(sandbox);
    options.store(file_store(folder.path));
    Client client(options);
    client.account().authorize_pin(30s);
  }
  sandbox.control("expire", "what=access");
  const int before = sandbox_requests(&sandbox.process, "token");
  const pid_t hosts[] = {start_host({"request", sandbox.url(), folder.path}),
                         start_host({"request", sandbox.url(), folder.path})};
  for (const pid_t host : hosts) {
    int status = 0;
    BOOST_REQUIRE_EQUAL(waitpid(host, &status, 0), host);
    BOOST_REQUIRE_EQUAL(status, 0);
  }
  BOOST_REQUIRE_EQUAL(sandbox_requests(&sandbox.process, "token"), before + 1);
  proven("two-processes");
}

BOOST_AUTO_TEST_CASE(dispatched_by_the_caller) {
  Sandbox sandbox(approves);
  std::set<std::thread::id> threads;
  bool done = false;
  Options options = options_for(sandbox);
  options.dispatch(Dispatch::caller).on_event([&](const Event& event) {
    threads.insert(std::this_thread::get_id());
    done |= event.kind == EventKind::completed;
  });
  Client client(options);
  Account account = client.account();
  auto authorization = std::move(account.start_authorize_pin().value());
  while (!done) client.dispatch(30s);
  authorization.get(0ms);
  BOOST_REQUIRE(threads == std::set<std::thread::id>{std::this_thread::get_id()});
  StopSource stop;
  BOOST_REQUIRE_EQUAL(account.try_refresh(30s, stop.get_token()).code(), ECOAUTH_ERROR_WRONG_STATE);
}

BOOST_AUTO_TEST_CASE(by_a_browser_and_importing) {
  Sandbox sandbox;
  Client client(options_for(sandbox));
  Account account = client.account();
  const std::string back = "https://client.example/back";
  const std::string address = account.authorize_url(ECOAUTH_FLOW_CODE, back);
  std::smatch state;
  BOOST_REQUIRE(std::regex_search(address, state, std::regex("[?&]state=([^&]+)")));
  BOOST_REQUIRE_EQUAL(account.start_authorize_url(ECOAUTH_FLOW_CODE, back).value().get(30s), address);
  BOOST_REQUIRE_EQUAL(account.try_complete_redirect(back + "?code=abc&state=foreign").code(),
                      ECOAUTH_ERROR_WRONG_STATE);
  const std::string declined = back + "?error=access_denied&state=" + state[1].str();
  BOOST_REQUIRE_EQUAL(thrown_by<ReauthorizeError>([&] { account.complete_redirect(declined); }).code(),
                      ECOAUTH_ERROR_DECLINED);
  const auto refused = client.account("imported").try_import_token("RefreshTokenThatNobodyHasGivenOut", 30s);
  BOOST_REQUIRE_EQUAL(refused.code(), ECOAUTH_ERROR_NEEDS_AUTHORIZATION);
}
