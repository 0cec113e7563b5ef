// ecoauth completions: what shells complete, made from the description of the command line. The build installs it.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <string>
#include <vector>

#include "cli/command_line.hpp"
#include "cli/commands.hpp"
#include "cli/exit_codes.hpp"
#include "cli/failure.hpp"

namespace ecoauth::cli {

namespace {

struct Option {
  std::vector<std::string> names;  ///< "-q", "--quiet"; of an argument its name alone
  std::string help;
  bool takes_value = false;
  std::string values;  ///< as values_of() gives them
};

struct Command {
  std::string name, help;
  std::vector<Option> options, arguments;
};

/// The first clause, in one line.
std::string short_help(const std::string& description) {
  std::string text = description.substr(0, description.find_first_of(";("));
  std::replace(text.begin(), text.end(), '\n', ' ');
  text.erase(text.find_last_not_of(" ,") + 1);
  return text;
}

Command command_of(CLI::App& app) {
  Command command{app.get_name(), short_help(app.get_description()), {}, {}};
  for (const CLI::Option* each : app.get_options()) {
    Option option;
    for (const std::string& name : each->get_snames()) option.names.push_back("-" + name);
    for (const std::string& name : each->get_lnames()) option.names.push_back("--" + name);
    if (option.names == std::vector<std::string>{"-h", "--help"} && app.get_parent() != nullptr)
      continue;  // the general one
    option.help = short_help(each->get_description());
    option.takes_value = each->get_items_expected_max() > 0;
    const bool is_argument = option.names.empty();
    if (is_argument) option.names.push_back(each->get_name());
    option.values = values_of(option.names.back());
    (is_argument ? command.arguments : command.options).push_back(std::move(option));
  }
  return command;
}

std::vector<Command> commands_of(CLI::App& app) {
  std::vector<Command> commands;
  for (CLI::App* each : app.get_subcommands([](const CLI::App* one) { return !one->get_group().empty(); }))
    commands.push_back(command_of(*each));
  return commands;
}

std::string names_of(const std::vector<Option>& options) {
  std::string names;
  for (const Option& option : options) {
    for (const std::string& name : option.names) names += " " + name;
  }
  return names;
}

std::string quoted(std::string text) {
  for (size_t at = text.find('\''); at != std::string::npos; at = text.find('\'', at + 4)) text.replace(at, 1, "'\\''");
  return "'" + text + "'";
}

// --- bash -----------------------------------------------------------------------------------------------------------

/// The option's names as patterns of "COMMAND OPTION": what takes a value here may be a flag of another command.
std::string bash_patterns(const std::string& command, const Option& option) {
  std::string patterns;
  for (const std::string& name : option.names)
    patterns += (patterns.empty() ? "" : "|") + (command.empty() ? "*' " : "'" + command + " ") + name + "'";
  return patterns;
}

void add_bash_values(const std::string& command, const std::vector<Option>& options, std::string& script) {
  for (const Option& option : options) {
    if (!option.takes_value) continue;
    const std::string names = bash_patterns(command, option);
    script += "    " + names + ") ";
    if (option.values == "FILE")
      script += "_ecoauth_files; return ;;\n";
    else if (option.values.empty())
      script += "return ;;\n";
    else
      script += "_ecoauth_words '" + option.values + "'; return ;;\n";
  }
}

std::string bash_script(const Command& general, const std::vector<Command>& commands) {
  std::string with_value, values, per_command, names;
  add_bash_values("", general.options, values);
  const auto note = [&](const std::string& command, const std::vector<Option>& options) {
    for (const Option& option : options) {
      if (option.takes_value) with_value += (with_value.empty() ? "" : "|") + bash_patterns(command, option);
    }
  };
  note("", general.options);
  for (const Command& command : commands) {
    note(command.name, command.options);
    add_bash_values(command.name, command.options, values);
    names += (names.empty() ? "" : " ") + command.name;
    per_command += "    " + command.name + ") options=\"$options" + names_of(command.options) + "\"";
    if (!command.arguments.empty()) {
      const std::string& kind = command.arguments[0].values;
      per_command += "\n      [[ $cur == -* || $count -gt 1 ]] || { ";
      per_command += kind == "FILE" ? "_ecoauth_files" : "_ecoauth_words '" + kind + "'";
      per_command += "; return; }";
    }
    per_command += " ;;\n";
  }
  return R"script(# Completions of bash for ecoauth, made by "ecoauth completions bash".
_ecoauth_words() {
  mapfile -t COMPREPLY < <(compgen -W "$1" -- "$cur")
  [[ ${COMPREPLY[0]} != *: ]] || compopt -o nospace 2>/dev/null
}

_ecoauth_files() {
  mapfile -t COMPREPLY < <(compgen -f -- "$cur")
  compopt -o filenames 2>/dev/null
}

_ecoauth() {
  local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]} command='' count=0 options word i
  COMPREPLY=()
  # bash splits words at "=" and ":".
  [[ $cur != = && $cur != : ]] || { prev=$cur cur=''; ((COMP_CWORD > 1)) && [[ $prev == = ]] && prev=${COMP_WORDS[COMP_CWORD - 1]}; }
  [[ $prev != = ]] || prev=${COMP_WORDS[COMP_CWORD - 2]}
  for ((i = 1; i < COMP_CWORD; i++)); do
    word=${COMP_WORDS[i]}
    case "$command $word" in
      )script" +
         with_value + R"script() ((i++)); [[ ${COMP_WORDS[i]} != = ]] || ((i++)) ;;
      *' :') ((i++)) ;;
      *' -'* | *' =') ;;
      *) [[ -n $command ]] || command=$word; ((count++)) ;;
    esac
  done
  case "$command $prev" in
    *' :') _ecoauth_files; return ;;
)script" +
         values + R"script(  esac
  options=')script" +
         names_of(general.options).substr(1) + R"script('
  case $command in
)script" +
         per_command + R"script(    *) [[ $cur == -* ]] || { _ecoauth_words ')script" + names + R"script('; return; } ;;
  esac
  _ecoauth_words "$options"
}

