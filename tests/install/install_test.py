#!/usr/bin/env python3
"""A staged installation: exactly the files it should have, a library that stands alone, consumers built by pkg-config.

usage: install_test.py BUILD_FOLDER PREFIX LIBDIR SANITIZER
"""
import pathlib
import re
import subprocess
import sys
import unittest

import stage
from stage import SOURCE

BUILD, PREFIX, LIBDIR, SANITIZER = sys.argv[1:5]
VERSION = re.search(r'VERSION_STRING "(.*)"', (SOURCE / "include/ecoauth/version.h").read_text()).group(1)

CONSUMER = r"""
#include <ecoauth/ecoauth.h>
#include <stdio.h>
#include <string.h>

int main(void) {
  char host[] = "no://address";
  ecoauth_options *options = ecoauth_options_new();
  if (ecoauth_version() != ECOAUTH_VERSION_NUMBER || strcmp(ecoauth_version_string(), ECOAUTH_VERSION_STRING)) return 1;
  if (ecoauth_options_set_base_url(options, host) != ECOAUTH_ERROR_INVALID_ARGUMENT) return 2;
  ecoauth_options_free(options);
  printf("%s\n", ecoauth_result_name(ECOAUTH_ERROR_PIN_EXPIRED));
  return 0;
}
"""

# What a program that loads the library gets with it, by name. Anything new here is a decision, not an accident.
NEEDED = re.compile(r"lib(PocoFoundation|PocoNet|PocoNetSSL|PocoJSON|PocoCrypto)\.so\.\d+|lib(ssl|crypto)\.so\.3|"
                    r"libstdc\+\+\.so\.6|lib(m|c)\.so\.6|libgcc_s\.so\.1|ld-linux[-\w]*\.so\.\d")


def dynamic_section(path):
    text = subprocess.run(["readelf", "-d", "-W", path], check=True, capture_output=True, text=True).stdout
    entries = {}
    for tag, value in re.findall(r"\((\w+)\)\s+(.*)", text):
        entries.setdefault(tag, []).append(value)
    return entries


def names(values):
    return [re.search(r"\[(.*)\]", value).group(1) for value in values]


def outside():
    """Everything under the real prefix that an installation could touch."""
    found = {}
    for part in ("bin", "include", LIBDIR):
        for path in pathlib.Path(PREFIX, part).rglob("*ecoauth*"):
            found[path] = path.lstat().st_mtime_ns
    return found


