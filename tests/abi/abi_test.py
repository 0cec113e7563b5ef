#!/usr/bin/env python3
"""Headers, symbol map, ABI log, frozen numbers and signatures, and the built library say the same.

usage: abi_test.py SOURCE_ROOT [LIBRARY]        without LIBRARY only the sources are compared
"""
import ctypes
import pathlib
import re
import subprocess
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "headers"))
import header_model  # noqa: E402

ROOT = pathlib.Path(sys.argv[1])
LIBRARY = sys.argv[2] if len(sys.argv) > 2 else None
HERE = ROOT / "tests" / "abi"
MAP = ROOT / "src" / "ecoauth.map"
LOG = ROOT / "docs" / "abi-log.md"

# What the distribution's build may need at run time; anything else is a new dependency and wants a decision.
ALLOWED_NEEDED = [r"libPoco(Foundation|Net|NetSSL|Crypto|JSON|Util|XML)\.so\.\d+", r"lib(ssl|crypto)\.so\.3", r"libstdc\+\+\.so\.6",
                  r"libgcc_s\.so\.1", r"libc\.so\.6", r"libm\.so\.6", r"ld-linux-[\w-]+\.so\.\d"]


def run(*command):
    return subprocess.run(command, capture_output=True, text=True, check=True, env={"LC_ALL": "C", "PATH": "/usr/bin:/bin"}).stdout


def frozen_lines(name):
    return [line for line in (HERE / name).read_text(encoding="ascii").splitlines() if line and not line.startswith("#")]


def signature(function):
    return f"{function.returns} {function.name}({', '.join(p.type for p in function.parameters) or 'void'})"


def logged_functions():
    """{release: names} from the ABI log."""
    releases, current = {}, None
    for line in LOG.read_text(encoding="ascii").splitlines():
        heading = re.fullmatch(r"## (\d+\.\d+)", line)
        if heading:
            current = releases.setdefault(heading.group(1), [])
        entry = re.match(r"- `(\w+)`", line)
        if entry and current is not None:
            current.append(entry.group(1))
    return releases


