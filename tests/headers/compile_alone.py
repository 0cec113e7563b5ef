#!/usr/bin/env python3
"""Each public header compiles alone, as strict C11 and as strict C++17, every warning an error.

usage: compile_alone.py INCLUDE_FOLDER --cc COMMAND... --cxx COMMAND...
"""
import pathlib
import subprocess
import sys
import tempfile
import unittest

WARNINGS = ["-Wall", "-Wextra", "-Werror", "-pedantic", "-pedantic-errors", "-fsyntax-only"]
C_FLAGS = ["-std=c11", "-Wstrict-prototypes", "-Wold-style-definition", "-Wmissing-prototypes", "-Wc++-compat"]
CXX_FLAGS = ["-std=c++17", "-Wold-style-cast", "-Wzero-as-null-pointer-constant", "-Wextra-semi"]


def split_arguments(arguments):
    cc, cxx = arguments.index("--cc"), arguments.index("--cxx")
    return arguments[0], arguments[cc + 1:cxx], arguments[cxx + 1:]


INCLUDE, CC, CXX = split_arguments(sys.argv[1:])
HEADERS = sorted(path.name for path in pathlib.Path(INCLUDE, "ecoauth").glob("*.h"))


def compile_text(command, suffix, text, flags):
    """Returns the compiler's complaints, empty when there are none."""
    with tempfile.TemporaryDirectory() as folder:
        source = pathlib.Path(folder, "alone" + suffix)
        source.write_text(text)
        done = subprocess.run([*command, *flags, *WARNINGS, f"-I{INCLUDE}", str(source)], capture_output=True, text=True)
        return "" if done.returncode == 0 and not done.stderr else done.stderr or f"exit code {done.returncode}"


class Alone(unittest.TestCase):
    def check(self, text):
        self.assertEqual(compile_text(CC, ".c", text, C_FLAGS), "")
        self.assertEqual(compile_text(CXX, ".cpp", text, CXX_FLAGS), "")

    def test_each_header_alone(self):
        self.assertGreaterEqual(len(HEADERS), 14)
        for name in HEADERS:
            with self.subTest(name):
                # Two of them declare nothing; ISO C wants a declaration in every file.
                self.check(f"#include <ecoauth/{name}>\ntypedef int not_empty;\n")

    def test_each_header_twice_and_after_all_others(self):
        everything = "".join(f"#include <ecoauth/{name}>\n" for name in HEADERS + HEADERS[::-1])
        self.check(everything + "typedef int not_empty;\n")

    def test_no_name_of_the_host_is_needed_or_taken(self):
        # A host that has macros with common names must still be able to include the manual.
        macros = "".join(f"#define {word} (no C at all)\n" for word in
                         ("ERROR", "OK", "NONE", "TRUE", "FALSE", "PIN", "DEBUG", "EXPORT", "CLOSED", "TIMEOUT"))
        self.check(macros + "#include <ecoauth/ecoauth.h>\ntypedef int not_empty;\n")

    def test_a_bad_header_would_be_noticed(self):
        bad = "#include <ecoauth/ecoauth.h>\nstatic int unused(void) { int x; return 1;; }\n"
        self.assertNotEqual(compile_text(CC, ".c", bad, C_FLAGS), "")
        self.assertNotEqual(compile_text(CXX, ".cpp", bad, CXX_FLAGS), "")
        self.assertNotEqual(compile_text(CC, ".c", "#include <ecoauth/no_such.h>\n", C_FLAGS), "")


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
