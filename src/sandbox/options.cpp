#include "sandbox/options.hpp"

#include <ecoauth/version.h>

#include <CLI/CLI.hpp>
#include <algorithm>

#include "base/origin.hpp"

namespace ecoauth::sandbox {

namespace {
bool is_host_name(const std::string& name) {
  return !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '.' || c == '-' ||
           c == ':';
  });
}

/// What may not be combined; empty when all is well.
std::string contradiction(const Options& options) {
  if (!is_host_name(options.listen)) return "--listen takes an address";
  if (!is_loopback_host(options.listen) && !options.allow_remote)
    return "--listen " + options.listen + " is not a loopback address; --allow-remote --tls permits it";
  if (options.allow_remote && !options.tls) return "--allow-remote needs --tls";
  if (options.tls_cert.empty() != options.tls_key.empty()) return "--tls-cert and --tls-key go together";
  if (!options.tls && (!options.tls_cert.empty() || !options.tls_ca_out.empty()))
    return "--tls-cert, --tls-key and --tls-ca-out need --tls";
  if (!options.tls_cert.empty() && !options.tls_ca_out.empty())
    return "--tls-ca-out writes the CA of a certificate made by the sandbox; --tls-cert gives another one";
  for (const std::string& name : options.allow_hosts)
    if (!is_host_name(name)) return "--allow-host takes a host name";
  if (options.settings.auto_approve_s >= 0 && options.settings.auto_decline_s >= 0)
    return "--auto-approve and --auto-decline exclude each other";
  return "";
}
}  // namespace