class Installation(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        before = outside()
        cls.stage = stage.Stage(BUILD, PREFIX, LIBDIR)
        cls.untouched = before == outside()
        cls.library = cls.stage.libdir / f"libecoauth.so.{VERSION}"

    @classmethod
    def tearDownClass(cls):
        cls.stage.remove()

    def test_nothing_outside_was_touched(self):
        self.assertTrue(self.untouched)

    def test_exactly_these_files(self):
        headers = {f"include/ecoauth/{path.name}" for path in (SOURCE / "include/ecoauth").glob("*.h")}
        self.assertGreaterEqual(len(headers), 14)
        expected = headers | {"bin/ecoauth", "bin/ecoauth-sandbox", f"{LIBDIR}/libecoauth.so", f"{LIBDIR}/libecoauth.so.0",
                              f"{LIBDIR}/libecoauth.so.{VERSION}", f"{LIBDIR}/pkgconfig/ecoauth.pc",
                              f"{LIBDIR}/pkgconfig/ecoauth-cpp.pc", f"{LIBDIR}/cmake/ecoauth/ecoauthConfig.cmake",
                              f"{LIBDIR}/cmake/ecoauth/ecoauthConfigVersion.cmake"}
        wrapper = SOURCE / "bindings/cpp/include"
        expected |= {f"include/{path.relative_to(wrapper)}" for path in wrapper.rglob("*.hpp")}
        expected |= {"share/bash-completion/completions/ecoauth", "share/zsh/site-functions/_ecoauth",
                     "share/fish/vendor_completions.d/ecoauth.fish", "share/man/man1/ecoauth.1",
                     "share/man/man1/ecoauth-sandbox.1", "share/man/man3/libecoauth.3"}
        expected |= {f"share/ecoauth/conformance/{name}" for name in (
            "store_conformance.c", "store_conformance.h", "store_conformance_kit.h", "store_conformance_processes.c",
            "store_conformance_records.c", "sample_store.c", "sample_store.h")}
        expected.add("share/ecoauth/sandbox/openapi.yaml")
        everything = {str(path.relative_to(self.stage.prefix)) if path.is_relative_to(self.stage.prefix) else str(path)
                      for path in self.stage.destination.rglob("*") if not path.is_dir() or path.is_symlink()}
        self.assertEqual(everything, expected)

    def test_modes(self):
        for path in self.stage.destination.rglob("*"):
            if path.is_symlink():
                continue
            executable = path.is_dir() or path.parent.name == "bin" or path == self.library
            self.assertEqual(path.stat().st_mode & 0o7777, 0o755 if executable else 0o644, path)

    def test_links_and_soname(self):
        self.assertEqual((self.stage.libdir / "libecoauth.so").readlink(), pathlib.Path("libecoauth.so.0"))
        self.assertEqual((self.stage.libdir / "libecoauth.so.0").readlink(), pathlib.Path(f"libecoauth.so.{VERSION}"))
        self.assertEqual(names(dynamic_section(self.library)["SONAME"]), ["libecoauth.so.0"])

    def test_what_the_library_needs(self):
        entries = dynamic_section(self.library)
        if SANITIZER == "none":
            for name in names(entries["NEEDED"]):
                self.assertTrue(NEEDED.fullmatch(name), name)
        flags = " ".join(entries.get("FLAGS_1", []) + entries.get("FLAGS", []))
        self.assertIn("NODELETE", flags)
        self.assertIn("NOW", flags)

    def test_no_search_path_is_left_in_anything(self):
        for path in (self.library, *(self.stage.prefix / "bin").iterdir()):
            entries = dynamic_section(path)
            self.assertEqual([tag for tag in ("RPATH", "RUNPATH") if tag in entries], [], path)
            self.assertNotIn("TEXTREL", entries)

    def test_the_tool_is_a_program_like_any_other(self):
        needed = names(dynamic_section(self.stage.prefix / "bin/ecoauth")["NEEDED"])
        self.assertIn("libecoauth.so.0", needed)
        # OpenSSL for the look of "doctor" at certificates; nothing that the library keeps to itself.
        self.assertEqual([name for name in needed if name.startswith("libPoco")], [])

    def test_no_path_of_the_build_is_left(self):
        text = (self.stage.libdir / "pkgconfig/ecoauth.pc").read_text()
        for private in (str(SOURCE), BUILD, str(self.stage.root)):
            self.assertNotIn(private, text)
        self.assertIn(f"Version: {VERSION}\n", text)

    def flags(self, *arguments):
        done = self.stage.run(["pkg-config", *arguments, "ecoauth"])
        self.assertEqual(done.returncode, 0, done.stdout)
        return done.stdout.split()

    def test_pkg_config_names_the_library_and_nothing_else(self):
        libraries = [flag for flag in self.flags("--libs") if flag.startswith("-l")]
        self.assertEqual(libraries, ["-lecoauth"])
        self.assertEqual(self.flags("--modversion"), [VERSION])

    def build_and_run(self, command, suffix):
        folder = self.stage.folder("consumer" + suffix)
        (folder / ("consumer" + suffix)).write_text(CONSUMER)
        built = self.stage.run([*command, "-Wall", "-Wextra", "-Werror", "-pedantic", "consumer" + suffix, "-o", "consumer",
                                *self.flags("--cflags", "--libs")], cwd=folder)
        self.assertEqual((built.returncode, built.stdout), (0, ""))
        self.assertNotIn("RUNPATH", dynamic_section(folder / "consumer"))
        # A library with a sanitizer in it wants the sanitizer's own loader.
        if SANITIZER == "none":
            ran = self.stage.run(["./consumer"], cwd=folder)
            self.assertEqual((ran.returncode, ran.stdout), (0, "PIN_EXPIRED\n"))

    def test_c11_consumer(self):
        self.build_and_run(["cc", "-std=c11"], ".c")

    def test_cpp17_consumer(self):
        self.build_and_run(["c++", "-std=c++17"], ".cpp")

    def test_programs_answer(self):
        for program in ("ecoauth", "ecoauth-sandbox"):
            done = self.stage.run([program, "--version"])
            self.assertEqual(done.returncode, 0, done.stdout)
            self.assertIn(VERSION, done.stdout)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
