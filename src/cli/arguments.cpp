#include "cli/arguments.hpp"

#include <ecoauth/version.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstring>
#include <sstream>

#include "cli/command_help.hpp"
#include "cli/exit_codes.hpp"
#include "cli/failure.hpp"
#include "cli/output.hpp"
#include "cli/unknown_command.hpp"

namespace ecoauth::cli {

namespace {

void add_global_options(CLI::App& app, Arguments& arguments) {
  app.add_option("--client-id-file", arguments.client_id_file,
                 "read the client id (application key) from this file, - for standard\n"
                 "input; otherwise it comes from ECOAUTH_CLIENT_ID, or login asks for it")
      ->type_name("FILE");
  app.add_option("--server", arguments.server, "authorization server (default: ecobee's)")
      ->type_name("URL")
      ->envname("ECOAUTH_SERVER");
  app.add_option("--store", arguments.store,
                 "where tokens are kept, file:/path/to/folder or memory: (default:\n"
                 "$XDG_STATE_HOME/ecoauth or ~/.local/state/ecoauth)")
      ->type_name("URI")
      ->envname("ECOAUTH_STORE");
  app.add_option("--seal", arguments.seal,
                 "encrypt the stored tokens with a key: file:/path/to/key,\n"
                 "credential:NAME (of systemd), secret-service[:LABEL] (the keyring),\n"
                 "fd:NUMBER or none (default)")
      ->type_name("SOURCE")
      ->envname("ECOAUTH_SEAL");
  app.add_option("--account", arguments.account, "name of the grant, to keep several (default: default)")
      ->type_name("NAME")
      ->envname("ECOAUTH_ACCOUNT");
  app.add_option("--scope", arguments.scope,
                 "scope to ask for: smartRead (default), smartWrite, ems, or several\n"
                 "separated by commas")
      ->type_name("SCOPE");
  app.add_option("--ca-file", arguments.ca_file, "trust these CA certificates (PEM) instead of the system's")
      ->type_name("FILE")
      ->envname("ECOAUTH_CA_FILE");
  app.add_flag("--json", arguments.json, "results and events as one JSON object per line on standard output");
  app.add_flag("-q,--quiet", arguments.quiet, "say only what is needed: PIN, warnings, errors");
  app.add_flag("-v,--verbose", arguments.verbosity, "log to standard error; twice: everything. Never a secret");
}

void add_options_of(const std::string& command, CLI::App& app, Arguments& arguments) {
  if (command == "token") {
    app.add_option("--min-valid", arguments.min_valid_s,
                   "the token must be valid for this many more seconds (default 60)")
        ->type_name("SECONDS")
        ->check(CLI::Range(0, 86400));
    app.add_flag("--header", arguments.header, "print a whole header: \"Authorization: Bearer ...\"");
  } else if (command == "request") {
    app.add_option("METHOD", arguments.method, "GET or POST")->required()->type_name("");
    app.add_option("PATH", arguments.path, "path and query, percent-encoded, beginning with /")
        ->required()
        ->type_name("");
    app.add_option("--data", arguments.data, "body of a POST; other users may see it in the list of processes")
        ->type_name("JSON");
    app.add_option("--data-file", arguments.data_file, "body of a POST from this file, - for standard input")
        ->type_name("FILE");
  }
}

bool is_option(const std::string& word) { return word.size() > 1 && word[0] == '-'; }

/// Values are not repeated in messages: a secret may be among them.
std::string option_name(const std::string& word) { return word.substr(0, word.find('=')); }

bool means_client_id(const std::string& option) {
  constexpr const char* spellings[] = {"--client-id", "--client_id", "--clientid", "--api-key",
                                       "--apikey",    "--app-key",   "--key"};
  return std::find(std::begin(spellings), std::end(spellings), option) != std::end(spellings);
}

[[noreturn]] void refuse(const std::string& word, const std::string& command) {
  const std::string help = "\"ecoauth " + (command.empty() ? "" : command + " ") + "--help\" lists what there is.";
  if (means_client_id(option_name(word)))
    throw Failure::usage("the client id is a secret and is not taken from the command line, which other users can see",
                         "Set ECOAUTH_CLIENT_ID, or name a file with --client-id-file.");
  if (is_option(word)) throw Failure::usage("there is no option \"" + option_name(word) + "\"", help);
  if (command.empty()) throw unknown_command(word);
  throw Failure::usage("\"" + command + "\" was given more arguments than it takes", help);
}

}  // namespace

std::optional<Arguments> parse_arguments(int argc, char** argv, Output& output) {
  // Complaints about the rest of the line come out as asked for, too.
  const auto given = [&](const char* flag) {
    return std::any_of(argv + 1, argv + argc, [&](const char* word) { return std::strcmp(word, flag) == 0; });
  };
  output.configure(given("--json"), given("--quiet") || given("-q"));

  Arguments arguments;
  CLI::App app("Gets and keeps the right to talk to a user's ecobee thermostats.", "ecoauth");
  app.get_formatter()->column_width(30);
  app.get_formatter()->label("SUBCOMMAND", "COMMAND");
  app.allow_extras();
  app.fallthrough();
  app.require_subcommand(0, 1);
  app.set_version_flag("--version", "ecoauth " ECOAUTH_VERSION_STRING);
  app.footer(std::string(general_help) + "\n" + exit_codes_text);
  add_global_options(app, arguments);
  for (const CommandHelp& help : command_help) {
    CLI::App* command = app.add_subcommand(help.name, help.does);
    command->group("Commands");
    command->footer(std::string(help.footer) + "\nThe options of \"ecoauth --help\" may be given here as well.\n");
    add_options_of(help.name, *command, arguments);
  }

  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& asked) {
    std::ostringstream text;
    app.exit(asked, text, text);
    output.data(text.str());
    return std::nullopt;
  } catch (const CLI::ParseError& wrong) {
    throw Failure::usage(wrong.what(), "\"ecoauth --help\" shows how.");
  }
  output.configure(arguments.json, arguments.quiet);
  const std::vector<CLI::App*> commands = app.get_subcommands();
  arguments.command = commands.empty() ? "" : commands[0]->get_name();
  const std::vector<std::string> extras = app.remaining(true);
  if (!extras.empty()) refuse(extras[0], arguments.command);
  if (arguments.command.empty()) throw Failure::usage("no command was given", "\"ecoauth --help\" lists them.");
  return arguments;
}

}  // namespace ecoauth::cli
