// ecoauth: arguments.cpp says what it takes, commands.hpp what it can do.
#include <algorithm>
#include <exception>

#include "cli/arguments.hpp"
#include "cli/commands.hpp"
#include "cli/exit_codes.hpp"
#include "cli/failure.hpp"
#include "cli/output.hpp"
#include "cli/process_guard.hpp"
#include "cli/signals.hpp"

namespace {

using namespace ecoauth::cli;

struct Command {
  const char* name;
  int (*run)(const Arguments&, Output&, const Signals&);
};

constexpr Command commands[] = {{"login", login},     {"token", token},     {"refresh", refresh},
                                {"request", request}, {"status", status},   {"accounts", accounts},
                                {"watch", watch},     {"doctor", doctor},   {"import", import},
                                {"logout", logout},   {"version", version}, {"completions", completions}};

int run(int argc, char** argv, Output& output) {
  const Signals signals;
  const std::optional<Arguments> arguments = parse_arguments(argc, argv, output);
  if (!arguments) return exit_ok;
  const auto* command = std::find_if(std::begin(commands), std::end(commands),
                                     [&](const Command& each) { return arguments->command == each.name; });
  return command->run(*arguments, output, signals);
}

int reported(const Failure& failure, Output& output) {
  output.report(failure);
  return failure.exit_code();
}

Failure unexpected(const char* what) {
  Failure failure;
  failure.message = what;
  failure.advice = "Nothing that was stored is lost. Please report this as a defect of ecoauth.";
  failure.action = ECOAUTH_ACTION_BUG;
  return failure;
}

}  // namespace

int main(int argc, char** argv) {
  guard_process();
  Output output;
  int exit_code = exit_unexpected;
  try {
    exit_code = run(argc, argv, output);
  } catch (const Failure& failure) {
    exit_code = reported(failure, output);
  } catch (const std::exception& problem) {
    exit_code = reported(unexpected(problem.what()), output);
  } catch (...) {
    exit_code = reported(unexpected("an exception of unknown kind"), output);
  }
  if (exit_code == exit_ok && output.write_failed()) {
    Failure failure;
    failure.message = "the output could not be written completely";
    failure.advice = "Check where standard output goes; the disk may be full.";
    failure.action = ECOAUTH_ACTION_USER_ACTION;
    exit_code = reported(failure, output);
  }
  return exit_code;
}
