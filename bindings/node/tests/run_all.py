#!/usr/bin/env python3
"""Runs the tests of the Node binding in every Node that package.json here pins, and in the system's.

usage: run_all.py BUILD_FOLDER source     types by tsc, then the tests, with the package as it lies here and the library under test
       run_all.py BUILD_FOLDER package    makes the tarball with the self-contained library inside, installs it into a new folder
                                          outside the source tree, and tests that; it is kept in BUILD_FOLDER/bindings/node/dist

What package-lock.json pins (Nodes, headers, compiler of types) is installed into BUILD_FOLDER once; the addon is built once and runs in all.
"""
import json
import os
import pathlib
import platform
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor

TESTS = pathlib.Path(__file__).resolve().parent
PACKAGE = TESTS.parent
ROOT = PACKAGE.parents[1]
sys.path.insert(0, str(ROOT / "tests/support"))
import npm_packages  # noqa: E402

ARCHITECTURE = {"x86_64": "x64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())
PREBUILT = f"prebuilds/linux-{ARCHITECTURE}"
OLDEST = 18
# Divided among the Nodes: each runs a share of what is to be done a hundred times.
RUNS = 100


def run(*command, **more):
    command = [str(each) for each in command]
    print("$", *command, flush=True)
    if subprocess.run(command, **more).returncode != 0:
        raise SystemExit(f"failed: {' '.join(command)}")


def said(*command, **more):
    return subprocess.run([str(each) for each in command], check=True, stdout=subprocess.PIPE, text=True, **more).stdout.strip()


def installed_tools(build):
    """What package-lock.json pins."""
    folder = build / "bindings/node/tools"
    npm_packages.install(TESTS, folder)
    return folder / "node_modules"


def version_of(node):
    return said(node, "--version").lstrip("v")


def nodes(tools):
    """Every Node to test with, by its version: the pinned ones where they run, and the system's."""
    found = {}
    if ARCHITECTURE == "x64":
        found = {version_of(path): path for path in sorted(tools.glob("node[0-9]*/bin/node"))}
        assert len(found) >= 4, found
    system = pathlib.Path(shutil.which("node"))
    if int(version_of(system).split(".")[0]) >= OLDEST:
        found.setdefault(version_of(system), system)
    assert found, "no Node is new enough"
    return found


def stage(folder, tools, library=None):
    """The package as `npm pack` finds it."""
    shutil.copytree(PACKAGE / "lib", folder / "lib")
    for name in ("package.json", "README.md"):
        shutil.copy(PACKAGE / name, folder)
    shutil.copy(os.environ["ECOAUTH_LICENSE"], folder / "LICENSE")
    (folder / PREBUILT).mkdir(parents=True)
    addon = folder / PREBUILT / "ecoauth.node"
    run("sh", PACKAGE / "build.sh", tools / "node-api-headers/include", os.environ["ECOAUTH_HEADERS"], addon)
    if library:
        run("strip", "--strip-unneeded", addon)
        run("strip", "--strip-unneeded", "-o", folder / PREBUILT / "libecoauth.so.0", library)
    return folder


def check_types(work, tools):
    """The declarations, in both module systems, by the strictest of the compiler's rules."""
    shutil.copytree(TESTS / "types", work / "types")
    run("node", tools / "typescript/bin/tsc", "--project", work / "types", "--typeRoots", tools / "@types")


def run_tests(work, tools, environment):
    """In `work`, beside the package that is in its node_modules."""
    shutil.copytree(TESTS, work / "tests", ignore=shutil.ignore_patterns("*.py", "package*.json", "types"))
    for name in ("README.md", "examples"):
        (shutil.copytree if (PACKAGE / name).is_dir() else shutil.copy)(PACKAGE / name, work / name)
    found = nodes(tools)
    environment = {**environment, "ECOAUTH_NODE_RUNS": str(-(-RUNS // len(found))), "ECOAUTH_NODE_TOOLS": str(tools)}

    def in_node(version):
        """All test files in one Node, each a process of its own; what they said, and whether all was well."""
        output, well = f"--- Node {version}\n", True
        for test in sorted((work / "tests").glob("*.test.mjs")):
            ended = subprocess.run([str(found[version]), "--expose-gc", "--test-reporter=tap", str(test)], cwd=work / "tests",
                                   env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace")
            output += ended.stdout
            if ended.returncode != 0:
                output += f"failed: {test.name} in Node {version}, exit code {ended.returncode}\n"
                well = False
        return output, well

    failed = False
    with ThreadPoolExecutor(2) as pool:  # they mostly wait
        for output, well in pool.map(in_node, found):
            print(output, flush=True)
            failed |= not well
    if failed:
        raise SystemExit("failed, see above")


def test_source(build, tools):
    with tempfile.TemporaryDirectory(prefix="ecoauth-node.") as folder:
        work = pathlib.Path(folder)
        stage(work / "node_modules/ecoauth", tools)
        check_types(work, tools)
        run_tests(work, tools, dict(os.environ))
    print("scenario fork: not applicable: no fork in Node")


def test_package(build, tools):
    library = said("sh", ROOT / "bindings/self_contained/build.sh", build).splitlines()[-1]
    with tempfile.TemporaryDirectory(prefix="ecoauth-node.") as folder:
        work = pathlib.Path(folder)
        source = stage(work / "source", tools, library)
        packed = json.loads(said("npm", "pack", "--json", "--pack-destination", work, cwd=source))
        packed = packed[0] if isinstance(packed, list) else next(iter(packed.values()))
        tarball = work / packed["filename"]
        names = {each["path"] for each in packed["files"]}
        expected = {str(path.relative_to(PACKAGE)) for path in (PACKAGE / "lib").iterdir()} | {
            "package.json", "README.md", "LICENSE", f"{PREBUILT}/ecoauth.node", f"{PREBUILT}/libecoauth.so.0"}
        assert names == expected, names ^ expected
        assert not json.loads((source / "package.json").read_text(encoding="ascii")).get("scripts"), "nothing runs at installation"
        kept = build / "bindings/node/dist"
        kept.mkdir(parents=True, exist_ok=True)
        shutil.copy(tarball, kept)
        print(f"{kept / tarball.name}: {tarball.stat().st_size / 1e6:.1f} MB, {len(names)} files")

        new = work / "new"
        new.mkdir()
        (new / "package.json").write_text('{ "private": true }\n', encoding="ascii")
        run("npm", "install", "--offline", "--ignore-scripts", "--no-audit", "--no-fund", tarball, cwd=new)
        environment = {name: value for name, value in os.environ.items() if name not in ("ECOAUTH_LIBRARY", "LD_LIBRARY_PATH")}
        inside = new / "node_modules/ecoauth" / PREBUILT / "libecoauth.so.0"
        run_tests(new, tools, {**environment, "ECOAUTH_NODE_INSIDE": str(inside)})
    print("scenario package: passed")


def main():
    build, what = pathlib.Path(sys.argv[1]).resolve(), sys.argv[2]
    {"source": test_source, "package": test_package}[what](build, installed_tools(build))


if __name__ == "__main__":
    main()