ParsedOptions parse_options(int argc, char** argv) {
  Options options;
  CLI::App app{
      "A local authorization server that speaks ecobee's dialect: /authorize, /token, a thermostat API stub, the "
      "consumer\n"
      "portal and a control API under /sandbox/. Prints \"ecoauth-sandbox ready: URL\" on stdout when it serves, and "
      "ends on\n"
      "SIGTERM or SIGINT."};
  app.set_version_flag("--version", "ecoauth-sandbox " ECOAUTH_VERSION_STRING);
  app.get_formatter()->column_width(34);

  app.add_option("--port", options.port, "TCP port; 0 takes a free one (default 0; the ready line says which)");
  app.add_option("--listen", options.listen, "address to listen on (default 127.0.0.1)");
  app.add_flag("--allow-remote", options.allow_remote, "permit --listen off loopback; needs --tls");
  app.add_option("--allow-host", options.allow_hosts,
                 "a further name clients may use in Host; goes into a new certificate too")
      ->allow_extra_args(false);
  const char* tls = "TLS";
  app.add_flag("--tls", options.tls, "serve https; without --tls-cert under a new throw-away CA")->group(tls);
  app.add_option("--tls-cert", options.tls_cert, "PEM file with the certificate and its chain")->group(tls);
  app.add_option("--tls-key", options.tls_key, "PEM file with its key")->group(tls);
  app.add_option("--tls-ca-out", options.tls_ca_out, "write the throw-away CA's certificate to this file")->group(tls);

  const char* behaviour = "What is played";
  std::string profile = "current", expired, policy;
  std::optional<int64_t> pin_seconds, interval, access_seconds;
  std::optional<int> pin_length;
  std::optional<double> refresh_days;
  bool keep_old_access = false;
  app.add_option("--profile", profile, "generation of the service: current (default) or legacy")
      ->check(CLI::IsMember({"current", "legacy"}))
      ->group(behaviour);
  app.add_option("--time-scale", options.time_scale, "run the sandbox's clock this many times faster (default 1)")
      ->check(CLI::Range(0.001, 1e6))
      ->group(behaviour);
  app.add_option("--state", options.state_file, "keep grants, tokens and PINs in this file across restarts")
      ->group(behaviour);
  app.add_option("--auto-approve", options.settings.auto_approve_s,
                 "approve every PIN this many seconds (of the sandbox's clock) after it was given out")
      ->check(CLI::Range(0, 86400))
      ->group(behaviour);
  app.add_option("--auto-decline", options.settings.auto_decline_s, "likewise decline it")
      ->check(CLI::Range(0, 86400))
      ->group(behaviour);
  app.add_option("--refresh-policy", policy,
                 "what becomes of a used refresh token: " + policy_names("|") + " (default: reusable; legacy: strict)")
      ->group(behaviour);
  app.add_option("--grace", options.settings.grace_s, "seconds of grace for the policies that know it (default 30)")
      ->check(CLI::Range(0, 86400))
      ->group(behaviour);
  app.add_flag("--keep-old-access", keep_old_access, "a refresh leaves the previous access token alive")
      ->group(behaviour);
  app.add_option("--pin-seconds", pin_seconds, "life of a PIN (900; legacy 540, told in minutes)")
      ->check(CLI::Range(1, 86400))
      ->group(behaviour);
  app.add_option("--pin-length", pin_length, "4, 9 (XXXX-XXXX) or 10 characters (9; legacy 4)")
      ->check(CLI::IsMember({4, 9, 10}))
      ->group(behaviour);
  app.add_option("--interval", interval, "seconds to wait between polls (5; legacy 30)")
      ->check(CLI::Range(0, 3600))
      ->group(behaviour);
  app.add_option("--access-seconds", access_seconds, "life of an access token (3600; legacy 3599)")
      ->check(CLI::Range(1, 10000000))
      ->group(behaviour);
  app.add_option("--refresh-days", refresh_days,
                 "days after which an unused refresh token dies; 0 never (30; legacy 365)")
      ->check(CLI::Range(0.0, 36500.0))
      ->group(behaviour);
  app.add_option("--expired-as", expired,
                 "answer for an expired PIN's code: invalid_grant (default) or authorization_expired (legacy)")
      ->check(CLI::IsMember({"invalid_grant", "authorization_expired"}))
      ->group(behaviour);
  app.add_option("--slow-down-status", options.settings.slow_down_status, "HTTP status of slow_down (default 401)")
      ->check(CLI::Range(400, 599))
      ->group(behaviour);
  app.add_flag("--allow-get-token", options.settings.get_token_allowed, "take GET on /token")->group(behaviour);
  app.add_option("--jwt-bytes", options.settings.jwt_bytes, "pad access tokens to at least this length (at most 7168)")
      ->check(CLI::Range(0, 7168))
      ->group(behaviour);

  const char* applications = "Applications";
  app.add_flag("--registered-only", options.registered_only, "know only the client ids given with --client")
      ->group(applications);
  app.add_option("--client", options.clients, "register a client id: ID, ID:pin, ID:code or ID:utility")
      ->allow_extra_args(false)
      ->group(applications);
  app.add_option("--client-name", options.client_names, "what the portal calls applications: NAME, or ID=NAME for one")
      ->allow_extra_args(false)
      ->group(applications);
  app.add_option("--redirect-uri", options.redirect_uris,
                 "a registered redirect address (default: any https address without a port, and any loopback one)")
      ->allow_extra_args(false)
      ->group(applications);

  std::string problem;
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& end) {
    return {std::nullopt, app.exit(end) == 0 ? 0 : 2};
  }
  Settings& settings = options.settings;
  Settings defaults = Settings::of(profile == "legacy" ? Generation::legacy : Generation::current);
  defaults.auto_approve_s = settings.auto_approve_s;
  defaults.auto_decline_s = settings.auto_decline_s;
  defaults.grace_s = settings.grace_s;
  defaults.slow_down_status = settings.slow_down_status;
  defaults.get_token_allowed = settings.get_token_allowed;
  defaults.jwt_bytes = settings.jwt_bytes;
  settings = defaults;
  if (pin_seconds) settings.pin_life_s = *pin_seconds;
  if (pin_length) settings.pin_length = *pin_length;
  if (interval) settings.interval_s = *interval;
  if (access_seconds) settings.access_life_s = *access_seconds;
  if (refresh_days) settings.refresh_idle_s = static_cast<int64_t>(*refresh_days * 86400);
  if (!expired.empty()) settings.expired_is_invalid_grant = expired == "invalid_grant";
  settings.refresh_kills_access = !keep_old_access;
  if (!policy.empty()) {
    const auto named = policy_named(policy);
    if (named)
      settings.policy = *named;
    else
      problem = "--refresh-policy must be one of " + policy_names(", ");
  }
  if (problem.empty()) problem = contradiction(options);
  if (!problem.empty()) {
    std::cerr << "ecoauth-sandbox: " << problem << "\nRun with --help for more information.\n";
    return {std::nullopt, 2};
  }
  return {std::move(options), 0};
}

}  // namespace ecoauth::sandbox
