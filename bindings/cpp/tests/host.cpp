// A program of its own for the tests: "request URL FOLDER" makes an authorized request with the grant in the folder;
// "exit URL" leaves main() with an authorization running. SPDX-License-Identifier: MIT
#include <cstdio>
#include <cstring>
#include <ecoauth/ecoauth.hpp>

using namespace std::chrono_literals;

int main(int count, char** arguments) {
  if (count < 3) return 2;
  ecoauth::Options options;
  options.client_id("CppTestCppTestCppTestCppTestCpp1").base_url(arguments[2]);
  if (std::strcmp(arguments[1], "request") == 0) {
    ecoauth::Client client(options.store(ecoauth::file_store(arguments[3])));
    const auto response = client.account().request("GET", "/1/thermostatSummary?json=%7B%7D", std::nullopt, 30s);
    return response.http_status == 401 || response.api_status == 14;
  }
  // Never destroyed, as in programs that end by exit(): static destructors must not be what saves them.
  static auto& mutex = *new std::mutex;
  static auto& shown = *new std::condition_variable;
  static bool seen = false;
  options.store(ecoauth::memory_store()).on_pin([](const ecoauth::Pin&) {
    std::lock_guard lock(mutex);
    seen = true;
    shown.notify_all();
  });
  auto& client = *new ecoauth::Client(options);
  auto& account = *new ecoauth::Account(client.account());
  auto& running = *new ecoauth::Operation<ecoauth::Done>(std::move(account.start_authorize_pin().value()));
  std::unique_lock lock(mutex);
  const bool came = shown.wait_for(lock, 30s, [] { return seen; });
  return came && running.id() > 0 ? 0 : 1;
}
