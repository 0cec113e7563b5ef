"""usage: embed.py OUTPUT FILE...: writes a C++ file that defines portal_file() (portal_files.hpp) for these files."""
import os
import sys

output, *paths = sys.argv[1:]
entries = []
for path in paths:
    with open(path, encoding="ascii") as file:
        text = file.read()
    assert ')portal"' not in text
    entries.append(f'    {{"{os.path.basename(path)}", R"portal({text})portal"}},')
with open(output, "w", encoding="ascii") as file:
    file.write("""// Made by embed.py from the files beside it.
#include "sandbox/portal_files.hpp"

#include <stdexcept>
#include <string>

namespace ecoauth::sandbox {

namespace {
struct File {
  std::string_view name, text;
};
constexpr File files[] = {
""" + "\n".join(entries) + """
};
}  // namespace

std::string_view portal_file(std::string_view name) {
  for (const File& each : files)
    if (each.name == name) return each.text;
  throw std::logic_error("the portal has no file " + std::string(name));
}

}  // namespace ecoauth::sandbox
""")
