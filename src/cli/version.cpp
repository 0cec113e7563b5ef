// ecoauth version: what runs, for bug reports.
#include <ecoauth/ecoauth.h>

#include <string>

#include "cli/commands.hpp"
#include "cli/exit_codes.hpp"

namespace ecoauth::cli {

namespace {

std::string runtime(const char* what) {
  const char* text = ecoauth_runtime_info(what);
  return text != nullptr ? text : "";
}

}  // namespace

int version(const Arguments&, Output& output, const Signals&) {
  if (output.json()) {
    JsonLine line("version");
    line.text("tool", ECOAUTH_VERSION_STRING).text("library", ecoauth_version_string());
    line.number("abi", ECOAUTH_ABI_NUMBER);
    line.text("poco", runtime("poco")).text("poco_file", runtime("poco-file"));
    output.object(line.text("openssl", runtime("openssl")).text("openssl_file", runtime("openssl-file")));
    return exit_ok;
  }
  output.line("ecoauth " ECOAUTH_VERSION_STRING);
  output.line(std::string("library ") + ecoauth_version_string());
  output.line("POCO " + runtime("poco") + " (" + runtime("poco-file") + ")");
  output.line(runtime("openssl") + " (" + runtime("openssl-file") + ")");  // names itself
  return exit_ok;
}

}  // namespace ecoauth::cli
