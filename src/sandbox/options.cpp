#include "sandbox/options.hpp"

#include <arpa/inet.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <charconv>
#include <iostream>
#include <sstream>

#include "base/origin.hpp"
#include "base/text.hpp"
#include "sandbox/accounts.hpp"
#include "sandbox/redirect_uri.hpp"
#include "sandbox/switches.hpp"

namespace ecoauth::sandbox {

namespace {
bool is_host_name(const std::string& name) {
  return !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '.' || c == '-' ||
           c == ':';
  });
}

bool is_address(const std::string& text) {
  in6_addr ignored;
  return text == "localhost" || inet_pton(AF_INET, text.c_str(), &ignored) == 1 ||
         inet_pton(AF_INET6, text.c_str(), &ignored) == 1;
}

/// Unlike CLI::Range it refuses "nan", whose comparisons are all false, and says nothing about its own type in the
/// help.
CLI::Validator within(double low, double high) {
  return CLI::Validator(
      [low, high](std::string& text) -> std::string {
        double number = 0;
        const auto end = std::from_chars(text.data(), text.data() + text.size(), number);
        if (end.ec == std::errc() && end.ptr == text.data() + text.size() && number >= low && number <= high) return "";
        std::ostringstream message;
        message << '"' << text << "\" is not a number from " << low << " to " << high;
        return message.str();
      },
      "");
}

CLI::Validator validator_of(const Switch& which) {
  if (which.values.empty())
    return within(static_cast<double>(which.low) / static_cast<double>(which.option_unit),
                  static_cast<double>(which.high) / static_cast<double>(which.option_unit));
  return CLI::Validator([which](std::string& text) { return which.complaint(text); }, "");
}

/// A number on the command line may be a fraction of its unit: half a day.
std::string in_unit_of(const Switch& which, const std::string& text) {
  if (!which.values.empty()) return text;
  double number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return to_text(static_cast<int64_t>(number * static_cast<double>(which.option_unit)));
}

std::string option_words(const Switch& which) {
  std::string words = which.words;
  for (size_t i = 0; i < which.values.size(); ++i) words += (i ? ", " : ":\n") + which.values[i];
  return words;
}

/// What may not be combined, or is malformed; empty when all is well.
std::string contradiction(const Options& options) {
  if (!is_address(options.listen)) return "--listen takes an IP address or localhost";
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
  // The text is not repeated: it may be a real application's key with a slip in it.
  for (const std::string& client : options.clients)
    if (!ClientRegistry(true).add(client)) return "--client takes 32 letters and digits, then :pin, :code or :utility";
  Accounts people(system_random());
  for (const std::string& each : options.accounts)
    if (const std::string fault = people.seed(each); !fault.empty()) return "--account takes NAME:PASSWORD. " + fault;
  ClientRegistry scratch(true);
  for (const std::string& each : options.redirect_uris) {
    if (!scratch.add_redirect_uri(each)) return "--redirect-uri takes 32 letters and digits, then = and an address";
    const std::string fault = redirect_uri_fault(each.substr(33), options.settings);
    if (!fault.empty()) return "--redirect-uri " + printable(each.substr(33)) + ": " + fault;
  }
  return "";
}
}  // namespace

