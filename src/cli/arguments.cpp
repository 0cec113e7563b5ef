#include "cli/arguments.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstring>
#include <sstream>

#include "cli/command_line.hpp"
#include "cli/failure.hpp"
#include "cli/output.hpp"
#include "cli/unknown_command.hpp"

namespace ecoauth::cli {

namespace {

bool is_option(const std::string& word) { return word.size() > 1 && word[0] == '-'; }

/// Values are not repeated in messages: a secret may be among them.
std::string option_name(const std::string& word) { return word.substr(0, word.find('=')); }

/// A proxy's password would be seen by other users.
void refuse_password(int argc, char** argv) {
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    const bool is_proxy = word.compare(0, 8, "--proxy=") == 0 || (i > 1 && std::strcmp(argv[i - 1], "--proxy") == 0);
    if (is_proxy && word.find('@') != std::string::npos)
      throw Failure::usage("a proxy's password is not taken from the command line, which other users can see",
                           "Set ECOAUTH_PROXY to the address with user and password instead.");
  }
}

bool means_client_id(const std::string& option) {
  constexpr const char* spellings[] = {"--client-id", "--client_id", "--clientid", "--api-key",
                                       "--apikey",    "--app-key",   "--key"};
  return std::find(std::begin(spellings), std::end(spellings), option) != std::end(spellings);
}

std::string help_of(const std::string& command) {
  return "\"ecoauth " + (command.empty() ? "" : command + " ") + "--help\"";
}

/// CLI11 counts values: "--scope: 1 required SCOPE missing".
std::string words_of(const CLI::ParseError& wrong) {
  const std::string words = wrong.what();
  if (wrong.get_name() != "ArgumentMismatch") return words;
  const bool none = words.find("missing") != std::string::npos;
  return words.substr(0, words.find(':')) + (none ? " needs a value" : " may be given once only");
}

[[noreturn]] void refuse(const std::string& word, const std::string& command) {
  const std::string help = help_of(command) + " lists what there is.";
  if (means_client_id(option_name(word)))
    throw Failure::usage("the client id is a secret and is not taken from the command line, which other users can see",
                         "Set ECOAUTH_CLIENT_ID, or name a file with --client-id-file.");
  if (is_option(word)) throw Failure::usage("there is no option \"" + option_name(word) + "\"", help);
  if (command.empty()) throw unknown_command(word);
  if (word == "help") throw Failure::usage("there is no command \"help\"", "Did you mean " + help_of(command) + "?");
  throw Failure::usage("\"" + command + "\" was given more arguments than it takes", help);
}

/// The client id, read first, would leave nothing for the other.
void check_standard_input(const Arguments& arguments) {
  const bool others = arguments.redirected_file == "-" || arguments.file == "-" || arguments.data_file == "-";
  if (arguments.client_id_file == "-" && others)
    throw Failure::usage("standard input can be one thing only: the client id, or what the other \"-\" stands for",
                         "Set ECOAUTH_CLIENT_ID, or put one of them into a file.");
}

}  // namespace

std::optional<Arguments> parse_arguments(int argc, char** argv, Output& output) {
  // Complaints about the rest of the line come out as asked for, too.
  const auto given = [&](const char* flag) {
    return std::any_of(argv + 1, argv + argc, [&](const char* word) { return std::strcmp(word, flag) == 0; });
  };
  output.configure(given("--json"), given("--quiet") || given("-q"));

  Arguments arguments;
  CLI::App app;
  describe_command_line(app, arguments);

  refuse_password(argc, argv);
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& asked) {
    std::ostringstream text;
    app.exit(asked, text, text);
    output.data(text.str());
    return std::nullopt;
  } catch (const CLI::ParseError& wrong) {
    const std::vector<CLI::App*> commands = app.get_subcommands();
    throw Failure::usage(words_of(wrong), help_of(commands.empty() ? "" : commands[0]->get_name()) + " shows how.");
  }
  output.configure(arguments.json, arguments.quiet);
  const std::vector<CLI::App*> commands = app.get_subcommands();
  arguments.command = commands.empty() ? "" : commands[0]->get_name();
  const std::vector<std::string> extras = app.remaining(true);
  if (!extras.empty()) refuse(extras[0], arguments.command);
  if (arguments.command.empty()) throw Failure::usage("no command was given", "\"ecoauth --help\" lists them.");
  check_standard_input(arguments);
  return arguments;
}

}  // namespace ecoauth::cli
