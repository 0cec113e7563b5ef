// The commands, a file each: each returns an exit code or throws Failure.
#pragma once

#include "cli/arguments.hpp"
#include "cli/output.hpp"
#include "cli/signals.hpp"

namespace ecoauth::cli {

int login(const Arguments& arguments, Output& output, const Signals& signals);
int token(const Arguments& arguments, Output& output, const Signals& signals);
int refresh(const Arguments& arguments, Output& output, const Signals& signals);
int request(const Arguments& arguments, Output& output, const Signals& signals);
int status(const Arguments& arguments, Output& output, const Signals& signals);
int accounts(const Arguments& arguments, Output& output, const Signals& signals);
int watch(const Arguments& arguments, Output& output, const Signals& signals);
int doctor(const Arguments& arguments, Output& output, const Signals& signals);
int import(const Arguments& arguments, Output& output, const Signals& signals);
int logout(const Arguments& arguments, Output& output, const Signals& signals);
int completions(const Arguments& arguments, Output& output, const Signals& signals);
int version(const Arguments& arguments, Output& output, const Signals& signals);

}  // namespace ecoauth::cli
