#include "cli/network_checks.hpp"

#include <ecoauth/runtime.h>

#include <cstdlib>
#include <ctime>

#include "cli/dial.hpp"
#include "cli/time_text.hpp"
#include "cli/tls_look.hpp"

namespace ecoauth::cli {

namespace {

constexpr int64_t clock_tolerance_s = 300;
constexpr std::time_t project_began_s = 1'767'225'600;  // 2026-01-01: no clock that is right shows an earlier time

constexpr const char* set_the_clock =
    "Set this machine's clock, and let it be kept right (NTP; \"timedatectl set-ntp true\" where there is systemd).";

/// A variable that other programs obey and this one does not.
std::string foreign_proxy() {
  for (const char* variable : {"https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"}) {
    const char* value = std::getenv(variable);
    if (value != nullptr && value[0] != '\0') return variable;
  }
  return "";
}

std::string advice_for_unreachable(const Settings& settings, const ServerAddress& server) {
  if (!settings.proxy.empty()) return "Check the proxy's address in --proxy or ECOAUTH_PROXY, and that it runs.";
  if (server.is_loopback()) return "Check that the server runs on this machine and listens at this port.";
  const std::string variable = foreign_proxy();
  if (!variable.empty())
    return "This network may be left through a proxy only: " + variable +
           " is set, which ecoauth does not obey. Name the proxy with --proxy or ECOAUTH_PROXY.";
  return "Check the network, the firewall, and --server if you have given one. A proxy is named with --proxy.";
}

std::string advice_for_nameless(const Settings& settings, const ServerAddress& server, const std::string& host) {
  // Where a proxy is needed, names are often its business alone.
  if (settings.proxy.empty() && !foreign_proxy().empty()) return advice_for_unreachable(settings, server);
  return "Check the network and its name servers (/etc/resolv.conf); \"getent hosts " + host + "\" asks them.";
}

void check_clock_alone(Findings& findings) {
  if (std::time(nullptr) < project_began_s)
    findings.fail("Clock", "shows a time in the past", set_the_clock, exit_user_action);
  else
    findings.note("Clock", "plausible; the server has not told its time");
}

void check_clock(int64_t server_time_s, Findings& findings) {
  if (server_time_s < 0) return check_clock_alone(findings);
  const int64_t ahead_s = std::time(nullptr) - server_time_s;
  const int64_t off_s = ahead_s < 0 ? -ahead_s : ahead_s;
  const std::string text = duration_text(off_s * 1000) + (ahead_s < 0 ? " behind" : " ahead of") + " the server's";
  if (off_s <= clock_tolerance_s)
    findings.ok("Clock", off_s <= 1 ? "agrees with the server's" : text);
  else
    findings.fail("Clock", text, set_the_clock, exit_user_action);
}

void check_proxy(const Settings& settings, const ServerAddress& server, Findings& findings) {
  const std::string variable = foreign_proxy();
  if (!settings.proxy.empty()) {
    const ServerAddress proxy = server_address_of(settings.proxy);
    findings.ok("Proxy", "goes through " + proxy.authority());
  } else if (!variable.empty() && !server.is_loopback()) {
    findings.note("Proxy", "none; " + variable + " is set, but ecoauth does not obey it",
                  "If this network needs the proxy, name it with --proxy or ECOAUTH_PROXY.");
  } else {
    findings.ok("Proxy", "none");
  }
}

/// A tunnel to the server; false when it has been told that there is none.
bool tunnel(Look& look, const Settings& settings, const ServerAddress& server, Findings& findings) {
  const int status = look.connect_through(server);
  if (status >= 200 && status < 300) return true;
  const bool has_password = settings.proxy.find('@') != std::string::npos;
  if (status == 407 && has_password)
    findings.note("Tunnel", "the proxy wants a password; one is set, but not tried here",
                  "Whether it is right shows in \"ecoauth refresh\".");
  else if (status == 407)
    findings.fail("Tunnel", "the proxy wants a user and a password",
                  "Set ECOAUTH_PROXY=http://USER:PASSWORD@HOST:PORT; not --proxy, which others can see.",
                  exit_user_action);
  else if (status == 0)
    findings.fail("Tunnel", "the proxy does not answer like one", advice_for_unreachable(settings, server),
                  exit_temporary);
  else
    findings.fail("Tunnel",
                  "the proxy refuses a connection to " + server.authority() + " (HTTP " + std::to_string(status) + ")",
                  "Ask whoever runs the proxy to allow it.", exit_user_action);
  return false;
}

bool check_tls(Look& look, const Settings& settings, const ServerAddress& server, Findings& findings) {
  const char* found = ecoauth_runtime_info("ca-certificates");
  const std::string place = !settings.ca_file.empty() ? settings.ca_file : found != nullptr ? found : "";
  const Look::Trouble trouble = look.start_tls(server, place);
  if (trouble == Look::Trouble::authorities) {
    findings.fail("Certificates", look.tls_text(), "Install ca-certificates, or name a file of them with --ca-file.",
                  exit_user_action);
    return false;
  }
  findings.ok("Certificates", "trusts the authorities in " + place);
  const bool clock_is_wrong = std::time(nullptr) < project_began_s;
  switch (trouble) {
    case Look::Trouble::time:
      findings.fail("TLS", look.tls_text(),
                    clock_is_wrong
                        ? set_the_clock
                        : "Compare this machine's clock with another one first. If it is right, the server's "
                          "owner must renew the certificate.",
                    clock_is_wrong ? exit_user_action : exit_temporary);
      return false;
    case Look::Trouble::certificate:
      findings.fail(
          "TLS", look.tls_text(),
          "Somebody stands between you and the server (a company's proxy, a hotel's network), or the server's "
          "authority is a private one: then name its certificate with --ca-file. Never switch the check off.",
          exit_user_action);
      return false;
    case Look::Trouble::other:
      findings.fail("TLS", look.tls_text(), "Check that --server names a server that speaks https on this port.",
                    exit_temporary);
      return false;
    default:
      findings.ok("TLS", look.tls_text());
      return true;
  }
}

}  // namespace

void check_network(const Settings& settings, const std::string& server_url, const Signals& signals,
                   Findings& findings) {
  const ServerAddress server = server_address_of(server_url);
  const bool through_proxy = !settings.proxy.empty() && server.tls;
  const ServerAddress next = through_proxy ? server_address_of(settings.proxy) : server;
  check_proxy(settings, server, findings);

  std::string why;
  const std::vector<NetworkAddress> addresses = resolve(next.host, next.port, signals, why);
  if (addresses.empty()) {
    findings.fail("DNS", next.host + " has no address: " + why, advice_for_nameless(settings, server, next.host),
                  exit_temporary);
    return check_clock_alone(findings);
  }
  const size_t more = addresses.size() - 1;
  if (addresses[0].text == next.host)
    findings.ok("DNS", "not needed: " + next.host + " is an address");
  else
    findings.ok("DNS",
                next.host + " is " + addresses[0].text + (more > 0 ? " and " + std::to_string(more) + " more" : ""));

  Socket socket = connect_any(addresses, signals, why);
  if (!socket.open()) {
    findings.fail("Connection", next.authority() + " cannot be reached: " + why,
                  advice_for_unreachable(settings, server), exit_temporary);
    return check_clock_alone(findings);
  }
  findings.ok("Connection", next.authority() + " answers");

  Look look(std::move(socket), signals);
  if (through_proxy && !tunnel(look, settings, server, findings)) return check_clock_alone(findings);
  if (server.tls && !check_tls(look, settings, server, findings)) return check_clock_alone(findings);
  if (!server.tls) findings.note("TLS", "not used: plain http, which is allowed to this machine only");
  const int status = look.ask_head(server);
  if (status == 0)
    findings.fail("Answer", "the server does not answer like a web server", "Check --server, or try again later.",
                  exit_temporary);
  else if (status >= 500)
    findings.warn("Answer", "the server has trouble (HTTP " + std::to_string(status) + ")", "Try again later.");
  else
    findings.ok("Answer", "the server answers");
  check_clock(look.server_time_s(), findings);
}

}  // namespace ecoauth::cli
