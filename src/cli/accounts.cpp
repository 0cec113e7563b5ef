// ecoauth accounts: every account that the store has a record of, with its state. Sends nothing and changes nothing.
#include <ecoauth/ecoauth.h>

#include <algorithm>
#include <string>
#include <vector>

#include "cli/client_id.hpp"
#include "cli/commands.hpp"
#include "cli/exit_codes.hpp"
#include "cli/grant_text.hpp"
#include "cli/session.hpp"
#include "cli/time_text.hpp"
#include "cli/utf8.hpp"

namespace ecoauth::cli {

namespace {

struct Row {
  std::string account, grant, token, scope;
  Style style = Style::plain;
};

std::string token_text(const ecoauth_status* status) {
  if (ecoauth_status_generation(status) == 0) {
    const int64_t pin_ms = ecoauth_status_pin_valid_ms(status);
    return pin_ms > 0 ? "PIN valid for " + duration_text(pin_ms) : "none";
  }
  const int64_t valid_ms = ecoauth_status_token_valid_ms(status);
  return valid_ms > 0 ? "valid for " + duration_text(valid_ms) : "expired";
}

Row row_of(const std::string& account, const ecoauth_status* status) {
  const GrantText& text = grant_text(ecoauth_status_grant_state(status));
  return {account, text.name, token_text(status), ecoauth_status_scope_granted(status), text.style};
}

JsonLine json_of(const std::string& account, const ecoauth_status* status) {
  JsonLine line("account");
  line.text("account", account).text("server", ecoauth_status_origin(status));
  line.text("state", ecoauth_state_name(ecoauth_status_grant_state(status)));
  line.text("reason", ecoauth_status_reason(status));
  line.number("token_valid_ms", ecoauth_status_token_valid_ms(status));
  line.number("pin_valid_ms", ecoauth_status_pin_valid_ms(status));
  return line.text("scope_granted", ecoauth_status_scope_granted(status)).null("error");
}

void print(const std::vector<Row>& rows, Output& output) {
  std::vector<Row> all{{"ACCOUNT", "GRANT", "ACCESS TOKEN", "SCOPE", Style::bold}};
  all.insert(all.end(), rows.begin(), rows.end());
  const auto widest = [&](std::string Row::*part) {
    size_t width = 0;
    for (const Row& row : all) width = std::max(width, width_of(row.*part));
    return width + 2;
  };
  const size_t account = widest(&Row::account), grant = widest(&Row::grant), token = widest(&Row::token);
  const auto padded = [](std::string text, size_t width) {
    text.append(width - width_of(text), ' ');
    return text;
  };
  for (const Row& row : all) {
    const Style others = row.style == Style::bold ? Style::bold : Style::plain;
    output.line({{padded(row.account, account), others},
                 {padded(row.grant, grant), row.style},
                 {padded(row.token, token) + row.scope, others}});
  }
}

}  // namespace

int accounts(const Arguments& arguments, Output& output, const Signals& signals) {
  Settings settings = settings_of(arguments);
  settings.only_looks = true;
  Session session(settings, given_client_id(arguments, output, signals), output, signals);
  int exit_code = exit_ok;
  std::vector<Row> rows;
  for (const std::string& account : session.accounts()) {
    try {
      const StatusHandle status = session.read_status_of(account);
      rows.push_back(row_of(account, status.get()));
      output.object(json_of(account, status.get()));
    } catch (const Failure& failure) {
      if (failure.exit_code() == exit_interrupted) throw;
      exit_code = failure.exit_code();
      rows.push_back({account, "unknown", failure.message, "", Style::bad});
      JsonLine line("account");
      output.object(line.text("account", account).object("error", failure.json()));
    }
  }
  if (!rows.empty() && !output.json())
    print(rows, output);
  else if (rows.empty())
    output.say("No account is stored for this server" + std::string(arguments.server.empty() ? "" : " ") +
               arguments.server + ". \"ecoauth login\" makes one.");
  session.finish();
  return exit_code;
}

}  // namespace ecoauth::cli
