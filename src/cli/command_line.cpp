#include "cli/command_line.hpp"

#include <ecoauth/version.h>

#include <CLI/CLI.hpp>
#include <cstring>

#include "cli/command_help.hpp"
#include "cli/exit_codes.hpp"

namespace ecoauth::cli {

namespace {

struct Values {
  const char* option;
  const char* values;
};

constexpr Values values_known[] = {
    {"--client-id-file", "FILE"},
    {"--store", "file: memory:"},
    {"--seal", "file: credential: secret-service fd: none"},
    {"--scope", "smartRead smartWrite ems smartRead,smartWrite"},
    {"--ca-file", "FILE"},
    {"--flow", "pin code utility"},
    {"--redirected-file", "FILE"},
    {"--data-file", "FILE"},
    {"METHOD", "GET POST PUT PATCH DELETE HEAD OPTIONS"},
    {"FILE", "FILE"},
    {"SHELL", "bash zsh fish"},
};

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
                 "scope to ask for: smartRead, smartWrite, ems, or several separated by\n"
                 "commas (default: the same as before, at first smartRead)")
      ->type_name("SCOPE");
  app.add_option("--ca-file", arguments.ca_file, "trust these CA certificates (PEM) instead of the system's")
      ->type_name("FILE")
      ->envname("ECOAUTH_CA_FILE");
  app.add_option("--proxy", arguments.proxy,
                 "reach the server through this HTTP proxy, http://HOST:PORT; other\n"
                 "proxy settings of the environment are not looked at")
      ->type_name("URL")
      ->envname("ECOAUTH_PROXY");
  app.add_flag("--json", arguments.json, "results and events as one JSON object per line on standard output");
  app.add_flag("-q,--quiet", arguments.quiet, "say only what is needed: PIN, warnings, errors");
  app.add_flag("-v,--verbose", arguments.verbosity, "log to standard error; twice: everything. Never a secret");
}

void add_options_of(const std::string& command, CLI::App& app, Arguments& arguments) {
  if (command == "login") {
    app.add_option("--flow", arguments.flow, "pin (default), code (authorization code) or utility (implicit grant)")
        ->type_name("FLOW")
        ->check([](const std::string& value) -> std::string {
          return value == "pin" || value == "code" || value == "utility" ? "" : "it is pin, code or utility";
        });
    app.add_option("--redirect-uri", arguments.redirect_uri,
                   "code and utility: the redirect URI registered for the client id; one\n"
                   "at http://127.0.0.1:PORT is listened at, if the server allows it")
        ->type_name("URI");
    app.add_option("--redirected-file", arguments.redirected_file,
                   "code and utility: wait for this file and take the address that the\n"
                   "browser was sent to from it, - for standard input")
        ->type_name("FILE");
    app.add_flag("--pkce", arguments.pkce, "code: bind the code to this login (S256); ecobee does not document it");
    app.add_flag("--no-qr", arguments.no_qr, "pin: do not draw the portal's address as a QR code");
  } else if (command == "token") {
    app.add_option("--min-valid", arguments.min_valid_s,
                   "the token must be valid for this many more seconds (default 60)")
        ->type_name("SECONDS")
        ->check([](const std::string& value) -> std::string {
          const bool number =
              !value.empty() && value.size() <= 5 && value.find_first_not_of("0123456789") == value.npos;
          return number && std::stoi(value) <= 86400 ? "" : "it is a number of seconds up to 86400";
        });
    app.add_flag("--header", arguments.header, "print a whole header: \"Authorization: Bearer ...\"");
  } else if (command == "request") {
    app.add_option("METHOD", arguments.method, "GET or POST; other methods as the API may know them")
        ->required()
        ->type_name("");
    app.add_option("PATH", arguments.path, "path and query, percent-encoded, beginning with /")
        ->required()
        ->type_name("");
    app.add_option("--data", arguments.data, "body; other users may see it in the list of processes")
        ->type_name("JSON");
    app.add_option("--data-file", arguments.data_file, "body from this file, - for standard input")->type_name("FILE");
    app.add_option("--header", arguments.headers, "a further header, \"Name: value\"; may be given several times")
        ->type_name("LINE")
        ->allow_extra_args(false);
  } else if (command == "import") {
    app.add_option("FILE", arguments.file,
                   "the other program's file, - for standard input; without it the token\nis asked for")
        ->type_name("");
    app.add_option("--entry", arguments.entry, "which one, when the file has several refresh tokens")
        ->type_name("NAME");
  }
}

}  // namespace

void describe_command_line(CLI::App& app, Arguments& arguments) {
  app.name("ecoauth");
  app.description("Gets and keeps the right to talk to a user's ecobee thermostats.");
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
  CLI::App* completions = app.add_subcommand("completions", "print a completion script; installed already");
  completions->group("");  // for the build: not listed
  completions->add_option("SHELL", arguments.shell, "bash, zsh or fish")->required()->type_name("");
}

const char* values_of(const std::string& option) {
  for (const Values& known : values_known) {
    if (option == known.option) return known.values;
  }
  return "";
}

}  // namespace ecoauth::cli