ParsedOptions parse_options(int argc, char** argv) {
  Options options;
  CLI::App app{
      "A local authorization server that speaks ecobee's dialect: /authorize, /token, a thermostat API stub, the "
      "consumer\n"
      "portal and a control API under /sandbox/. Prints \"ecoauth-sandbox ready: URL\" on stdout when it serves, and "
      "ends\n"
      "on SIGTERM or SIGINT. Times are seconds of the sandbox's own clock, which --time-scale speeds up.\n"};
  app.name("ecoauth-sandbox");
  app.set_version_flag("--version", "ecoauth-sandbox " ECOAUTH_SANDBOX_VERSION, "print the version and exit");
  app.set_help_flag("--help,-h", "print this help and exit");
  app.get_formatter()->column_width(30);

  const auto takes = [](CLI::Option* option, const char* what, const char* group) {
    return option->option_text(what)->group(group);
  };
  const auto repeatable = [&](CLI::Option* option, const char* what, const char* group) {
    return takes(option->allow_extra_args(false), what, group);
  };

  const char* general = "Server";
  int port = 0;
  takes(app.add_option("--port", port, "TCP port; 0, the default, takes a free one (the ready line says which)"), "N",
        general)
      ->check(within(0, 65535));
  takes(app.add_option("--listen", options.listen, "address to listen on (default 127.0.0.1)"), "ADDRESS", general);
  app.add_flag("--allow-remote", options.allow_remote, "permit --listen off loopback; needs --tls")->group(general);
  repeatable(app.add_option("--allow-host", options.allow_hosts,
                            "a further name clients may use in Host; a new certificate is made for it too"),
             "NAME", general);
  takes(app.add_option("--state", options.state_file, "keep grants, tokens and PINs in this file across restarts"),
        "FILE", general);

  takes(app.add_option("--scenario", options.scenario_file, "play the steps in this file: faults at times or requests"),
        "FILE", general);
  takes(app.add_option("--log", options.log_file,
                       "append every request to this file as a line of JSON, secrets as fingerprints;\n"
                       "- is standard output, after the ready line"),
        "FILE", general);
  app.add_flag("--print-env", options.print_env,
               "print lines \"export NAME=VALUE\" after the ready line: what a client needs")
      ->group(general);

  const char* tls = "TLS";
  app.add_flag("--tls", options.tls, "serve https; without --tls-cert under a new throw-away CA")->group(tls);
  takes(app.add_option("--tls-ca-out", options.tls_ca_out, "write the throw-away CA's certificate to this file"),
        "FILE", tls);
  takes(app.add_option("--tls-cert", options.tls_cert, "PEM file with the certificate and its chain"), "FILE", tls);
  takes(app.add_option("--tls-key", options.tls_key, "PEM file with its key"), "FILE", tls);

  const char* played = "What is played";
  std::string profile = "current";
  takes(app.add_option("--profile", profile, "generation of the service: current (default) or legacy"), "NAME", played)
      ->check(CLI::IsMember({"current", "legacy"}));
  takes(
      app.add_option("--time-scale", options.time_scale, "run the sandbox's clock this many times faster (default 1)"),
      "X", played)
      ->check(within(0.001, 1e6));
  takes(app.add_option("--auto-approve", options.settings.auto_approve_s,
                       "approve every PIN so long after it was given out"),
        "SECONDS", played)
      ->check(within(0, 86400));
  takes(app.add_option("--auto-decline", options.settings.auto_decline_s, "likewise decline it"), "SECONDS", played)
      ->check(within(0, 86400));
  // The profile decides about defaults, so these are set once it is known.
  std::vector<std::string> given(switches().size());
  std::vector<bool> turned(switches().size());
  for (size_t i = 0; i < switches().size(); ++i) {
    const Switch& each = switches()[i];
    if (each.is_flag())
      app.add_flag_callback(
             each.option, [&turned, i] { turned[i] = true; }, each.option_words)
          ->group(played);
    else
      takes(app.add_option(each.option, given[i], option_words(each)), each.takes, played)->check(validator_of(each));
  }

  const char* applications = "Accounts and applications";
  repeatable(app.add_option("--account", options.accounts,
                            "an account of the portal; the password is no secret, so take none that you use elsewhere"),
             "NAME:PASSWORD", applications);
  app.add_flag("--registered-only", options.registered_only, "know only the client ids given with --client")
      ->group(applications);
  repeatable(app.add_option("--client", options.clients, "register a client id: ID, ID:pin, ID:code or ID:utility"),
             "ID", applications);
  repeatable(app.add_option("--redirect-uri", options.redirect_uris,
                            "register an address the browser may be sent back to; the others are refused then"),
             "ID=URI", applications);
  repeatable(app.add_option("--client-name", options.client_names,
                            "what the portal calls applications: NAME, or ID=NAME for one"),
             "NAME", applications);

  const auto usage = [](const std::string& problem) -> ParsedOptions {
    std::cerr << "ecoauth-sandbox: " << problem << "\nRun ecoauth-sandbox --help for more information.\n";
    return {std::nullopt, 2};
  };
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& end) {
    if (end.get_exit_code() != 0) return usage(end.what());
    return {std::nullopt, app.exit(end)};
  }
  options.port = static_cast<uint16_t>(port);
  Settings& settings = options.settings;
  Settings played_settings = Settings::of(profile == "legacy" ? Generation::legacy : Generation::current);
  played_settings.auto_approve_s = settings.auto_approve_s;
  played_settings.auto_decline_s = settings.auto_decline_s;
  played_settings.remote = options.allow_remote;
  settings = played_settings;
  for (size_t i = 0; i < switches().size(); ++i) {
    const Switch& each = switches()[i];
    if (turned[i]) each.set(settings, each.get(settings).is(true) ? "false" : "true");
    if (!given[i].empty()) each.set(settings, in_unit_of(each, given[i]));
  }
  const std::string problem = contradiction(options);
  if (!problem.empty()) return usage(problem);
  return {std::move(options), 0};
}

}  // namespace ecoauth::sandbox