complete -F _ecoauth ecoauth
)script";
}

// --- zsh ------------------------------------------------------------------------------------------------------------

std::string zsh_text(const std::string& text) {
  std::string escaped;
  for (const char c : text) {
    if (c == ':' || c == '[' || c == ']' || c == '\\') escaped += '\\';
    escaped += c;
  }
  return escaped;
}

std::string zsh_values(const Option& option) {
  if (option.values == "FILE") return "_files";
  if (option.values.find(':') == std::string::npos) return option.values.empty() ? "" : "(" + option.values + ")";
  return "_ecoauth_place " + zsh_text(option.values);
}

std::string zsh_specs(const std::vector<Option>& options, const std::string& indent) {
  std::string specs;
  for (const Option& option : options) {
    for (const std::string& name : option.names) {
      std::string spec =
          name + (option.takes_value && name.compare(0, 2, "--") == 0 ? "=" : "") + "[" + zsh_text(option.help) + "]";
      if (option.takes_value) spec += ":value:" + zsh_values(option);
      specs += indent + quoted(spec) + " \\\n";
    }
  }
  return specs;
}

std::string zsh_script(const Command& general, const std::vector<Command>& commands) {
  std::string list, cases;
  for (const Command& command : commands) {
    list += "        " + quoted(command.name + ":" + command.help) + "\n";
    cases += "        " + command.name + ")\n          _arguments \\\n" + zsh_specs(command.options, "            ");
    for (const Option& argument : command.arguments)
      cases += "            " + quoted(":" + zsh_text(argument.names[0]) + ":" + zsh_values(argument)) + " \\\n";
    cases += "            $general ;;\n";
  }
  return R"script(#compdef ecoauth
# Completions of zsh for ecoauth, made by "ecoauth completions zsh".
# "file:" goes on with a path.
_ecoauth_place() {
  if compset -P '*:'; then _files; else compadd -S '' -- "$@"; fi
}

_ecoauth() {
  local context state state_descr line ret=1
  typeset -A opt_args
  local -a general commands
  general=( \
)script" +
         zsh_specs(general.options, "    ") + R"script(  )
  _arguments -C $general '1:command:->command' '*::argument:->argument' && ret=0
  case $state in
    command)
      commands=(
)script" +
         list + R"script(      )
      _describe command commands && ret=0 ;;
    argument)
      case $words[1] in
)script" +
         cases + R"script(      esac && ret=0 ;;
  esac
  return ret
}

if [ "$funcstack[1]" = "_ecoauth" ]; then
  _ecoauth "$@"
else
  compdef _ecoauth ecoauth
fi
)script";
}

// --- fish -----------------------------------------------------------------------------------------------------------

void add_fish_options(const std::vector<Option>& options, const std::string& condition, std::string& script) {
  for (const Option& option : options) {
    script += "complete -c ecoauth" + condition;
    for (const std::string& name : option.names) {
      const bool is_long = name.compare(0, 2, "--") == 0;
      script += (is_long ? " -l " : " -s ") + name.substr(is_long ? 2 : 1);
    }
    if (option.values == "FILE")
      script += " -r -F";
    else if (option.takes_value)
      script += " -x" + (option.values.empty() ? "" : " -a " + quoted(option.values));
    script += " -d " + quoted(option.help) + "\n";
  }
}

std::string fish_script(const Command& general, const std::vector<Command>& commands) {
  std::string script =
      "# Completions of fish for ecoauth, made by \"ecoauth completions fish\".\ncomplete -c ecoauth -f\n";
  std::string names;
  for (const Command& command : commands) names += " " + command.name;
  const std::string none = " -n 'not __fish_seen_subcommand_from" + names + "'";
  add_fish_options(general.options, "", script);
  for (const Command& command : commands) {
    script += "complete -c ecoauth" + none + " -a " + command.name + " -d " + quoted(command.help) + "\n";
    const std::string condition = " -n '__fish_seen_subcommand_from " + command.name + "'";
    add_fish_options(command.options, condition, script);
    if (command.arguments.empty()) continue;
    const std::string& kind = command.arguments[0].values;
    script += "complete -c ecoauth" + condition + (kind == "FILE" ? " -F" : " -a " + quoted(kind)) + "\n";
  }
  return script;
}

}  // namespace

int completions(const Arguments& arguments, Output& output, const Signals&) {
  Arguments ignored;
  CLI::App app;
  describe_command_line(app, ignored);
  const Command general = command_of(app);
  const std::vector<Command> commands = commands_of(app);
  if (arguments.shell == "bash")
    output.data(bash_script(general, commands));
  else if (arguments.shell == "zsh")
    output.data(zsh_script(general, commands));
  else if (arguments.shell == "fish")
    output.data(fish_script(general, commands));
  else
    throw Failure::usage("there are completions for bash, zsh and fish only", "Name one of them.");
  return exit_ok;
}

}  // namespace ecoauth::cli
