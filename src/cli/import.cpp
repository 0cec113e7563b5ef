// ecoauth import: takes over a refresh token that another program has got.
#include <ecoauth/ecoauth.h>

#include "cli/client_id.hpp"
#include "cli/commands.hpp"
#include "cli/exit_codes.hpp"
#include "cli/import_file.hpp"
#include "cli/input.hpp"
#include "cli/login_result.hpp"
#include "cli/secret_prompt.hpp"
#include "cli/session.hpp"

namespace ecoauth::cli {

namespace {

constexpr size_t largest_file_bytes = 16 * 1024 * 1024;

SecretText content_of(const Arguments& arguments, Output& output, const Signals& signals) {
  SecretText content;
  if (!arguments.file.empty()) {
    content.text = read_input(arguments.file, "the file to import", largest_file_bytes, signals);
  } else if (!has_terminal()) {
    content.text = read_input("-", "the token on", largest_file_bytes, signals);
  } else if (!read_line_from_terminal("Refresh token (it is not shown): ", false, content, output, signals)) {
    throw Failure::usage("the terminal cannot be kept from showing what is typed",
                         "Name a file, or - and pipe the token in.");
  }
  return content;
}

std::string entries_of(const ImportFile& file) {
  std::string names;
  for (const ImportedToken& token : file.tokens) names += (names.empty() ? "\"" : ", \"") + token.entry + "\"";
  return names;
}

ImportedToken& chosen(ImportFile& file, const Arguments& arguments) {
  const std::string& entry = arguments.entry;
  if (file.format.empty())
    throw Failure::usage(
        "there is no refresh token of a known kind in " +
            (arguments.file.empty() || arguments.file == "-" ? "what was given" : '"' + arguments.file + '"'),
        "\"ecoauth import --help\" lists the files that are known. A token alone, in one line, is taken, too.");
  if (file.tokens.empty() && !file.trouble.empty())
    throw Failure::usage("this is a file of " + file.format + ", but " + file.trouble, file.remedy);
  if (file.tokens.empty())
    throw Failure::usage("this is a file of " + file.format + ", but there is no refresh token of ecobee in it",
                         "Check that it is the file of the program that has talked to ecobee until now.");
  if (entry.empty()) {
    if (file.tokens.size() == 1) return file.tokens[0];
    throw Failure::usage("the file has several refresh tokens: " + entries_of(file), "Choose one with --entry NAME.");
  }
  for (ImportedToken& token : file.tokens) {
    if (token.entry == entry) return token;
  }
  throw Failure::usage("the file has no entry \"" + entry + "\"", "There are: " + entries_of(file) + ".");
}

/// A refresh token is good with the client id it was given out for, and with no other.
ClientId client_id_for(ImportedToken& token, const Arguments& arguments, Output& output, const Signals& signals) {
  ClientId given = given_client_id(arguments, output, signals);
  if (token.client_id.text.empty()) return given;
  ClientId found(std::move(token.client_id.text), "from the file");
  if (given.empty() || given == found) return found;
  throw Failure::usage("the file has another client id (application key) than the one that was given",
                       "The token belongs to the file's. Unset ECOAUTH_CLIENT_ID, or leave --client-id-file out.");
}

}  // namespace

int import(const Arguments& arguments, Output& output, const Signals& signals) {
  Settings settings = settings_of(arguments);
  const SecretText content = content_of(arguments, output, signals);
  ImportFile file = import_file_of(content.text);
  ImportedToken& token = chosen(file, arguments);
  output.say("Recognized: " + file.format + (token.entry.empty() ? "" : ", entry \"" + token.entry + "\"") + ".");
  const bool has_key = !token.client_id.text.empty();
  ClientId client_id = client_id_for(token, arguments, output, signals);
  if (client_id.empty()) {
    if (!has_key && !file.program.empty())
      output.say(
          "The file does not hold the client id (application key) that goes with the token; it is the one that " +
          file.program + " is set up with.");
    client_id = ask_for_client_id(output, signals);
  }
  if (settings.server.empty()) settings.server = token.server;
  if (settings.account.empty()) settings.account = token.account;
  Session session(settings, client_id, output, signals);
  if (!token.server.empty() && token.server != ecoauth_status_origin(session.status().get()))
    throw Failure::usage("the token belongs to the server " + token.server + " and goes to no other",
                         "Leave --server out, and unset ECOAUTH_SERVER.");
  session.run([&](ecoauth_account* account, int64_t* operation, ecoauth_error** error) {
    return ecoauth_account_import_start(account, token.refresh_token.text.c_str(), operation, error);
  });
  const StatusHandle status = session.status();
  session.finish();  // first, because the tokens may not be saved yet
  JsonLine line = authorized_json("imported", status.get());
  output.object(line.text("format", file.format).text("entry", token.entry));
  output.say("Imported: the server has taken the token and given new ones.", Style::good);
  tell_of_grant(status.get(), output);
  if (!file.program.empty())
    output.warn("Now stop " + file.program +
                    " from using its copy, or let it log in anew: ecobee may take only the newest "
                    "token. The file was not changed.",
                Style::warning);
  return exit_ok;
}

}  // namespace ecoauth::cli
