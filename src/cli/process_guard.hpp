// What this process owes the secrets it handles, and the descriptors it must not lose.
#pragma once

namespace ecoauth::cli {

/// No core dump, no debugger of the same user, standard descriptors open, SIGPIPE and SIGXFSZ ignored. Called first in
/// main().
void guard_process();

}  // namespace ecoauth::cli
