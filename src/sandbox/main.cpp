// ecoauth-sandbox: see options.cpp for what it takes, router.cpp for what it does.
#include <signal.h>
#include <unistd.h>

#include <exception>
#include <filesystem>
#include <fstream>
#include <iostream>

#include "base/digest.hpp"
#include "base/text.hpp"
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

/// As the shell takes it, whatever is in it.
std::string shell_quoted(const std::string& text) {
  std::string out = "'";
  for (char c : text) out += c == '\'' ? "'\\''" : std::string(1, c);
  return out + "'";
}

/// In one piece, so that a script that sees the last line has all of them.
void print_environment(const Options& options, const std::string& url) {
  std::string client_id;
  if (options.clients.empty())
    client_id = to_hex(system_random().bytes(16));
  else
    client_id = options.clients.front().substr(0, options.clients.front().find(':'));
  std::string lines =
      "export ECOAUTH_SERVER=" + shell_quoted(url) + "\nexport ECOAUTH_CLIENT_ID=" + shell_quoted(client_id) + "\n";
  if (!options.tls_ca_out.empty())
    lines += "export ECOAUTH_CA_FILE=" + shell_quoted(std::filesystem::absolute(options.tls_ca_out).string()) + "\n";
  lines += "export ECOAUTH_SANDBOX_PID=" + to_text(getpid()) + "\n";
  std::cout << lines << std::flush;
}

void start_log(const std::string& path, std::ofstream& file, RequestLog& log) {
  if (path == "-") return log.also_to(std::cout);
  file.open(path, std::ios::app);
  if (!file) throw std::runtime_error("the log " + path + " cannot be written");
  log.also_to(file);
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

  for (const std::string& each : options.accounts)
    if (const std::string fault = world.accounts.seed(each); !fault.empty())
      throw std::runtime_error("--account takes NAME:PASSWORD. " + fault);

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

  std::ofstream log_file;
  if (!options.log_file.empty()) start_log(options.log_file, log_file, world.log);
  Scenario scenario;
  if (!options.scenario_file.empty()) {
    World trial(options.settings, registry_of(options), world.clock, world.random);
    scenario = Scenario::read(options.scenario_file, trial, world.clock.now_ms());
  }

  Router router(world, Gate(host_names), std::move(scenario), [&] {
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
  if (options.print_env) print_environment(options, server.url());

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
