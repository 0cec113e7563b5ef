#!/usr/bin/env python3
"""The tree keeps its shape: who includes whom, and what no layer may say. src/README.md tells people the same.

usage: check_layers.py [ROOT]             checks the tree; prints every violation
       check_layers.py --self-check       feeds each rule something bad and something good
"""
import os
import re
import subprocess
import sys

from source_text import blank_comments, blank_strings

# Which layers a layer may include, itself apart. Public headers are a layer of their own: "public".
ARROWS = {
    "base": {"public"},
    "protocol": {"base", "public"},
    "net": {"base", "public"},
    "store": {"base", "public"},
    "client": {"protocol", "net", "store", "base", "public"},
    "capi": {"client", "protocol", "net", "store", "base", "public"},
    "cli": {"public"},
    "sandbox": {"base"},
    "public": set(),
}
LIBRARY = {"base", "protocol", "net", "store", "client", "capi"}
# Tests that stand where a user of the library stands.
OUTSIDE_TESTS = ("tests/capi/", "tests/embed/", "tests/headers/", "tests/install/", "tests/e2e/")

CATCH_ALL_ALLOWED = re.compile(r"src/(capi/guard[^/]*|base/worker_pool\.cpp|cli/main\.cpp|sandbox/main\.cpp)$")
POCO_NET_ALLOWED = {"net", "sandbox"}
MAX_LINES = 400

INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^>"\n]+)[>"]', re.M)
CATCH_ALL = re.compile(r"\bcatch\s*\(\s*\.\.\.\s*\)")
EXTERN_C = re.compile(r'\bextern\s*"C"')
POCO_WORD = re.compile(r"\bPoco\b")
# Calls that only a program may make. Not preceded by a letter, '.', '->' or 'Other::', so that methods of these names pass.
CALL = r"(?<![\w.>:])(?:std::|::)?(?:{})\s*\("
FORBIDDEN_IN_LIBRARY = [
    ("reads or changes the environment", re.compile(CALL.format("getenv|secure_getenv|setenv|unsetenv|putenv|clearenv"))),
    ("changes the locale", re.compile(CALL.format("setlocale|uselocale") + r"|\blocale::global\b")),
    ("prints", re.compile(r"\bstd::(?:cout|cerr|clog)\b|"
                          + CALL.format("printf|fprintf|vprintf|vfprintf|puts|putchar|perror|syslog"))),
    ("ends the host", re.compile(CALL.format("abort|exit|_exit|_Exit|quick_exit|terminate"))),
    ("touches the host's signals, umask or folder",
     re.compile(CALL.format("signal|sigaction|umask|chdir|fchdir"))),
]

SOURCE = (".c", ".cpp", ".h", ".hpp")
TEXT = SOURCE + (".py", ".md", ".build", ".txt", ".sh", ".map", ".json", ".js", ".ts", ".go", ".rs", ".java", ".lua", ".toml",
                 ".yml", ".yaml")
# Written in pieces, so that this file does not violate its own rule.
MACHINE_PATH = re.compile(r"(?<![\w./-])/(?:" + "|".join(["wo" + "rk", "ho" + "me", "ro" + "ot", "Us" + "ers", "fa" + "rm"]) + r")/[\w.-]+")


def layer_of(path):
    """The layer of a file, or None for what is not under the rules of layers."""
    if path.startswith("include/ecoauth/"):
        return "public"
    parts = path.split("/")
    return parts[1] if parts[0] == "src" and len(parts) > 2 else None


def includes_of(code):
    """(quoted or angled, path) for every include line."""
    return INCLUDE.findall(blank_comments(code))


def target_layer(kind, name):
    """The layer an include line points to, or None for the system, POCO, OpenSSL and so on."""
    if name.startswith("ecoauth/"):
        return "public"
    return name.split("/")[0] if kind == '"' else None


class Tree:
    """Files by path, relative to the root, with their text."""

    def __init__(self, files):
        self.files = files
        self.code = {p: blank_strings(blank_comments(t)) for p, t in files.items() if p.endswith(SOURCE)}

    def sources(self):
        return ((p, self.files[p], self.code[p], layer_of(p)) for p in sorted(self.code))

    def reaches_poco(self, path, seen):
        """Whether a header, or one it includes, names POCO."""
        if path in seen or path not in self.files:
            return False
        seen.add(path)
        if POCO_WORD.search(self.code[path]) or any(n.startswith("Poco/") for _, n in includes_of(self.files[path])):
            return True
        return any(self.reaches_poco("src/" + n, seen) for kind, n in includes_of(self.files[path]) if kind == '"')


