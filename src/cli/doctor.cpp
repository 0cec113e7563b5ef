// ecoauth doctor: looks at everything an authorization needs and says what is wrong and what to do. Changes nothing,
// and sends no credential.
#include <ecoauth/ecoauth.h>

#include <algorithm>
#include <cstring>

#include "cli/client_id.hpp"
#include "cli/commands.hpp"
#include "cli/exit_codes.hpp"
#include "cli/finding.hpp"
#include "cli/grant_text.hpp"
#include "cli/network_checks.hpp"
#include "cli/session.hpp"
#include "cli/store_checks.hpp"
#include "cli/time_text.hpp"

namespace ecoauth::cli {

namespace {

constexpr int64_t day_ms = 86'400'000;
constexpr int64_t old_ms = 14 * day_ms;  // the library refreshes weekly when somebody uses it

struct VerdictText {
  const char* word;  ///< as people read it
  const char* name;  ///< as programs do
  Style style;
};

const VerdictText& text_of(Finding::Verdict verdict) {
  static constexpr VerdictText texts[] = {{"ok", "ok", Style::good},
                                          {"note", "note", Style::bold},
                                          {"warning", "warning", Style::warning},
                                          {"FAILED", "failed", Style::bad}};
  return texts[static_cast<size_t>(verdict)];
}

void check_age(const ecoauth_status* status, Findings& findings) {
  const int64_t age_ms = ecoauth_status_token_age_ms(status);
  if (age_ms < 0) return;
  const std::string text = "refreshed " + duration_text(age_ms) + " ago";
  if (age_ms < old_ms)
    findings.ok("Token age", text);
  else
    findings.warn("Token age", text + "; a grant that nobody uses for long may end",
                  "Run \"ecoauth refresh\", and keep \"ecoauth watch\" or your own program running.");
}

void check_grant(const ecoauth_status* status, const ecoauth_error* last_error, Findings& findings) {
  const int32_t state = ecoauth_status_grant_state(status);
  const GrantText& text = grant_text(state);
  if (state == ECOAUTH_GRANT_NONE)
    findings.note("Grant", "none yet", "Run \"ecoauth login\".");
  else if (state == ECOAUTH_GRANT_ACTIVE)
    findings.ok("Grant", std::string("active, ") + ecoauth_status_scope_granted(status));
  else
    findings.fail("Grant", grant_words(status), last_error != nullptr ? ecoauth_error_advice(last_error) : text.advice,
                  exit_code_of_grant(state));
  for (const std::string& flag : flag_texts(ecoauth_status_flags(status)))
    findings.warn("Grant", flag, "See \"ecoauth status\".");
  const std::string seal = ecoauth_status_seal(status);
  if (ecoauth_status_generation(status) > 0) findings.ok("Seal", seal == "none" ? "none: readable by this user" : seal);
  check_age(status, findings);
}

/// The record as the library sees it; also its own verdict on the store.
std::string check_record(const Settings& settings, ClientId client_id, Output& output, const Signals& signals,
                         Findings& findings) {
  Session session(settings, client_id, output, signals);
  const std::string server = ecoauth_status_origin(session.status().get());
  try {
    const StatusHandle status = session.read_status();
    const ErrorHandle last_error = session.last_error();
    check_grant(status.get(), last_error.get(), findings);
  } catch (const Failure& failure) {
    if (failure.exit_code() == exit_interrupted) throw;
    findings.fail("Grant", failure.message, failure.advice, failure.exit_code());
  }
  session.finish();
  return server;
}

/// Storage first: it may cost the grant. What passes by itself comes last.
int worst_exit_code(const std::vector<Finding>& findings) {
  constexpr int by_weight[] = {exit_storage, exit_user_action, exit_needs_authorization,
                               exit_usage,   exit_unexpected,  exit_temporary};
  for (const int exit_code : by_weight) {
    if (std::any_of(findings.begin(), findings.end(), [&](const Finding& each) { return each.exit_code == exit_code; }))
      return exit_code;
  }
  return exit_ok;
}

void print(const Finding& finding, Output& output) {
  const VerdictText& verdict = text_of(finding.verdict);
  JsonLine line("check");
  line.text("name", finding.name).text("verdict", verdict.name).text("message", finding.message);
  output.object(line.text("advice", finding.advice).number("exit_code", finding.exit_code));
  if (output.json()) return;
  output.row(finding.name, std::string(verdict.word) + (finding.message.empty() ? "" : ": ") + finding.message,
             verdict.style);
  if (!finding.advice.empty()) output.row("", "What to do: " + finding.advice);
}

void print_verdict(const std::vector<Finding>& findings, int exit_code, Output& output) {
  const auto count = [&](Finding::Verdict verdict) {
    return std::count_if(findings.begin(), findings.end(),
                         [&](const Finding& each) { return each.verdict == verdict; });
  };
  const auto failed = count(Finding::Verdict::failed);
  const auto warnings = count(Finding::Verdict::warning);
  JsonLine line("doctor");
  line.text("verdict", failed > 0 ? "failed" : warnings > 0 ? "warning" : "ok").number("failed", failed);
  output.object(line.number("warnings", warnings).number("exit_code", exit_code));
  if (output.json()) return;
  if (failed == 0 && warnings == 0) return output.line({{"All is well.", Style::good}});
  std::string text = failed > 0 ? std::to_string(failed) + " wrong" : "";
  if (warnings > 0)
    text += (text.empty() ? "" : ", ") + std::to_string(warnings) + (warnings == 1 ? " warning" : " warnings");
  output.line({{text + ".", failed > 0 ? Style::bad : Style::warning}});
}

}  // namespace

int doctor(const Arguments& arguments, Output& output, const Signals& signals) {
  Settings settings = settings_of(arguments);
  settings.only_looks = true;
  Findings grant, findings;
  const std::string server =
      check_record(settings, given_client_id(arguments, output, signals), output, signals, grant);
  check_network(settings, server, signals, findings);
  check_store(settings, findings);
  std::vector<Finding> all = findings.all();
  all.insert(all.end(), grant.all().begin(), grant.all().end());
  if (!output.json()) output.row("Server", server);
  for (const Finding& finding : all) print(finding, output);
  const int exit_code = worst_exit_code(all);
  print_verdict(all, exit_code, output);
  return exit_code;
}

}  // namespace ecoauth::cli