class Sources(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.headers = header_model.parse_folder(ROOT / "include" / "ecoauth")
        cls.functions = header_model.all_functions(cls.headers)
        cls.names = {function.name for function in cls.functions}
        cls.nodes = header_model.map_nodes(MAP)

    def test_map_and_headers_name_the_same_functions(self):
        mapped = [name for names in self.nodes.values() for name in names]
        self.assertEqual(sorted(mapped), sorted(self.names))
        self.assertIn("*;", MAP.read_text().split("local:")[-1])

    def test_map_nodes_are_releases_and_match_since(self):
        for function in self.functions:
            since = re.search(r"\*\*Since\*\*\s+\*?\s*(\d+\.\d+)", function.comment).group(1)
            self.assertIn(function.name, self.nodes[f"ECOAUTH_{since}"])

    def test_log_lists_every_function_once_under_its_release(self):
        releases = logged_functions()
        everything = [name for names in releases.values() for name in names]
        self.assertEqual(len(everything), len(set(everything)), "a function is listed twice")
        self.assertEqual({f"ECOAUTH_{release}": set(names) for release, names in releases.items()},
                         {node: names for node, names in self.nodes.items()})

    def test_numbers_never_change(self):
        frozen = dict((name, int(value)) for name, value in (line.split() for line in frozen_lines("numbers.txt")))
        now = {name: value for name, value in header_model.integer_macros(self.headers).items()
               if not name.startswith("ECOAUTH_VERSION_")}
        self.assertEqual(now, frozen)

    def test_result_numbers_are_given_once(self):
        for family in ("ECOAUTH_ERROR_", "ECOAUTH_ACTION_", "ECOAUTH_EVENT_", "ECOAUTH_GRANT_", "ECOAUTH_FLAG_"):
            values = [v for n, v in header_model.integer_macros(self.headers).items() if n.startswith(family)]
            self.assertEqual(len(values), len(set(values)), family)
            self.assertGreater(len(values), 4, family)
            if family == "ECOAUTH_ERROR_":
                self.assertTrue(all(value < 0 for value in values))

    def test_signatures_never_change(self):
        now = [signature(f) for f in self.functions + list(header_model.all_callbacks(self.headers).values())]
        self.assertEqual(sorted(now), sorted(frozen_lines("signatures.txt")))


@unittest.skipUnless(LIBRARY, "no library given")
class Library(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.nodes = header_model.map_nodes(MAP)
        cls.headers = header_model.parse_folder(ROOT / "include" / "ecoauth")
        cls.dynamic = run("readelf", "--dynamic", "--wide", LIBRARY)
        cls.symbols = [line.split() for line in run("readelf", "--dyn-syms", "--wide", LIBRARY).splitlines()
                       if re.match(r"\s*\d+:", line)]

    def test_exports_are_the_map_with_its_versions(self):
        exported = set()
        for line in run("nm", "--dynamic", "--defined-only", "--with-symbol-versions", LIBRARY).splitlines():
            address, kind, name = line.split()
            if kind == "A":
                self.assertIn(name.split("@")[0], self.nodes)   # the version node itself
            else:
                exported.add((kind, name))
        expected = {("T", f"{name}@@{node}") for node, names in self.nodes.items() for name in names}
        self.assertEqual(exported, expected)

    def test_no_weak_or_unique_definition(self):
        defined = [s for s in self.symbols if s[6] not in ("UND", "ABS")]
        self.assertGreater(len(defined), 100)
        self.assertEqual([s for s in defined if s[4] != "GLOBAL" or s[3] != "FUNC" or s[5] != "DEFAULT"], [])
        self.assertEqual([s for s in self.symbols if s[4] == "UNIQUE"], [])

    def test_soname_and_flags(self):
        number = header_model.integer_macros(self.headers)["ECOAUTH_ABI_NUMBER"]
        self.assertIn(f"Library soname: [libecoauth.so.{number}]", self.dynamic)
        flags = re.search(r"\(FLAGS_1\)\s+Flags: (.*)", self.dynamic)
        self.assertIsNotNone(flags)
        self.assertIn("NODELETE", flags.group(1))
        self.assertIn("NOW", flags.group(1))
        self.assertNotRegex(self.dynamic, r"\((RPATH|RUNPATH|TEXTREL)\)")

    def test_it_needs_only_what_was_decided(self):
        needed = re.findall(r"\(NEEDED\)\s+Shared library: \[(.*?)\]", self.dynamic)
        self.assertTrue(needed)
        self.assertEqual([n for n in needed if not any(re.fullmatch(p, n) for p in ALLOWED_NEEDED)], [])
        self.assertEqual(len(needed), len(set(needed)))

    def test_stack_is_not_executable_and_relocations_are_read_only(self):
        segments = run("readelf", "--segments", "--wide", LIBRARY)
        self.assertRegex(segments, r"GNU_STACK.* RW ")
        self.assertIn("GNU_RELRO", segments)

    def test_it_never_imports_what_it_must_not_do(self):
        # Output, process end, environment, locale and signal handlers belong to the host (our own code; POCO is another file).
        imported = {s[7].split("@")[0] for s in self.symbols if s[6] == "UND" and len(s) > 7}
        forbidden = {"getenv", "secure_getenv", "setenv", "putenv", "unsetenv", "setlocale", "sigaction", "signal", "printf",
                     "puts", "putchar", "exit", "_exit", "quick_exit", "abort", "umask", "chdir", "system", "popen", "_ZSt4cout",
                     "_ZSt4cerr", "_ZSt4clog", "perror", "syslog"}
        self.assertEqual(imported & forbidden, set())

    def test_names_and_versions_at_run_time(self):
        library = ctypes.CDLL(LIBRARY)
        text = {}
        for function in ("result_name", "action_name", "state_name", "version_string"):
            text[function] = getattr(library, f"ecoauth_{function}")
            text[function].restype = ctypes.c_char_p
        numbers = header_model.integer_macros(self.headers)
        macros = header_model.all_macros(self.headers)
        self.assertEqual(library.ecoauth_version(), numbers["ECOAUTH_VERSION_NUMBER"])
        self.assertEqual(text["version_string"]().decode(), macros["ECOAUTH_VERSION_STRING"].strip('"'))
        families = (("ECOAUTH_ERROR_", "result_name"), ("ECOAUTH_ACTION_", "action_name"), ("ECOAUTH_GRANT_", "state_name"))
        for prefix, function in families:
            for name, value in numbers.items():
                if name.startswith(prefix):
                    self.assertEqual(text[function](ctypes.c_int32(value)).decode(), name[len(prefix):])
            self.assertEqual(text[function](ctypes.c_int32(987654)), b"UNKNOWN")
        for name in ("OK", "ALREADY_DONE", "PENDING", "UNSAVED_BUT_USABLE"):
            self.assertEqual(text["result_name"](ctypes.c_int32(numbers[f"ECOAUTH_{name}"])).decode(), name)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