def check_arrows(tree):
    for path, text, _, layer in tree.sources():
        if layer is None:
            continue
        if layer not in ARROWS:
            yield path, f"'{layer}' is no layer: add it to ARROWS here and to src/README.md"
            continue
        for kind, name in includes_of(text):
            target = target_layer(kind, name)
            if kind == '"' and target not in ARROWS:
                yield path, f'includes "{name}", which does not name its layer ("layer/file.hpp")'
            elif target and target != layer and target not in ARROWS[layer]:
                yield path, f"{layer} must not include {target} ({name})"


def check_poco(tree):
    for path, text, _, layer in tree.sources():
        if layer is None:
            continue
        for kind, name in includes_of(text):
            if name.startswith("Poco/") and layer in {"public", "cli", "capi"}:
                yield path, f"{layer} must not include POCO ({name})"
            elif name.startswith("Poco/Net/") and layer not in POCO_NET_ALLOWED:
                yield path, f"Poco::Net belongs to src/net ({name})"
            other = target_layer(kind, name)
            if kind == '"' and other != layer and tree.reaches_poco("src/" + name, set()):
                yield path, f"{name} shows a POCO type to another layer"


def check_catch_all(tree):
    for path, _, code, layer in tree.sources():
        if layer and CATCH_ALL.search(code) and not CATCH_ALL_ALLOWED.match(path):
            yield path, "catch (...) belongs to capi/guard and the top functions of workers and programs"


def check_forbidden_calls(tree):
    for path, _, code, layer in tree.sources():
        if layer not in LIBRARY:
            continue
        for what, pattern in FORBIDDEN_IN_LIBRARY:
            for hit in pattern.finditer(code):
                yield path, f"line {code.count(chr(10), 0, hit.start()) + 1}: the library never {what} ({hit.group().strip()})"


def check_extern_c(tree):
    for path, text, _, layer in tree.sources():
        if layer in LIBRARY - {"capi"} and EXTERN_C.search(blank_comments(text)):
            yield path, 'extern "C" belongs to capi'


def check_sizes(tree):
    for path, text, _, layer in tree.sources():
        lines = text.count("\n")
        if layer and layer != "public" and lines > MAX_LINES:
            yield path, f"{lines} lines; at most {MAX_LINES}: does it still hold one thing?"


def check_ascii(tree):
    for path, text, _, _ in tree.sources():
        for number, line in enumerate(text.splitlines(), 1):
            if not line.isascii():
                yield path, f"line {number} is not ASCII"


def check_outside_tests(tree):
    for path, text, _, _ in tree.sources():
        if path.startswith(OUTSIDE_TESTS):
            for kind, name in includes_of(text):
                if kind == '"' and name.split("/")[0] in ARROWS:
                    yield path, f"tests the library from outside, but includes {name}"


def check_machine_paths(tree):
    for path, text in sorted(tree.files.items()):
        for number, line in enumerate(text.splitlines(), 1):
            hit = MACHINE_PATH.search(line)
            if hit:
                yield path, f"line {number} names a folder of one machine ({hit.group()})"


RULES = [check_arrows, check_poco, check_catch_all, check_forbidden_calls, check_extern_c, check_sizes, check_ascii,
         check_outside_tests, check_machine_paths]


def violations(files):
    tree = Tree(files)
    return [(rule.__name__, path, text) for rule in RULES for path, text in rule(tree)]


def tracked(root):
    """What git knows or would add; where there is no git, every file outside build folders."""
    if os.path.isdir(os.path.join(root, ".git")):
        try:
            listed = subprocess.run(["git", "-C", root, "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
                                    check=True, capture_output=True, text=True).stdout
            return [p for p in listed.split("\0") if p]
        except (OSError, subprocess.CalledProcessError):
            pass
    found = []
    for folder, folders, names in os.walk(root):
        inside = os.path.relpath(folder, root)
        folders[:] = [f for f in folders if f not in (".git", "__pycache__") and not (inside == "." and f.startswith("build"))]
        found += [os.path.normpath(os.path.join(inside, n)) for n in names]
    return found


def read_tree(root):
    files = {}
    for path in tracked(root):
        whole = os.path.join(root, path)
        if os.path.isfile(whole) and (path.endswith(TEXT) or path in ("dev", ".ci/run") or path.endswith("/run")):
            with open(whole, encoding="utf-8", errors="surrogateescape") as file:
                files[path] = file.read()
    return files


def main(arguments):
    if arguments == ["--self-check"]:
        from self_check import self_check
        return self_check(violations, RULES)
    root = arguments[0] if arguments else os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
    files = read_tree(root)
    checked = sum(1 for p in files if layer_of(p) and p.endswith(SOURCE))
    found = violations(files)
    for rule, path, text in found:
        print(f"{path}: {text} [{rule}]")
    print(f"{checked} files of {len(set(filter(None, map(layer_of, files))))} layers checked, {len(found)} violations")
    return 1 if found or checked < 10 else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
