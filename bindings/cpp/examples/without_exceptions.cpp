// The same for programs that are compiled with -fno-exceptions: the try_ forms, and events read by the program's own
// loop. SPDX-License-Identifier: MIT
#include <cstdlib>
#include <ecoauth/ecoauth.hpp>
#include <iostream>

int main() {
  ecoauth::Options options;
  options.client_id(std::getenv("ECOAUTH_CLIENT_ID"))
      .store(ecoauth::file_store("tokens"))
      .dispatch(ecoauth::Dispatch::poll);
  if (const char* server = std::getenv("ECOAUTH_SERVER")) options.base_url(server);
  auto client = ecoauth::Client::try_make(options);
  if (!client) return std::cerr << client.error().what() << std::endl, 1;
  auto account = client->try_account();
  if (!account) return std::cerr << account.error().what() << std::endl, 1;
  auto login = account->start_authorize_pin();
  if (!login) return std::cerr << login.error().what() << std::endl, 1;
  for (;;) {
    auto event = client->try_next_event(ecoauth::forever);
    if (!event) return std::cerr << event.error().what() << std::endl, 1;
    const ecoauth::Event& happened = **event;
    if (happened.kind == ecoauth::EventKind::pin)
      std::cout << "Enter " << happened.pin.pin << " at " << happened.pin.verification_url << std::endl;
    if (happened.kind == ecoauth::EventKind::progress)
      std::cout << happened.remaining.count() / 1000 << " s left" << std::endl;
    if (happened.kind == ecoauth::EventKind::completed && happened.operation == login->id()) break;
  }
  const auto ended = login->try_get();
  std::cout << (ended ? "authorized" : ended.error().what()) << std::endl;
  return ended ? 0 : 1;
}
