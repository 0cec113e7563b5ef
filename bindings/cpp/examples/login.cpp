// Authorizes once, then makes a request: run it twice and the second run asks for nothing.
// SPDX-License-Identifier: MIT
#include <cstdlib>
#include <ecoauth/ecoauth.hpp>
#include <iostream>

int main() {
  try {
    ecoauth::Options options;
    options.client_id(std::getenv("ECOAUTH_CLIENT_ID")).store(ecoauth::file_store("tokens"));
    if (const char* server = std::getenv("ECOAUTH_SERVER")) options.base_url(server);
    options.on_pin([](const ecoauth::Pin& pin) {
      std::cout << "Enter " << pin.pin << " at " << pin.verification_url << std::endl;
    });
    ecoauth::Client client(options);
    ecoauth::Account account = client.account();

    account.wait_for_change(0, std::chrono::seconds(30));  // until the store has been read
    if (account.status().state != ecoauth::GrantState::active) account.authorize_pin();

    const ecoauth::Response answer = account.request(
        "GET", R"(/1/thermostatSummary?json=%7B"selection":%7B"selectionType":"registered","selectionMatch":""%7D%7D)");
    std::cout << answer.body << std::endl;
  } catch (const ecoauth::Error& error) {
    std::cerr << error.what() << "\n" << error.advice() << std::endl;
    return 1;
  }
}
