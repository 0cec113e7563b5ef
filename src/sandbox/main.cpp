// ecoauth-sandbox: see options.cpp for what it takes, router.cpp for what it does.
#include <signal.h>

#include <exception>
#include <iostream>

#include "sandbox/options.hpp"
#include "sandbox/replace_file.hpp"
#include "sandbox/router.hpp"
#include "sandbox/server.hpp"
#include "sandbox/state_file.hpp"
#include "sandbox/tls_identity.hpp"

namespace {

using namespace ecoauth;
using namespace ecoauth::sandbox;

/// Blocked here, before any thread exists, so that all threads inherit it and only sigwait() sees them.
sigset_t block_end_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  signal(SIGPIPE, SIG_IGN);
  return signals;
}

ClientRegistry registry_of(const Options& options) {
  ClientRegistry clients(options.registered_only);
  for (const std::string& each : options.clients) clients.add(each);
  for (const std::string& each : options.redirect_uris) clients.add_redirect_uri(each);
  for (const std::string& each : options.client_names) clients.add_name(each);
  return clients;
}

int run(const Options& options) {
  const sigset_t end_signals = block_end_signals();
  World world(options.settings, registry_of(options), SandboxClock(system_clock(), options.time_scale),
              system_random());

  StateFile state(options.state_file);
  const bool keeps_state = !options.state_file.empty();
  if (keeps_state) {
    state.load(world);
    state.save(world);
  }

  std::set<std::string> host_names(options.allow_hosts.begin(), options.allow_hosts.end());
  host_names.insert(options.listen);
  TlsIdentity identity;
  if (options.tls && options.tls_cert.empty()) {
    identity = TlsIdentity::mint({host_names.begin(), host_names.end()});
    if (!options.tls_ca_out.empty()) replace_file(options.tls_ca_out, identity.ca_pem, 0644);
  } else if (options.tls) {
    identity.chain_file = options.tls_cert;
    identity.key_file = options.tls_key;
  }
  if (options.allow_remote)
    std::cerr << "ecoauth-sandbox: WARNING: other machines can reach this sandbox and its control API. It is a test "
                 "tool and\n"
                 "protects nothing; use it in a closed network and never with a real application key.\n";

  Router router(world, Gate(host_names), [&] {
    if (!keeps_state) return;
    try {
      state.save(world);
    } catch (const std::runtime_error& problem) {
      // The books in memory are right, and whoever asked has a right to the answer.
      std::cerr << "ecoauth-sandbox: WARNING: " << problem.what() << "; the next request tries again\n";
    }
  });
  Server server(router, options.listen, options.port, options.tls ? &identity : nullptr);
  std::cout << "ecoauth-sandbox ready: " << server.url() << std::endl;

  int signal_number = 0;
  while (sigwait(&end_signals, &signal_number) != 0) continue;
  server.stop();
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    const ParsedOptions parsed = parse_options(argc, argv);
    return parsed.options ? run(*parsed.options) : parsed.exit_code;
  } catch (const std::exception& problem) {
    std::cerr << "ecoauth-sandbox: " << problem.what() << "\n";
    return 1;
  }
}
